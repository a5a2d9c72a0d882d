// Linear regression beside numpy's lstsq, scikit-learn's Ridge, and Python's fractions, which round nothing
// (mining_linear_regression.py).
#include <tine/mining/linear_regression.hpp>

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <tine/tine.hpp>

#include "learn/student_t.hpp"
#include "mining_learner.hpp"
#include "support/fixture.hpp"
#include "support/message.hpp"

namespace tine::mining {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tine_test::message_of;

class MiningLinearRegression : public tine_test::NothingLeftBehind {
 protected:
  // The last number of each row is y.
  Samples samples(std::vector<std::vector<double>> rows) {
    std::vector<double> y;
    for (auto& row : rows) {
      y.push_back(row.back());
      row.pop_back();
    }
    Samples result = samples_of_rows(pool_, rows);
    result.y = pool_.array_from(y);
    result.target = {"y", "y"};
    return result;
  }

  Pool pool_{{.workers = 2}};
};

TEST_F(MiningLinearRegression, coefficients_errors_and_predictions_are_those_of_the_peers) {
  const ScriptFolder folder(TINE_SCRIPT);
  for (const auto& line : folder.cases()) {
    const std::string& name = line.at(0);
    const Samples all =
        folder.samples(pool_, name + ".csv", {.target = "y", .kind = Selection::Kind::number});
    const auto model = LinearRegression::fit(pool_, all, {.ridge = std::stod(line.at(1))});
    folder.write(name + ".json", model.save());
    folder.write(name + ".predicted", model.predict(pool_, all).span());
    std::vector<double> p;
    for (std::size_t i = 0; i < model.standard_errors.size(); ++i) p.push_back(model.p_value(i));
    folder.write(name + ".p", p);
  }
  folder.check();
}

TEST_F(MiningLinearRegression, bits_depend_neither_on_workers_nor_on_deaths) {
  Noise noise;
  std::vector<std::vector<double>> rows(20'011, std::vector<double>(7));
  for (auto& row : rows)
    for (double& v : row) v = noise.normal() + 3;
  expect_the_same_on_any_workers([&](Pool& pool) {
    auto x = pool.array<double>(rows.size(), std::size_t{6});
    auto y = pool.array<double>(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(rows[i].begin(), 6, &x(i, 0));
      y[i] = rows[i][6] + rows[i][2];
    }
    Samples all = samples_of(std::move(x));
    all.y = std::move(y);
    const auto model = LinearRegression::fit(pool, all);
    const auto predicted = model.predict(pool, all);
    return model.save() + std::string(reinterpret_cast<const char*>(predicted.data()),
                                      predicted.size() * sizeof(double));
  });
}

TEST_F(MiningLinearRegression, a_model_is_read_back_as_it_was) {
  const auto model = LinearRegression::fit(
      pool_, samples({{0.1, 3, 1}, {0.7, 2, 4}, {0.3, 9, 1e-3}, {0.4, 1, 7}, {5, 5, 5}}));
  const auto again = LinearRegression::load(model.save());
  EXPECT_EQ(again.save(), model.save());
  EXPECT_EQ(again.coefficients, model.coefficients);
  EXPECT_EQ(again.standard_errors, model.standard_errors);
  EXPECT_EQ(again.degrees_of_freedom(), 2u);
}

TEST_F(MiningLinearRegression, one_sample_is_its_own_mean) {
  const auto model = LinearRegression::fit(pool_, samples({{5, 7, 3}}));
  EXPECT_EQ(model.intercept, 3);
  EXPECT_THAT(model.coefficients, ElementsAre(0, 0));
  EXPECT_THAT(model.dependent, ElementsAre(0, 1));
  EXPECT_EQ(model.r_squared, 1);
  EXPECT_EQ(model.degrees_of_freedom(), 0u);
}

TEST_F(MiningLinearRegression, features_that_depend_on_others_are_named_and_share_the_coefficient) {
  // The second is constant, the fourth is twice the first, the fifth is the third.
  const auto model = LinearRegression::fit(pool_, samples({{1, 0.1, 5, 2, 5, 2 * 1 + 3 * 5 + 1},
                                                           {2, 0.1, 1, 4, 1, 2 * 2 + 3 * 1 + 1},
                                                           {3, 0.1, 4, 6, 4, 2 * 3 + 3 * 4 + 1},
                                                           {5, 0.1, 9, 10, 9, 2 * 5 + 3 * 9 + 1},
                                                           {8, 0.1, 2, 16, 2, 2 * 8 + 3 * 2 + 1},
                                                           {9, 0.1, 2, 18, 2, 2 * 9 + 3 * 2 + 1}}));
  EXPECT_THAT(model.dependent, ElementsAre(1, 3, 4));
  EXPECT_TRUE(model.standard_errors.empty());
  const double expected[] = {0.4, 0, 1.5, 0.8, 1.5};
  for (std::size_t j = 0; j < 5; ++j) EXPECT_NEAR(model.coefficients[j], expected[j], 1e-14);
  EXPECT_NEAR(model.intercept, 1, 1e-13);
}

TEST_F(MiningLinearRegression, sizes_of_numbers_do_not_matter) {
  const double tiny = 1e-290, huge = 1e290;
  std::vector<std::vector<double>> plain, scaled;
  Noise noise;
  for (int i = 0; i < 50; ++i) {
    const double a = noise.normal(), b = noise.normal(), y = a - 2 * b + noise.normal();
    plain.push_back({a, b, y});
    scaled.push_back({a * tiny, b * huge, y});
  }
  const auto one = LinearRegression::fit(pool_, samples(plain));
  const auto other = LinearRegression::fit(pool_, samples(scaled));
  EXPECT_NEAR(other.coefficients[0] * tiny / one.coefficients[0], 1, 1e-13);
  EXPECT_NEAR(other.coefficients[1] * huge / one.coefficients[1], 1, 1e-13);
  EXPECT_NEAR(other.r_squared, one.r_squared, 1e-13);
  // With a penalty, a feature of tiny numbers counts nothing.
  for (std::size_t i = 0; i < plain.size(); ++i) scaled[i][0] = plain[i][0] * 1e-150;
  const auto ridge = LinearRegression::fit(pool_, samples(scaled), {.ridge = 1});
  EXPECT_LT(std::abs(ridge.coefficients[0]), 1e-147);
  EXPECT_GT(std::abs(ridge.coefficients[0]), 0);
}

TEST_F(MiningLinearRegression, a_coefficient_that_no_double_holds_is_an_error_that_names_it) {
  const auto wild = samples({{1e-300, 1e300}, {2e-300, 2e300}, {4e-300, 4e300}});
  EXPECT_THAT(message_of<SampleError>([&] { LinearRegression::fit(pool_, wild); }),
              HasSubstr("'x0'"));
}

TEST_F(MiningLinearRegression, what_cannot_be_learnt_from_is_refused) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(message_of<SampleError>([&] {
                LinearRegression::fit(pool_, samples({{1, 2}, {nan, 3}}));
              }),
              HasSubstr("x0 is nan in sample 2"));
  EXPECT_THROW(LinearRegression::fit(pool_, samples({{1, nan}})), SampleError);
  EXPECT_THROW(LinearRegression::fit(pool_, samples({{1, 2}}), {.ridge = -1}), InvalidArgument);
  EXPECT_THROW(LinearRegression::fit(pool_, samples({{1, 2}}), {.ridge = nan}), InvalidArgument);
  EXPECT_THROW(LinearRegression::fit(pool_, samples_of_rows(pool_, {{1, 2}})), InvalidArgument);
  const auto model = LinearRegression::fit(pool_, samples({{1, 2}, {2, 3}}));
  EXPECT_THROW(model.predict(pool_, samples_of_rows(pool_, {{1, 2}})), ModelError);
  EXPECT_TRUE(std::isnan(model.predict(pool_, samples_of_rows(pool_, {{nan}}))[0]));
}

TEST_F(MiningLinearRegression, texts_that_are_no_model_are_refused) {
  const std::string text = LinearRegression::fit(pool_, samples({{1, 2}, {2, 3}, {5, 1}})).save();
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string other = text;
    const std::size_t at = other.find(from);
    EXPECT_NE(at, std::string::npos);
    return other.replace(at, from.size(), to);
  };
  EXPECT_THROW(LinearRegression::load(with("\"coefficients\": [", "\"coefficients\": [1, ")),
               ModelError);
  EXPECT_THROW(LinearRegression::load(with("\"standard_errors\": [", "\"standard_errors\": [1, ")),
               ModelError);
  EXPECT_THROW(LinearRegression::load(with("\"dependent\": [", "\"dependent\": [1")), ModelError);
  EXPECT_THROW(LinearRegression::load(with("linear", "kmeans")), ModelError);
  EXPECT_THROW(LinearRegression::load("{}"), ModelError);
}

TEST(MiningStudentT, probabilities_are_those_of_tables) {
  EXPECT_EQ(two_sided_probability(0, 5), 1);
  EXPECT_EQ(two_sided_probability(std::numeric_limits<double>::infinity(), 5), 0);
  EXPECT_NEAR(two_sided_probability(1, 1), 0.5, 1e-15);  // Cauchy's distribution
  EXPECT_NEAR(two_sided_probability(-1, 1), 0.5, 1e-15);
  // t / sqrt(2 + t^2) is what is left, for two degrees.
  EXPECT_NEAR(two_sided_probability(3, 2), 1 - 3 / std::sqrt(11), 1e-15);
}

}  // namespace

}  // namespace tine::mining
