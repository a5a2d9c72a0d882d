// Stencils and Jacobi's sweeps on them against plain loops.
#include <tine/matrix/stencil.hpp>

#include <gmock/gmock.h>
#include <tine/error.hpp>
#include <tine/matrix/isa.hpp>

#include "matrix_sparse.hpp"
#include "support/fixture.hpp"
#include "support/message.hpp"

namespace tine::matrix {

namespace {

class MatrixStencil : public tine_test::NothingLeftBehind {};
template <class T>
class MatrixStencilOf : public tine_test::NothingLeftBehind {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(MatrixStencilOf, Reals);

/// The stencil as a matrix, from its definition.
template <class T, std::size_t N>
Sparse<T> matrix_of(const Stencil<T, N>& s) {
  std::vector<Triplet<T>> triplets;
  std::array<std::size_t, N> strides;
  std::size_t size = 1;
  for (std::size_t d = N; d-- > 0; size *= s.extents[d]) strides[d] = size;
  for (std::size_t i = 0; i < size; ++i) {
    triplets.push_back({i, i, s.centre});
    for (std::size_t d = 0; d < N; ++d) {
      const std::size_t at = i / strides[d] % s.extents[d], last = s.extents[d] - 1;
      const auto add = [&](bool edge, std::size_t neighbour, std::size_t opposite, T coefficient) {
        if (edge && s.boundary == Boundary::zero) return;
        if (edge) neighbour = s.boundary == Boundary::periodic ? opposite : i;
        triplets.push_back({i, neighbour, coefficient});
      };
      add(at == 0, i - strides[d], i + last * strides[d], s.before[d]);
      add(at == last, i + strides[d], i - last * strides[d], s.after[d]);
    }
  }
  return eigen_matrix(size, size, triplets);
}

constexpr Boundary boundaries[] = {Boundary::zero, Boundary::periodic, Boundary::replicate};

template <class T>
Stencil<T, 2> uneven(std::size_t rows, std::size_t columns, Boundary boundary) {
  return {{rows, columns}, T(7), {T(-1), T(2)}, {T(-0.5), T(1.5)}, boundary};
}
template <class T>
Stencil<T, 3> uneven(std::size_t planes, std::size_t rows, std::size_t columns, Boundary boundary) {
  return {{planes, rows, columns}, T(9), {T(-1), T(2), T(0.25)}, {T(-0.5), T(1.5), T(3)}, boundary};
}

template <class T, std::size_t N>
void expect_stencil(std::list<Pool>& pools, const Stencil<T, N>& stencil) {
  SCOPED_TRACE(testing::Message() << stencil.extents[0] << " x " << stencil.extents[1] << " x "
                                  << stencil.extents[N - 1] << ", boundary "
                                  << int(stencil.boundary));
  const std::size_t n = stencil.size();
  const Sparse<T> m = matrix_of(stencil);
  const Matrix<T> x = random_matrix<T>(n, 1, 1), b = random_matrix<T>(n, 1, 2);
  const Matrix<T> product = m * x;
  const Matrix<T> scale = m.cwiseAbs() * x.cwiseAbs();
  Matrix<T> first, first_after;
  std::vector<Matrix<T>> sweeps{x};
  while (sweeps.size() < 20)
    sweeps.push_back(sweeps.back() + (b - m * sweeps.back()) / stencil.centre);
  for (Pool& pool : pools) {
    auto from = pool.array<T>(n), to = pool.array<T>(n), right = pool.array<T>(n);
    std::copy_n(x.data(), n, from.data());
    std::copy_n(b.data(), n, right.data());
    std::ranges::fill(to, T(NAN));
    apply(pool, stencil, from, to);
    const Matrix<T> got = Eigen::Map<const Matrix<T>>(to.data(), x.rows(), 1);
    ASSERT_TRUE(near(got, product, scale, 2 * N + 1));
    if (pool.workers() == 1) first = got;
    ASSERT_TRUE(same_bits(got, first)) << pool.workers() << " workers";

    for (const std::size_t count : {0, 1, 2, 3, 8, 9, 19}) {
      std::copy_n(x.data(), n, from.data());
      jacobi_sweeps(pool, stencil, right, from, count);
      const Matrix<T> after = Eigen::Map<const Matrix<T>>(from.data(), x.rows(), 1);
      // Values grow to some tens at most; each sweep loses some units in the last place.
      const Matrix<T> unit = Matrix<T>::Constant(x.rows(), 1, sweeps[count].cwiseAbs().maxCoeff());
      ASSERT_TRUE(near(after, sweeps[count], unit, 40 * count)) << count << " sweeps";
      if (count != 19) continue;
      if (pool.workers() == 1) first_after = after;
      ASSERT_TRUE(same_bits(after, first_after)) << pool.workers() << " workers";
    }
  }
}

TYPED_TEST(MatrixStencilOf, of_5_points_is_its_matrix_at_all_sizes_and_boundaries) {
  auto pools = pools_of_all_sizes();
  for (const Boundary boundary : boundaries) {
    for (const auto& [rows, columns] : {std::pair<std::size_t, std::size_t>{1, 1},
                                        {1, 2},
                                        {2, 1},
                                        {2, 2},
                                        {3, 63},
                                        {64, 64},
                                        {65, 1},
                                        {1, 65},
                                        {5, 1000},
                                        {700, 130},
                                        {130, 700}})
      expect_stencil(pools, uneven<TypeParam>(rows, columns, boundary));
  }
}

TYPED_TEST(MatrixStencilOf, of_7_points_is_its_matrix_at_all_sizes_and_boundaries) {
  auto pools = pools_of_all_sizes();
  for (const Boundary boundary : boundaries)
    for (const auto& [planes, rows, columns] : {std::array<std::size_t, 3>{1, 1, 1},
                                                {2, 1, 2},
                                                {1, 2, 1},
                                                {3, 2, 65},
                                                {64, 3, 5},
                                                {7, 63, 1},
                                                {40, 45, 50}})
      expect_stencil(pools, uneven<TypeParam>(planes, rows, columns, boundary));
}

TEST_F(MatrixStencil, every_instruction_set_gives_the_same_within_rounding) {
  std::list<Pool> pools;
  pools.emplace_back(PoolOptions{.workers = 1});
  const Isa usual = isa();
  for (const Isa each : available_isas()) {
    SCOPED_TRACE(to_string(each));
    use_isa(each);
    expect_stencil(pools, uneven<double>(100, 333, Boundary::zero));
    expect_stencil(pools, uneven<float>(20, 30, 33, Boundary::periodic));
  }
  use_isa(usual);
}

// So large that results are written past the caches.
TEST_F(MatrixStencil, of_a_large_grid_has_the_same_bits_on_any_number_of_workers) {
  constexpr std::size_t rows = 1500, columns = 1501;
  const auto a = Stencil<double, 2>::laplacian({rows, columns}, Boundary::periodic);
  std::vector<double> first, first_after;
  for (const unsigned workers : tine_test::worker_counts) {
    Pool pool({.workers = workers});
    auto x = pool.array<double>(rows, columns), y = pool.array<double>(rows, columns);
    for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<double>(i % 1013);
    apply(pool, a, x, y);
    for (std::size_t r : {std::size_t{0}, std::size_t{700}, rows - 1})
      for (std::size_t c = 0; c < columns; ++c)
        ASSERT_EQ(y(r, c), 4 * x(r, c) - x((r + rows - 1) % rows, c) - x((r + 1) % rows, c) -
                               x(r, (c + columns - 1) % columns) - x(r, (c + 1) % columns));
    if (workers == 1) first.assign(y.data(), y.data() + y.size());
    ASSERT_EQ(std::memcmp(first.data(), y.data(), y.size() * sizeof(double)), 0);
    jacobi_sweeps(pool, a, y, x, 20);
    if (workers == 1) first_after.assign(x.data(), x.data() + x.size());
    ASSERT_EQ(std::memcmp(first_after.data(), x.data(), x.size() * sizeof(double)), 0);
  }
}

TEST_F(MatrixStencil, grids_may_be_arrays_views_and_eigens_and_lie_outside_the_arena) {
  Pool pool({.workers = 2});
  const auto a = uneven<double>(30, 40, Boundary::replicate);
  const Matrix<double> x = random_matrix<double>(30, 40);
  auto inside = pool.array<double>(30, 40), y = pool.array<double>(30, 40);
  auto flat = pool.array<double>(1200);
  std::copy_n(x.data(), 1200, inside.data());
  Matrix<double> outside(30, 40);
  apply(pool, a, inside, y);
  apply(pool, a, x, outside);
  apply(pool, a, inside.view(), flat);
  EXPECT_EQ(std::memcmp(y.data(), outside.data(), 1200 * sizeof(double)), 0);
  EXPECT_EQ(std::memcmp(y.data(), flat.data(), 1200 * sizeof(double)), 0);
  const auto volume = uneven<double>(10, 12, 10, Boundary::zero);
  auto deep = pool.array<double>(10, 12, 10), deep_y = pool.array<double>(10, 12, 10);
  std::copy_n(x.data(), 1200, deep.data());
  apply(pool, volume, deep, deep_y);
  apply(pool, volume, flat, y);
  jacobi_sweeps(pool, volume, deep_y.view(), deep, 3);
}

TEST_F(MatrixStencil, nan_and_infinity_spread_to_neighbours_only) {
  Pool pool({.workers = 2});
  const auto a = Stencil<double, 2>::laplacian({70, 70});
  auto x = pool.array<double>(70, 70), y = pool.array<double>(70, 70);
  x(3, 4) = NAN;
  x(50, 69) = INFINITY;
  apply(pool, a, x, y);
  for (int r = 0; r < 70; ++r)
    for (int c = 0; c < 70; ++c) {
      ASSERT_EQ(std::isnan(y(r, c)), std::abs(r - 3) + std::abs(c - 4) <= 1) << r << ", " << c;
      ASSERT_EQ(std::isinf(y(r, c)), std::abs(r - 50) + std::abs(c - 69) <= 1) << r << ", " << c;
    }
}

using testing::HasSubstr;
using tine_test::message_of;

TEST_F(MatrixStencil, what_does_not_fit_is_refused_with_the_shapes) {
  Pool pool({.workers = 1});
  auto a = Stencil<double, 2>::laplacian({5, 6});
  auto x = pool.array<double>(5, 6), wrong = pool.array<double>(5, 7);
  auto y = pool.array<double>(30);
  EXPECT_EQ(message_of([&] { apply(pool, a, wrong, y); }),
            "tine::matrix::apply: x has 35 adjacent cells, but the grid is 5 x 6");
  EXPECT_THAT(message_of([&] { apply(pool, a, x, wrong); }), HasSubstr("y has 35"));
  EXPECT_THAT(message_of([&] { apply(pool, a, wrong.view().part(1, 0, 6), y); }),
              HasSubstr("x has 0"));
  EXPECT_THAT(message_of([&] { apply(pool, a, x, x); }), HasSubstr("overlap"));
  EXPECT_THAT(message_of([&] { jacobi_sweeps(pool, a, x, wrong, 3); }), HasSubstr("x has 35"));
  a.centre = 0;
  EXPECT_THAT(message_of([&] { jacobi_sweeps(pool, a, x, y, 3); }), HasSubstr("centre is zero"));
  const auto none = Stencil<double, 3>::laplacian({5, 0, 6});
  auto nothing = pool.array<double>(5, 0, 6);
  apply(pool, none, nothing, nothing);
  jacobi_sweeps(pool, none, nothing, nothing, 3);
}

TEST_F(MatrixStencil, workers_that_are_killed_change_no_bit) {
  Pool pool({.workers = 3});
  const auto a = uneven<double>(600, 601, Boundary::periodic);
  auto x = pool.array<double>(600, 601), b = pool.array<double>(600, 601),
       y = pool.array<double>(600, 601), swept = pool.array<double>(600, 601);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x.data()[i] = static_cast<double>(i % 1021);
    b.data()[i] = static_cast<double>(i % 1019);
  }
  const std::size_t bytes = x.size() * sizeof(double);
  apply(pool, a, x, y);
  std::memcpy(swept.data(), x.data(), bytes);
  jacobi_sweeps(pool, a, b, swept, 21);
  auto again = pool.array<double>(600, 601), swept_again = pool.array<double>(600, 601);
  while_workers_die(pool, [&] {
    std::memcpy(swept_again.data(), x.data(), bytes);
    const Report first = jacobi_sweeps(pool, a, b, swept_again, 21);
    const Report second = apply(pool, a, x, again);
    EXPECT_EQ(std::memcmp(again.data(), y.data(), bytes), 0);
    EXPECT_EQ(std::memcmp(swept_again.data(), swept.data(), bytes), 0);
    return first.faults.size() + second.faults.size();
  });
}

}  // namespace

}  // namespace tine::matrix
