// tine mine kde as a user sees it.
#include <cmath>

#include <nlohmann/json.hpp>

#include "command.hpp"

namespace tine_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

class MineKdeCommand : public SubcommandTest {
 protected:
  MineKdeCommand() : SubcommandTest({"mine", "kde", "shells.csv"}) {}
  void SetUp() override {
    CommandTest::SetUp();
    std::string text = "name,long,wide,same\n";
    for (int i = 0; i < 60; ++i)
      text += "s" + std::to_string(i) + ',' + std::to_string(i * 37 % 23 * 0.25 + i % 2 * 9) + ',' +
              std::to_string(i * 13 % 17) + ",4\n";
    write_text(path("shells.csv"), text);
  }
};

TEST_F(MineKdeCommand, ModelsSayTheSameAgain) {
  for (const std::string kernel : {"gaussian", "parzen"}) {
    SCOPED_TRACE(kernel);
    const std::string model = kernel + ".json", rows = kernel + ".csv";
    const json facts =
        json::parse(answer({"--features", "long, wide", "--kernel", kernel, "--bandwidth", "1,2.5",
                            "-o", model, "--rows", rows, "--json"}));
    EXPECT_EQ(facts["samples"], 60);
    EXPECT_EQ(facts["kernel"], kernel);
    EXPECT_EQ(facts["bandwidths"][1], json({{"feature", "wide"}, {"bandwidth", 2.5}}));
    const Result predicted = run({"mine", "predict", model, "shells.csv"});
    EXPECT_EQ(predicted.out, text_of(path(rows)));
    EXPECT_THAT(predicted.out,
                StartsWith("name,long,wide,same,density,log_density\ns0,0,0,4,0.00"));
    EXPECT_THAT(run({"mine", "show", model}).out, HasSubstr(kernel));
  }
}

TEST_F(MineKdeCommand, GridsAreRowsOfTheirOwn) {
  answer({"--features", "long", "--bandwidth", "0.5", "--grid", "101", "--grid-rows", "line.json",
          "--plot", "line.svg"});
  const json line = json::parse(text_of(path("line.json")));
  ASSERT_EQ(line.size(), 101u);
  EXPECT_EQ(line[0]["long"], -1.5);
  double integral = 0;
  for (const json& row : line) {
    EXPECT_NEAR(std::log(row["density"].get<double>()), row["log_density"].get<double>(), 1e-12);
    integral += row["density"].get<double>();
  }
  integral *= line[1]["long"].get<double>() - line[0]["long"].get<double>();
  EXPECT_NEAR(integral, 1, 1e-3);
  EXPECT_THAT(text_of(path("line.svg")), HasSubstr("Density of 60 samples"));

  answer({"--features", "long, wide", "--grid", "20", "--grid-rows", "plane.csv", "--plot",
          "plane.svg"});
  const std::string plane = text_of(path("plane.csv"));
  EXPECT_THAT(plane, StartsWith("long,wide,density,log_density\n"));
  EXPECT_EQ(std::ranges::count(plane, '\n'), 401);
  EXPECT_THAT(text_of(path("plane.svg")), HasSubstr("wide"));
  EXPECT_THAT(call({"--features", "long", "--grid", "2", "--grid-rows", "-"}).out,
              StartsWith("long,density,log_density\n"));
}

TEST_F(MineKdeCommand, BandwidthsAreSearched) {
  const json facts = json::parse(answer({"--features", "long", "--bandwidth", "cv", "--candidates",
                                         "0.01,0.5,50", "--folds", "4", "--json"}));
  EXPECT_EQ(facts["bandwidths"][0]["bandwidth"], 0.5);
  ASSERT_EQ(facts["candidates"].size(), 3u);
  EXPECT_EQ(facts["candidates"][1]["log_likelihood"], facts["log_likelihood"]);
  const json many =
      json::parse(answer({"--features", "long, wide", "--bandwidth", "cv", "--json"}));
  EXPECT_EQ(many["candidates"].size(), 30u);
  EXPECT_TRUE(many["candidates"][0].contains("wide"));
  const Result at_the_end =
      call({"--features", "long", "--bandwidth", "cv", "--candidates", "20:50:4"});
  EXPECT_EQ(at_the_end.status, 0);
  EXPECT_THAT(at_the_end.err, HasSubstr("the first candidate is the best one"));
}

TEST_F(MineKdeCommand, WrongUseIsExplained) {
  for (const char* h : {"0", "-1", "nan", "inf", "wide", "1,", "1,,2"})
    EXPECT_THAT(error({"--features", "long", "--bandwidth", h}, 2), HasSubstr("--bandwidth")) << h;
  EXPECT_THAT(error({"--features", "long", "--candidates", "1:2"}, 2), HasSubstr("--candidates"));
  EXPECT_THAT(error({"--features", "long", "--kernel", "round"}, 2), HasSubstr("--kernel"));
  EXPECT_THAT(error({"--features", "long, wide", "--bandwidth", "1,2,3"}, 2),
              HasSubstr("3 bandwidths for 2 features"));
  EXPECT_THAT(error({"--features", "long", "--bandwidth", "cv", "--folds", "61"}, 2),
              HasSubstr("cannot be cut into 61 folds"));
  EXPECT_THAT(error({"--bandwidth", "1", "--plot", "out.svg"}, 2), HasSubstr("--features"));
  EXPECT_FALSE(fs::exists(path("out.svg")));
  EXPECT_THAT(error({"--features", "same"}, 1), HasSubstr("the same in all samples"));
  EXPECT_THAT(error({"--features", "long", "--kernel", "parzen", "--bandwidth", "cv",
                     "--candidates", "1e-9,1e-8"},
                    1),
              HasSubstr("too far from all others"));
}

}  // namespace
}  // namespace tine_test
