// What is learnt from: samples of tables and of files, and models as text.
#include <tine/mining/model.hpp>
#include <tine/mining/samples.hpp>

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <tine/tine.hpp>

#include "learn/model_text.hpp"
#include "support/fixture.hpp"
#include "support/message.hpp"
#include "support/temporary_file.hpp"

namespace tine::mining {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tine_test::message_of;
using Kind = Selection::Kind;
using Missing = Selection::Missing;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

class MiningSamples : public tine_test::NothingLeftBehind {
 protected:
  Samples read(const std::string& csv, const Selection& what) {
    const tine_test::TemporaryFile file(csv);
    return read_samples(pool_, FileSource{.name = file.name()}, {}, what);
  }
  static std::vector<double> row(const Samples& samples, std::size_t i) {
    std::vector<double> values;
    for (std::size_t j = 0; j < samples.dimensions(); ++j) values.push_back(samples.x(i, j));
    return values;
  }

  Pool pool_{{.workers = 2}};
};

const std::string flowers =
    "name,\"petal, cm\",width,red,size\n"
    "b,1.5,1,true,7\n"
    "a,2.5,2,false,8\n"
    "b,,3,true,9\n";

TEST_F(MiningSamples, AllColumnsOfNumbersAreFeaturesButTheTarget) {
  const Samples samples =
      read(flowers, {.target = "size", .kind = Kind::number, .missing = Missing::skip});
  EXPECT_EQ(samples.features,
            (std::vector<Feature>{{"petal, cm", "\"petal, cm\""}, {"width", "width"}}));
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_THAT(row(samples, 0), ElementsAre(1.5, 1));
  EXPECT_THAT(row(samples, 1), ElementsAre(2.5, 2));
  EXPECT_EQ(samples.y[0], 7);
  EXPECT_EQ(samples.y[1], 8);
  EXPECT_EQ(samples.rows_read, 3u);
  EXPECT_EQ(samples.rows_skipped, 1u);
}

TEST_F(MiningSamples, FeaturesAreExpressionsThatCanBeAskedOfAnotherTable) {
  const Samples samples = read(flowers, {.features = "width * 2 as w, red", .where = "size < 9"});
  EXPECT_THAT(row(samples, 0), ElementsAre(2, 1));
  EXPECT_THAT(row(samples, 1), ElementsAre(4, 0));

  Table table;
  table.add("width", pool_.array_from(std::vector<double>{10}));
  table.add("red", pool_.array_from(std::vector<std::int64_t>{5}));
  const Samples others = read_samples(pool_, table, {.features = select_list(samples.features)});
  EXPECT_EQ(others.features, samples.features);
  EXPECT_THAT(row(others, 0), ElementsAre(20, 5));
}

TEST_F(MiningSamples, ClassesAreNumberedInTheOrderOfTheirValues) {
  const Samples texts = read(flowers, {.features = "width", .target = "name", .kind = Kind::label});
  EXPECT_THAT(texts.classes, ElementsAre("a", "b"));
  EXPECT_THAT(std::vector<std::uint32_t>(texts.labels.begin(), texts.labels.end()),
              ElementsAre(1, 0, 1));

  const Samples integers = read("x,k\n1,10\n2,9\n3,-1\n", {.target = "k", .kind = Kind::label});
  EXPECT_THAT(integers.classes, ElementsAre("-1", "9", "10"));
  EXPECT_EQ(integers.class_type, Type::integer);

  const Samples booleans =
      read(flowers, {.features = "width", .target = "red", .kind = Kind::label});
  EXPECT_THAT(booleans.classes, ElementsAre("false", "true"));
}

TEST_F(MiningSamples, WhatIsMissingIsNamedSkippedOrKept) {
  EXPECT_THAT(message_of<MissingValue>([&] { read(flowers, {}); }),
              HasSubstr("petal, cm is missing in row 3"));
  const Samples kept = read(flowers, {.missing = Missing::keep});
  ASSERT_EQ(kept.size(), 3u);
  EXPECT_TRUE(std::isnan(kept.x(2, 0)));
  EXPECT_EQ(kept.x(2, 1), 3);
  EXPECT_THAT(message_of<SampleError>([&] { check_samples(pool_, kept); }),
              HasSubstr("petal, cm is nan in sample 3"));
}

TEST_F(MiningSamples, WhatCannotBeLearntFromIsRefused) {
  EXPECT_THAT(message_of<QueryError>([&] { read(flowers, {.features = "width, name"}); }),
              HasSubstr("name is of type string"));
  EXPECT_THAT(
      message_of<QueryError>([&] { read(flowers, {.target = "name", .kind = Kind::number}); }),
      HasSubstr("string"));
  EXPECT_THAT(message_of<QueryError>([&] {
                read(flowers, {.features = "size", .target = "width / 2", .kind = Kind::label});
              }),
              HasSubstr("float"));
  EXPECT_THAT(message_of<SampleError>([&] { read("s,t\na,b\nc,1x\n", {}); }),
              HasSubstr("no column of numbers"));
  EXPECT_THAT(
      message_of<SampleError>([&] { read(flowers, {.features = "size", .where = "size > 9"}); }),
      HasSubstr("no rows"));
  EXPECT_THAT(message_of<SampleError>([&] { read("x,y\n1,\n,2\n", {.missing = Missing::skip}); }),
              HasSubstr("every row"));
}

TEST_F(MiningSamples, ErrorsShowWhatWasAskedFor) {
  const auto picture = [&](const Selection& what) -> std::string {
    try {
      read(flowers, what);
    } catch (const QueryError& error) {
      return error.picture();
    }
    return "";
  };
  EXPECT_EQ(picture({.features = "width, withd"}), "width, withd\n       ^");
  EXPECT_EQ(picture({.features = "width", .target = "1 + siez", .kind = Kind::number}),
            "1 + siez\n    ^");
  EXPECT_EQ(picture({.features = "size", .where = "width > ''"}), "width > ''\n      ^");
}

TEST_F(MiningSamples, InfinityIsFoundWhereverItIs) {
  for (const std::size_t at : {std::size_t{0}, std::size_t{70'001}, std::size_t{299'999}}) {
    Samples samples = samples_of(pool_.array<double>(100'000, 3));
    EXPECT_NO_THROW(check_samples(pool_, samples));
    samples.x.data()[at] = -std::numeric_limits<double>::infinity();
    EXPECT_EQ(message_of<SampleError>([&] { check_samples(pool_, samples); }),
              "tine: x" + std::to_string(at % 3) + " is infinite in sample " +
                  std::to_string(at / 3 + 1));
  }
  EXPECT_THAT(message_of<SampleError>(
                  [&] { check_samples(pool_, samples_of(pool_.array<double>(1, 3)), 2); }),
              HasSubstr("2 samples are needed at least, and there is 1"));
}

const std::vector<Feature> two_features = {{"a", "a"}, {"b\" c", "\"b\"\" c\""}};

TEST_F(MiningSamples, ModelsComeBackAsTheSameBits) {
  const std::vector<double> reals = {0.1, -0.0, 5e-324, 1.7976931348623157e308, 1.0 / 3};
  const std::string text = ModelWriter("test", two_features)
                               .add("reals", reals)
                               .add("count", 7u)
                               .add("names", std::vector<std::string>{"\xc3\xa9", "\n"})
                               .text();
  const ModelReader model(text, "test");
  EXPECT_EQ(model.features(), two_features);
  const std::vector<double> back = model.reals("reals", 5);
  for (std::size_t i = 0; i < reals.size(); ++i)
    EXPECT_EQ(std::bit_cast<std::uint64_t>(back[i]), std::bit_cast<std::uint64_t>(reals[i]));
  EXPECT_EQ(model.integer("count"), 7u);
  EXPECT_THAT(model.strings("names", 2), ElementsAre("\xc3\xa9", "\n"));
  EXPECT_EQ(model_info(text).kind, "test");
  EXPECT_EQ(model_info(text).features, two_features);
}

TEST_F(MiningSamples, WhatIsNoModelIsRefusedWithTheReason) {
  const auto why = [](const std::string& text) {
    return message_of<ModelError>([&] { ModelReader(text, "test"); });
  };
  EXPECT_THAT(why(""), HasSubstr("not JSON"));
  EXPECT_THAT(why("[1]"), HasSubstr("of what kind"));
  EXPECT_THAT(why(std::string(100'000, '[')), HasSubstr("too many"));
  EXPECT_THAT(why(R"({"tine": "test", "version": 2})"), HasSubstr("version"));
  EXPECT_THAT(why(R"({"tine": "test", "version": 1})"), HasSubstr("features"));
  EXPECT_THAT(why(R"({"tine": "test", "version": 1, "features": [{"name": 1}]})"),
              HasSubstr("features"));
  EXPECT_THAT(why(ModelWriter("other", {}).text()), HasSubstr("a model of other, not of test"));

  const std::string text =
      ModelWriter("test", {}).add("list", std::vector<double>{1, 2}).add("less", -1).text();
  const ModelReader model(text, "test");
  EXPECT_THAT(message_of<ModelError>([&] { model.reals("list", 3); }),
              HasSubstr("list has 2 elements instead of 3"));
  EXPECT_THAT(message_of<ModelError>([&] { model.strings("list", 2); }), HasSubstr("texts"));
  EXPECT_THAT(message_of<ModelError>([&] { model.integer("less"); }), HasSubstr("less"));
  EXPECT_THAT(message_of<ModelError>([&] { model.real("none"); }), HasSubstr("it has no none"));
  EXPECT_THAT(message_of<ModelError>(
                  [&] { check_dimensions(two_features, samples_of(pool_.array<double>(2, 3))); }),
              HasSubstr("the model has 2 features (a, b\" c), the samples have 3"));
}

}  // namespace

}  // namespace tine::mining
