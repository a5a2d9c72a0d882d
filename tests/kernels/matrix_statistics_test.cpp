// Reductions of rows, columns and whole matrices, and norms, against plain loops in long double.
#include <tine/matrix/statistics.hpp>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <list>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <tine/error.hpp>
#include <tine/matrix/isa.hpp>
#include <tine/matrix/norm.hpp>
#include <tine/tine.hpp>

#include "matrix_test.hpp"
#include "support/deaths.hpp"
#include "support/fixture.hpp"
#include "support/killer.hpp"

namespace tine::matrix {

namespace {

template <class T>
class MatrixStatisticsOf : public tine_test::NothingLeftBehind {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(MatrixStatisticsOf, Reals);
class MatrixStatistics : public tine_test::NothingLeftBehind {};

constexpr std::size_t shapes[][2] = {{1, 1},      {1, 65},     {65, 1},    {2, 3},
                                     {63, 64},    {64, 63},    {65, 1000}, {1000, 65},
                                     {3, 100001}, {100001, 3}, {700, 700}};

/// What a line of numbers ought to be reduced to.
struct Expected {
  long double sum = 0, magnitudes = 0, squares = 0, moment = 0;
  long double least_value = 0, greatest_value = 0;
  std::size_t count = 0, least = 0, greatest = 0;
};
template <class Get>
Expected expected(std::size_t n, Get get) {
  Expected e;
  e.count = n;
  for (std::size_t i = 0; i < n; ++i) {
    const long double x = static_cast<long double>(get(i));
    e.sum += x;
    e.magnitudes += std::abs(x);
    e.squares += x * x;
    if (get(i) < get(e.least)) e.least = i;
    if (get(i) > get(e.greatest)) e.greatest = i;
  }
  e.least_value = static_cast<long double>(get(e.least));
  e.greatest_value = static_cast<long double>(get(e.greatest));
  for (std::size_t i = 0; i < n; ++i) {
    const long double d = static_cast<long double>(get(i)) - e.sum / static_cast<long double>(n);
    e.moment += d * d;
  }
  return e;
}

/// Every statistic of one operand, per line, and the whole as the last element.
template <class T, class A>
std::vector<double> all_statistics(Pool& pool, const A& a, Per per, std::size_t lines) {
  std::vector<double> all;
  auto result = pool.array<T>(lines, 3);  // with a step
  auto position = pool.array<std::size_t>(lines);
  const View<T, 2> column = result.view().part(1, 1, 1);
  const auto add = [&](double whole) {
    for (std::size_t i = 0; i < lines; ++i) all.push_back(static_cast<double>(column(i, 0)));
    all.push_back(whole);
  };
  sum(pool, a, per, column);
  add(static_cast<double>(sum(pool, a)));
  mean(pool, a, per, column);
  add(static_cast<double>(mean(pool, a)));
  variance(pool, a, per, column, 1);
  add(static_cast<double>(variance(pool, a, 1)));
  stddev(pool, a, per, column);
  add(static_cast<double>(stddev(pool, a)));
  norms(pool, a, per, column);
  add(static_cast<double>(norm(pool, a)));
  norms(pool, a, per, column, Norm::one);
  add(static_cast<double>(norm(pool, a, Norm::one)));
  norms(pool, a, per, column, Norm::max);
  add(static_cast<double>(norm(pool, a, Norm::max)));
  min(pool, a, per, column);
  add(static_cast<double>(min(pool, a)));
  max(pool, a, per, column);
  add(static_cast<double>(max(pool, a)));
  const auto add_positions = [&](Position whole) {
    for (const std::size_t at : position) all.push_back(static_cast<double>(at));
    all.push_back(static_cast<double>(whole.row * 1000000 + whole.column));
  };
  argmin(pool, a, per, position);
  add_positions(argmin(pool, a));
  argmax(pool, a, per, position);
  add_positions(argmax(pool, a));
  return all;
}

template <class T, class M>
std::vector<double> all_expected(const M& m, Per per, std::vector<double>& allowed) {
  const auto rows = static_cast<std::size_t>(m.rows()),
             columns = static_cast<std::size_t>(m.cols());
  std::vector<Expected> lines;
  for (std::size_t i = 0; i < (per == Per::row ? rows : columns); ++i)
    lines.push_back(per == Per::row ? expected(columns, [&](std::size_t j) { return m(i, j); })
                                    : expected(rows, [&](std::size_t j) { return m(j, i); }));
  Expected whole =
      expected(rows * columns, [&](std::size_t i) { return m(i / columns, i % columns); });
  lines.push_back(whole);
  std::vector<double> all;
  const double unit = epsilon<T>();
  const auto add = [&](auto value, auto scale) {
    for (const Expected& e : lines) {
      all.push_back(static_cast<double>(value(e)));
      allowed.push_back(unit * 40 * static_cast<double>(scale(e)));
    }
  };
  const auto n = [](const Expected& e) { return static_cast<long double>(e.count); };
  add([](const Expected& e) { return e.sum; }, [](const Expected& e) { return e.magnitudes; });
  add([&](const Expected& e) { return e.sum / n(e); },
      [&](const Expected& e) { return e.magnitudes / n(e); });
  add(
      [&](const Expected& e) {
        return e.count > 1 ? e.moment / (n(e) - 1) : std::numeric_limits<long double>::quiet_NaN();
      },
      [&](const Expected& e) { return e.moment / n(e); });
  const auto deviation = [&](const Expected& e) { return std::sqrt(e.moment / n(e)); };
  add(deviation, deviation);
  const auto length = [](const Expected& e) { return std::sqrt(e.squares); };
  add(length, length);
  const auto one = [](const Expected& e) { return e.magnitudes; };
  add(one, one);
  long double greatest = 0;  // norm one of the whole is the greatest of a column
  for (std::size_t x = 0; x < columns; ++x)
    greatest =
        std::max(greatest, expected(rows, [&](std::size_t y) { return m(y, x); }).magnitudes);
  all.back() = static_cast<double>(greatest);
  const auto none = [](const Expected&) { return 0.0; };
  add(
      [](const Expected& e) {
        return std::max(std::abs(e.least_value), std::abs(e.greatest_value));
      },
      none);
  add([](const Expected& e) { return e.least_value; }, none);
  add([](const Expected& e) { return e.greatest_value; }, none);
  add([&](const Expected& e) { return e.least; }, none);
  all.back() = static_cast<double>(whole.least / columns * 1000000 + whole.least % columns);
  add([&](const Expected& e) { return e.greatest; }, none);
  all.back() = static_cast<double>(whole.greatest / columns * 1000000 + whole.greatest % columns);
  return all;
}

TYPED_TEST(MatrixStatisticsOf, every_one_is_that_of_plain_loops_with_the_same_bits_on_any_workers) {
  using T = TypeParam;
  std::list<Pool> pools;
  for (const unsigned workers : tine_test::worker_counts)
    pools.emplace_back(PoolOptions{.workers = workers});
  for (const auto& [rows, columns] : shapes)
    for (const Per per : {Per::row, Per::column}) {
      // Few different numbers, so that the first of equals has to be found.
      Matrix<T> m = random_matrix<T>(rows, columns, 3);
      m = (m * T(50)).array().round() / T(7) + T(1);
      std::vector<double> allowed;
      const auto wanted = all_expected<T>(m, per, allowed);
      std::vector<double> first;
      for (Pool& pool : pools) {
        SCOPED_TRACE(testing::Message()
                     << rows << " x " << columns << (per == Per::row ? ", rows, " : ", columns, ")
                     << pool.workers() << " workers");
        SharedMatrix<T> shared(pool, m, 3), turned(pool, m.transpose(), 1);
        const std::size_t lines = per == Per::row ? rows : columns;
        const auto got = all_statistics<T>(pool, shared.map(), per, lines);
        const auto other = all_statistics<T>(pool, turned.map().transpose(), per, lines);
        if (first.empty()) first = got;
        ASSERT_EQ(got.size(), wanted.size());
        ASSERT_EQ(std::memcmp(got.data(), first.data(), got.size() * sizeof(double)), 0);
        for (std::size_t i = 0; i < got.size(); ++i) {
          if (std::isnan(wanted[i])) {
            ASSERT_TRUE(std::isnan(got[i]) && std::isnan(other[i])) << i;
            continue;
          }
          ASSERT_LE(std::abs(got[i] - wanted[i]), allowed[i] + epsilon<T>() * std::abs(wanted[i]))
              << i << ": " << got[i] << " instead of " << wanted[i];
          ASSERT_LE(std::abs(other[i] - wanted[i]), allowed[i] + epsilon<T>() * std::abs(wanted[i]))
              << i << ", column-major: " << other[i] << " instead of " << wanted[i];
        }
      }
    }
}

TYPED_TEST(MatrixStatisticsOf, nan_and_infinity_come_through_with_every_isa) {
  using T = TypeParam;
  constexpr T nan = std::numeric_limits<T>::quiet_NaN(), inf = std::numeric_limits<T>::infinity();
  Pool pool({.workers = 2});
  const Isa usual = isa();
  for (const Isa each : available_isas()) {
    use_isa(each);
    for (const std::size_t at : {0, 1, 63, 64, 200, 256}) {
      Matrix<T> m = random_matrix<T>(3, 257, 1);
      m(0, at) = nan;
      if (at < 256) m(0, 256) = nan;
      m(1, at) = inf;
      SharedMatrix<T> rows(pool, m), columns(pool, m.transpose());
      const auto check = [&](const auto& a, Per per) {
        auto r = pool.array<T>(3);
        auto p = pool.array<std::size_t>(3);
        for (const auto reduce :
             {+[](Pool&q, decltype(a) x, Per y, Array<T>&z) { sum(q, x, y, z); },
              +[](Pool&q, decltype(a) x, Per y, Array<T>&z) { max(q, x, y, z); },
              +[](Pool&q, decltype(a) x, Per y, Array<T>&z) { norms(q, x, y, z); },
              +[](Pool&q, decltype(a) x, Per y, Array<T>&z) { norms(q, x, y, z, Norm::max); },
              +[](Pool&q, decltype(a) x, Per y, Array<T>&z) { mean(q, x, y, z); }}) {
          reduce(pool, a, per, r);
          ASSERT_TRUE(std::isnan(r[0]));
          ASSERT_EQ(r[1], inf);
          ASSERT_TRUE(std::isfinite(r[2]));
        }
        min(pool, a, per, r);
        ASSERT_TRUE(std::isnan(r[0]));
        ASSERT_TRUE(std::isfinite(r[1]));
        argmax(pool, a, per, p);
        ASSERT_EQ(p[0], at);
        ASSERT_EQ(p[1], at);
        argmin(pool, a, per, p);
        ASSERT_EQ(p[0], at);
        variance(pool, a, per, r);
        ASSERT_TRUE(std::isnan(r[0]) && std::isnan(r[1]) && std::isfinite(r[2]));
      };
      check(rows.map(), Per::row);
      check(columns.map(), Per::column);
      ASSERT_EQ(argmin(pool, rows.map()), (Position{0, at}));
      ASSERT_EQ(argmax(pool, columns.map()), (Position{at, 0}));
      for (const Norm norm_of : {Norm::one, Norm::infinity, Norm::frobenius, Norm::max})
        ASSERT_TRUE(std::isnan(norm(pool, rows.map(), norm_of)));
    }
  }
  use_isa(usual);
}

TYPED_TEST(MatrixStatisticsOf, squares_that_would_overflow_or_vanish_have_a_norm) {
  using T = TypeParam;
  Pool pool({.workers = 2});
  using Limits = std::numeric_limits<T>;
  for (const T huge : {Limits::max() / 400, Limits::min(), Limits::denorm_min() * 1024}) {
    auto a = pool.array<T>(300, 100);
    std::ranges::fill(a, huge);
    a(0, 0) = 0;
    const double wanted = std::sqrt(29999.0);
    const double unit = 200 * epsilon<T>() + static_cast<double>(Limits::denorm_min() / huge);
    EXPECT_NEAR(static_cast<double>(norm(pool, a) / huge), wanted, 10 * unit) << huge;
    auto each = pool.array<T>(300);
    norms(pool, a, Per::row, each);
    EXPECT_NEAR(static_cast<double>(each[7] / huge), 10, unit);
    auto of_columns = pool.array<T>(100);
    norms(pool, a, Per::column, of_columns);
    EXPECT_NEAR(static_cast<double>(of_columns[7] / huge), std::sqrt(300.0), unit);
  }
  auto mixed = pool.array<T>(2, 40000);  // a huge block, and one of small numbers
  std::ranges::fill(mixed, Limits::min());
  mixed(1, 39999) = Limits::max() / 2;
  EXPECT_EQ(norm(pool, mixed), Limits::max() / 2);
  auto zeros = pool.array<T>(100, 100);
  EXPECT_EQ(norm(pool, zeros), 0);
}

TEST_F(MatrixStatistics, norms_of_complex_numbers_are_those_of_their_absolute_values) {
  Pool pool({.workers = 3});
  using C = std::complex<double>;
  const Matrix<C> m = random_matrix<C>(130, 257, 1);
  const Matrix<double> size = m.cwiseAbs();
  SharedMatrix<C> rows(pool, m, 2), columns(pool, m.transpose());
  const auto check = [&](const auto& a) {
    EXPECT_NEAR(norm(pool, a), size.norm(), 1e-12);
    EXPECT_NEAR(norm(pool, a, Norm::one), size.colwise().sum().maxCoeff(), 1e-12);
    EXPECT_NEAR(norm(pool, a, Norm::infinity), size.rowwise().sum().maxCoeff(), 1e-12);
    EXPECT_NEAR(norm(pool, a, Norm::max), size.maxCoeff(), 1e-15);
    auto each = pool.array<double>(257);
    norms(pool, a, Per::column, each);
    for (std::size_t i = 0; i < 257; ++i)
      EXPECT_NEAR(each[i], size.col(static_cast<Eigen::Index>(i)).norm(), 1e-13);
  };
  check(rows.map());
  check(columns.map().transpose());
  Eigen::VectorXcd outside(2);
  outside << C(3e300, 4e300), C(0, 0);
  EXPECT_NEAR(norm(pool, outside) / 5e300, 1, 1e-15);
  EXPECT_NEAR(norm(pool, outside, Norm::max) / 5e300, 1, 1e-15);
}

TEST_F(MatrixStatistics,
       the_variance_of_numbers_far_from_0_loses_no_digits_and_that_of_equal_ones_is_0) {
  Pool pool({.workers = 2});
  const std::size_t n = 100000;
  auto far = pool.array<double>(n, 2);
  for (std::size_t i = 0; i < n; ++i) {
    far(i, 0) = 1e9 + static_cast<double>(i % 2);
    far(i, 1) = 0.1;
  }
  auto each = pool.array<double>(2);
  variance(pool, far, Per::column, each);
  EXPECT_DOUBLE_EQ(each[0], 0.25);
  EXPECT_EQ(each[1], 0);
}

TEST_F(MatrixStatistics, a_long_sum_keeps_its_digits) {
  Pool pool({.workers = 2});
  auto x = pool.array<float>(20000000);
  std::ranges::fill(x, 0.1F);
  EXPECT_FLOAT_EQ(sum(pool, x), 2e6F);  // one after another in float it is 2097152
  EXPECT_FLOAT_EQ(product(pool, Eigen::Vector3f(2, 3, 4)), 24);
}

TEST_F(MatrixStatistics, of_nothing_sums_are_0_means_are_nan_and_there_is_no_least) {
  Pool pool({.workers = 1});
  auto none = pool.array<double>(3, 0);
  auto result = pool.array<double>(3);
  std::ranges::fill(result, 7.0);
  sum(pool, none, Per::row, result);
  EXPECT_EQ(result[2], 0);
  mean(pool, none, Per::row, result);
  EXPECT_TRUE(std::isnan(result[2]));
  EXPECT_EQ(sum(pool, none), 0);
  EXPECT_EQ(product(pool, none), 1);
  EXPECT_EQ(norm(pool, none), 0);
  EXPECT_TRUE(std::isnan(variance(pool, none)));
  auto empty = pool.array<double>(0);
  sum(pool, none, Per::column, empty);
  EXPECT_THROW(min(pool, none, Per::row, result), InvalidArgument);
  EXPECT_THROW(argmax(pool, none), InvalidArgument);
  auto full = pool.array<double>(3, 4);
  try {
    sum(pool, full, Per::column, result);
    FAIL() << "3 results for 4 columns";
  } catch (const InvalidArgument& error) {
    EXPECT_STREQ(error.what(), "tine::matrix::sum: there are 4 columns, but the result is 3 x 1");
  }
}

TEST_F(MatrixStatistics, workers_that_are_killed_change_no_bit) {
  tine_test::Killer::slices();
  Pool pool({.workers = 3});
  const Matrix<double> m = random_matrix<double>(2000, 1500, 1);
  SharedMatrix<double> a(pool, m);
  const auto all = [&] {
    auto of_rows = all_statistics<double>(pool, a.map(), Per::row, 2000);
    const auto of_columns = all_statistics<double>(pool, a.map(), Per::column, 1500);
    of_rows.insert(of_rows.end(), of_columns.begin(), of_columns.end());
    return of_rows;
  };
  const auto quiet = all();
  std::size_t kills = 0;
  for (int round = 0; round < 200 && kills < 10; ++round) {
    std::thread killer([&pool, round, &kills] {
      usleep(static_cast<unsigned>(500 + 313 * (round % 17)));
      const auto workers = pool.worker_pids();
      kills += tine_test::signal_child(pool.supervisor_pid(),
                                       workers[static_cast<std::size_t>(round) % workers.size()],
                                       SIGKILL);
    });
    const auto again = all();
    killer.join();
    ASSERT_EQ(std::memcmp(again.data(), quiet.data(), quiet.size() * sizeof(double)), 0);
  }
  EXPECT_GE(kills, 10u);
}

}  // namespace

}  // namespace tine::matrix
