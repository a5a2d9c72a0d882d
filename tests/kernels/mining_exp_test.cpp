// e^x in vectors: how far it is from what it should be, where it ends, and that all processors agree.
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include "learn/exp.hpp"
#include "support/worker_counts.hpp"

namespace tine::mining {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double smallest = std::numeric_limits<double>::denorm_min();

std::vector<double> exp_of(const std::vector<double>& x) {
  std::vector<double> result(x.size());
  exp(x, result);
  return result;
}

/// In units of the last place of what it should be, which is known to 64 bits.
double error(double x, double got) {
  const long double exact = std::exp(static_cast<long double>(x));
  const double near = static_cast<double>(exact);
  const double unit = std::max(std::nextafter(near, infinity) - near, smallest);
  return static_cast<double>(std::abs((static_cast<long double>(got) - exact) / unit));
}

/// Of all sizes, and where something changes: around halves of ln 2 and the ends.
std::vector<double> arguments() {
  std::mt19937_64 random(3);
  std::vector<double> x;
  const auto uniform = [&] { return std::ldexp(static_cast<double>(random() >> 11), -53); };
  for (int i = 0; i < 300'000; ++i) {
    x.push_back(-745.1 + (745.1 + 709.7) * uniform());
    x.push_back(std::ldexp(uniform() - 0.5, -static_cast<int>(random() % 1080)));
  }
  for (int k = -2151; k < 2048; ++k) {
    double near = k * 0.34657359027997264;
    for (int i = 0; i < 4; ++i) near = std::nextafter(near, -infinity);
    for (int i = 0; i < 9; ++i, near = std::nextafter(near, infinity)) x.push_back(near);
  }
  return x;
}

class Exp : public testing::TestWithParam<std::int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

TEST_P(Exp, is_within_two_units_in_the_last_place) {
  const std::vector<double> x = arguments(), got = exp_of(x);
  double most = 0, at = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] > 709.782712893384) continue;
    if (const double off = error(x[i], got[i]); off > most) most = off, at = x[i];
  }
  EXPECT_LT(most, 2) << "at " << at;
  RecordProperty("units", std::to_string(most));
}

TEST_P(Exp, ends_where_doubles_do) {
  const double largest = 709.78271289338397;  // whose power is still a double
  const double last = -745.13321910194110842, nan = std::nan("");
  const std::vector<double> got =
      exp_of({0, -0.0, 1000, 1e308, infinity, std::nextafter(largest, infinity), -1000, -1e308,
              -infinity, std::nextafter(last, -infinity), nan, -nan, smallest});
  EXPECT_EQ(got[0], 1);
  EXPECT_EQ(got[1], 1);
  for (int i = 2; i < 6; ++i) EXPECT_EQ(got[static_cast<std::size_t>(i)], infinity) << i;
  for (int i = 6; i < 10; ++i) {
    EXPECT_EQ(got[static_cast<std::size_t>(i)], 0) << i;
    EXPECT_FALSE(std::signbit(got[static_cast<std::size_t>(i)]));
  }
  EXPECT_TRUE(std::isnan(got[10]));
  EXPECT_TRUE(std::isnan(got[11]));
  EXPECT_EQ(got[12], 1);
  EXPECT_TRUE(std::isfinite(exp_of({largest})[0]));
  EXPECT_EQ(exp_of({last})[0], smallest);
}

TEST_P(Exp, does_not_depend_on_the_lane) {
  const std::vector<double> x = arguments(), got = exp_of(x);
  for (std::size_t n = 0; n < 20; ++n)
    for (std::size_t i = 0; i < 11; ++i)
      ASSERT_TRUE(tine_test::same_bits(
          exp_of({x.begin() + static_cast<std::ptrdiff_t>(i),
                  x.begin() + static_cast<std::ptrdiff_t>(i + n)}),
          std::vector<double>(got.begin() + static_cast<std::ptrdiff_t>(i),
                              got.begin() + static_cast<std::ptrdiff_t>(i + n))));
}

INSTANTIATE_TEST_SUITE_P(Targets, Exp, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& target) {
                           return std::string(hwy::TargetName(target.param));
                         });

TEST(ExpOfAll, processors_with_fused_operations_give_the_same_bits) {
  const std::vector<double> x = arguments();
  std::vector<double> first;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    if (target > HWY_AVX2) continue;  // the better ones have smaller numbers
    hwy::SetSupportedTargetsForTest(target);
    const std::vector<double> got = exp_of(x);
    hwy::SetSupportedTargetsForTest(0);
    if (first.empty()) first = got;
    EXPECT_TRUE(tine_test::same_bits(got, first)) << hwy::TargetName(target);
  }
}

}  // namespace

}  // namespace tine::mining
