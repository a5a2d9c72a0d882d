#include <tine/eigen.hpp>

#include <type_traits>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/worker_counts.hpp"

namespace {

class AsMap : public tine_test::NothingLeftBehind {};

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

TEST_F(AsMap, a_matrix_is_seen_in_place) {
  double values[] = {1, 2, 3, 4, 5, 6};
  const tine::View<double, 2> view(values, {2, 3});
  auto map = tine::as_map(view);
  EXPECT_EQ(map.data(), values);
  EXPECT_EQ(map.rows(), 2);
  EXPECT_EQ(map.cols(), 3);
  EXPECT_EQ(map(1, 0), 4);
  map(1, 2) = 60;
  EXPECT_EQ(values[5], 60);
}

TEST_F(AsMap, a_part_of_a_matrix_keeps_its_row_stride) {
  int values[20];
  for (int i = 0; i < 20; ++i) values[i] = i;
  const tine::View<int, 2> part =
      tine::View<int, 2>(values, {4, 5}).part(0, 1, 2).part(1, 2, 3);  // rows 1-2, columns 2-4
  auto map = tine::as_map(part);
  EXPECT_EQ(map.outerStride(), 5);
  EXPECT_EQ(map(0, 0), 7);
  EXPECT_EQ(map(1, 2), 14);
  map.setZero();
  EXPECT_EQ(values[6], 6);
  EXPECT_EQ(values[7], 0);
  EXPECT_EQ(values[10], 10);
  EXPECT_EQ(values[14], 0);
  EXPECT_EQ(values[15], 15);
}

TEST_F(AsMap, vectors_and_spans_are_columns) {
  float values[] = {1, 2, 3, 4};
  auto vector = tine::as_map(tine::View<float>(values, {4}));
  EXPECT_EQ(vector.data(), values);
  EXPECT_EQ(vector.size(), 4);
  EXPECT_EQ(vector.cols(), 1);
  EXPECT_EQ(tine::as_map(std::span<float>(values).subspan(1, 2)).sum(), 5);
}

TEST_F(AsMap, views_of_constants_give_maps_of_constants) {
  const double values[] = {1, 2, 3, 4};
  auto matrix = tine::as_map(tine::View<const double, 2>(values, {2, 2}));
  auto vector = tine::as_map(tine::View<const double>(values, {4}));
  auto part = tine::as_map(std::span<const double>(values));
  EXPECT_EQ(matrix.trace(), 5);
  EXPECT_EQ(vector.dot(part), 30);
  static_assert(!std::is_assignable_v<decltype(matrix(0, 0)), double>);
  static_assert(!std::is_assignable_v<decltype(vector(0)), double>);
}

TEST_F(AsMap, empty_views_give_empty_maps) {
  EXPECT_EQ(tine::as_map(tine::View<double, 2>(nullptr, {0, 3})).size(), 0);
  EXPECT_EQ(tine::as_map(tine::View<double, 2>(nullptr, {3, 0})).size(), 0);
  EXPECT_EQ(tine::as_map(tine::View<double>()).size(), 0);
}

TEST_F(AsMap, bands_of_a_product_equal_the_whole_product) {
  const Matrix a = Matrix::Random(67, 41), b = Matrix::Random(41, 53);
  Matrix first;
  for (unsigned workers : tine_test::worker_counts) {
    tine::Pool pool({.workers = workers});
    auto left = pool.array<double>(67, 41);
    auto right = pool.array<double>(41, 53);
    auto product = pool.array<double>(67, 53);
    tine::as_map(left.view()) = a;
    tine::as_map(right.view()) = b;
    tine::for_each_slice(
        pool, tine::rows(product, 0, 10),
        [](const tine::Slice&, auto rows, auto out, auto whole) {
          tine::as_map(out).noalias() = tine::as_map(rows) * tine::as_map(whole);
        },
        tine::in(left), tine::out(product), tine::whole(right));
    const Matrix result = tine::as_map(product.view());
    EXPECT_LE((result - a * b).cwiseAbs().maxCoeff(), 41 * 2.3e-16);
    if (first.size() == 0) first = result;
    EXPECT_TRUE(result == first) << workers << " workers";
  }
}

TEST_F(AsMap, tiles_are_written_in_place) {
  tine::Pool pool({.workers = 3});
  const Matrix a = Matrix::Random(50, 37);
  auto x = pool.array<double>(50, 37);
  auto y = pool.array<double>(50, 37);
  tine::as_map(x.view()) = a;
  tine::for_each_slice(
      pool, tine::tiles(x, 16, 9),
      [](const tine::Slice&, auto from, auto to) { tine::as_map(to) = 2 * tine::as_map(from); },
      tine::in(x), tine::out(y));
  EXPECT_TRUE(tine::as_map(y.view()) == 2 * a);
}

}  // namespace
