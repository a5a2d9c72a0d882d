// Logistic regression beside scikit-learn's, and beside the minimum that it is to find
// (mining_logistic_regression.py).
#include <tine/mining/confusion.hpp>
#include <tine/mining/logistic_regression.hpp>

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <tine/tine.hpp>

#include "mining_learner.hpp"
#include "support/fixture.hpp"
#include "support/message.hpp"

namespace tine::mining {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tine_test::message_of;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

class MiningLogisticRegression : public tine_test::NothingLeftBehind {
 protected:
  LogisticRegression fit(const std::vector<std::vector<double>>& rows,
                         const std::vector<std::uint32_t>& labels, double ridge = 1) {
    std::size_t classes = 0;
    for (const std::uint32_t label : labels) classes = std::max<std::size_t>(classes, label + 1);
    return LogisticRegression::fit(pool_, labelled(pool_, rows, labels, classes), {.ridge = ridge});
  }

  Pool pool_{{.workers = 2}};
};

TEST_F(MiningLogisticRegression, coefficients_and_probabilities_are_those_of_the_minimum) {
  const ScriptFolder folder(TINE_SCRIPT);
  for (const auto& line : folder.cases()) {
    const std::string& name = line.at(0);
    const Samples all =
        folder.samples(pool_, name + ".csv", {.target = "kind", .kind = Selection::Kind::label});
    const auto model = LogisticRegression::fit(pool_, all, {.ridge = std::stod(line.at(1))});
    folder.write(name + ".json", model.save());
    const auto labels = model.predict(pool_, all);
    folder.write(name + ".labels", std::vector<double>(labels.begin(), labels.end()));
    const auto probabilities = model.probabilities(pool_, all);
    folder.write(name + ".probabilities", probabilities.span(), probabilities.extent(1));
  }
  folder.check();
}

TEST_F(MiningLogisticRegression, bits_depend_neither_on_workers_nor_on_deaths) {
  Noise noise;
  std::vector<std::vector<double>> rows;
  std::vector<std::uint32_t> labels;
  for (int i = 0; i < 5'003; ++i) {
    rows.push_back({noise.normal(), noise.normal() + 5, noise.uniform()});
    labels.push_back(static_cast<std::uint32_t>(rows.back()[0] + noise.normal() > 0) +
                     static_cast<std::uint32_t>(rows.back()[1] + noise.normal() > 5));
  }
  expect_the_same_on_any_workers([&](Pool& pool) {
    const Samples all = labelled(pool, rows, labels, 3);
    const auto model = LogisticRegression::fit(pool, all);
    const auto p = model.probabilities(pool, all);
    return model.save() +
           std::string(reinterpret_cast<const char*>(p.data()), p.size() * sizeof(double));
  });
}

TEST_F(MiningLogisticRegression, a_model_is_read_back_as_it_was) {
  for (const std::vector<std::uint32_t>& labels :
       {std::vector<std::uint32_t>{0, 1, 1, 0}, {0, 1, 2, 2}}) {
    const auto model = fit({{1, 2}, {2, 1}, {0.1, 3}, {7, 0.3}}, labels);
    const auto again = LogisticRegression::load(model.save());
    EXPECT_EQ(again.save(), model.save());
    EXPECT_EQ(again.coefficients, model.coefficients);
    EXPECT_EQ(again.classes, model.classes);
  }
}

TEST_F(MiningLogisticRegression, classes_that_can_be_separated_need_a_penalty) {
  const std::vector<std::vector<double>> rows{{1}, {2}, {3}, {4}};
  for (const std::vector<std::uint32_t>& labels :
       {std::vector<std::uint32_t>{0, 0, 1, 1}, {0, 0, 1, 2}})
    EXPECT_THAT(message_of<SampleError>([&] { fit(rows, labels, 0); }), HasSubstr("ridge"));
  // All but for two samples at the same place.
  EXPECT_THAT(message_of<SampleError>([&] {
                fit({{1}, {2}, {3}, {3}, {4}, {5}}, {0, 0, 0, 1, 1, 1}, 0);
              }),
              HasSubstr("ridge"));
  const auto model = fit(rows, {0, 0, 1, 1}, 1e-8);
  EXPECT_GT(model.coefficients[0], 10);
  const auto labels = model.predict(pool_, samples_of_rows(pool_, rows));
  EXPECT_THAT(std::vector(labels.begin(), labels.end()), ElementsAre(0, 0, 1, 1));
}

TEST_F(MiningLogisticRegression, constant_features_say_nothing) {
  const auto model = fit({{5, 5}, {5, 5}, {5, 5}}, {0, 1, 1});
  EXPECT_THAT(model.coefficients, ElementsAre(0, 0));
  EXPECT_NEAR(model.intercepts[0], std::log(2), 1e-12);
  const auto free = fit({{5, 5}, {5, 5}, {5, 5}}, {0, 1, 1}, 0);
  EXPECT_THAT(free.coefficients, ElementsAre(0, 0));
  EXPECT_NEAR(free.intercepts[0], std::log(2), 1e-12);
}

TEST_F(MiningLogisticRegression, sizes_of_numbers_do_not_matter) {
  Noise noise;
  std::vector<std::vector<double>> plain, scaled;
  std::vector<std::uint32_t> labels;
  for (int i = 0; i < 100; ++i) {
    plain.push_back({noise.normal(), noise.normal()});
    labels.push_back(plain[plain.size() - 1][0] + noise.normal() > 0);
    scaled.push_back({plain.back()[0] * 1e250, plain.back()[1] * 1e-250});
  }
  const auto one = fit(plain, labels, 0), other = fit(scaled, labels, 0);
  EXPECT_NEAR(other.coefficients[0] * 1e250 / one.coefficients[0], 1, 1e-9);
  EXPECT_NEAR(other.coefficients[1] * 1e-250 / one.coefficients[1], 1, 1e-9);
  // With a penalty, large numbers need only small coefficients; small ones would need large ones.
  const auto ridge = fit(scaled, labels, 1);
  EXPECT_NEAR(ridge.coefficients[0] * 1e250 / one.coefficients[0], 1, 0.1);
  EXPECT_LT(std::abs(ridge.coefficients[1]), 1e-240);
}

TEST_F(MiningLogisticRegression, what_cannot_be_learnt_from_is_refused) {
  EXPECT_THAT(message_of<SampleError>([&] {
                fit({{1}, {2}}, {0, 0});
              }),
              HasSubstr("two classes or more"));
  EXPECT_THAT(message_of<SampleError>([&] { fit({{1}, {2}}, {0, 2}); }), HasSubstr("'b'"));
  EXPECT_THAT(message_of<SampleError>([&] {
                fit({{1}, {nan}}, {0, 1});
              }),
              HasSubstr("x0 is nan in sample 2"));
  EXPECT_THROW(fit({{1}, {2}}, {0, 1}, -1), InvalidArgument);
  EXPECT_THROW(fit({{1}, {2}}, {0, 1}, std::numeric_limits<double>::infinity()), InvalidArgument);
  EXPECT_THROW(LogisticRegression::fit(pool_, samples_of_rows(pool_, {{1}, {2}})), InvalidArgument);
  const auto model = fit({{1}, {2}}, {0, 1});
  EXPECT_THROW(model.predict(pool_, samples_of_rows(pool_, {{1, 2}})), ModelError);
  EXPECT_LT(model.predict(pool_, samples_of_rows(pool_, {{nan}}))[0], 2u);
}

TEST_F(MiningLogisticRegression, texts_that_are_no_model_are_refused) {
  const std::string text = fit({{1}, {2}, {3}}, {0, 1, 2}).save();
  for (const char* list : {"\"coefficients\": [", "\"intercepts\": ["}) {
    std::string other = text;
    const std::size_t at = other.find(list);
    ASSERT_NE(at, std::string::npos);
    other.insert(at + std::string(list).size(), "1, ");
    EXPECT_THROW(LogisticRegression::load(other), ModelError) << list;
  }
  EXPECT_THROW(LogisticRegression::load("{}"), ModelError);
}

TEST(MiningConfusion, counts_what_is_taken_for_what) {
  const std::vector<std::uint32_t> is{0, 1, 1, 2, 2}, taken_for{0, 1, 0, 2, 2};
  const Confusion confusion(is, taken_for, 3);
  EXPECT_THAT(confusion.counts, ElementsAre(1, 0, 0, 1, 1, 0, 0, 0, 2));
  EXPECT_EQ(confusion(1, 0), 1u);
  EXPECT_EQ(confusion.accuracy(), 0.8);
  EXPECT_EQ(Confusion({}, {}, 2).accuracy(), 0);
  EXPECT_THROW(Confusion(is, taken_for, 2), InvalidArgument);
  EXPECT_THROW(Confusion(is, {}, 3), InvalidArgument);
}

}  // namespace

}  // namespace tine::mining
