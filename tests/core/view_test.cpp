#include <tine/view.hpp>

#include <numeric>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

namespace {

using tine::View;

static_assert(std::is_trivially_copyable_v<View<double, 3>>);
static_assert(std::is_convertible_v<View<int, 2>, View<const int, 2>>);
static_assert(!std::is_convertible_v<View<const int>, View<int>>);
static_assert(!std::is_convertible_v<View<int>, View<const long>>);

TEST(View, a_default_view_is_empty) {
  const View<int, 2> v;
  EXPECT_EQ(v.data(), nullptr);
  EXPECT_TRUE(v.empty());
  EXPECT_TRUE(v.contiguous());
}

TEST(View, elements_are_row_major) {
  std::vector<int> x(2 * 3 * 4);
  std::iota(x.begin(), x.end(), 0);
  const View<int, 3> v(x.data(), {2, 3, 4});
  EXPECT_EQ(v.size(), 24u);
  for (int i = 0, at = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 4; ++k) EXPECT_EQ(v(i, j, k), at++);
  EXPECT_EQ(v.strides(), (View<int, 3>::Extents{12, 4, 1}));
}

TEST(View, a_part_shows_the_same_elements) {
  std::vector<int> x(5 * 7);
  std::iota(x.begin(), x.end(), 0);
  const View<int, 2> v(x.data(), {5, 7});
  const View<int, 2> part = v.part(0, 1, 3).part(1, 2, 4);
  EXPECT_EQ(part.extents(), (View<int, 2>::Extents{3, 4}));
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 4; ++j) EXPECT_EQ(&part(i, j), &v(i + 1, j + 2));
  part(0, 0) = -1;
  EXPECT_EQ(x[9], -1);
}

TEST(View, whole_rows_are_contiguous_and_columns_are_not) {
  std::vector<int> x(5 * 7);
  const View<int, 2> v(x.data(), {5, 7});
  EXPECT_TRUE(v.contiguous());
  EXPECT_TRUE(v.part(0, 1, 3).contiguous());
  EXPECT_FALSE(v.part(1, 1, 3).contiguous());
  EXPECT_TRUE(v.part(1, 1, 3).part(0, 2, 1).contiguous());  // a single row of them is
  EXPECT_FALSE(v.part(1, 3, 1).contiguous());
  EXPECT_TRUE(v.part(0, 2, 0).empty());
}

TEST(View, flat_and_span_show_all_elements) {
  std::vector<int> x(6);
  const View<int, 2> v(x.data(), {2, 3});
  EXPECT_EQ(v.flat().size(), 6u);
  EXPECT_EQ(v.span().data(), x.data());
  EXPECT_EQ(v.span().size(), 6u);
  EXPECT_EQ(&v.flat()[5], &x[5]);
}

TEST(View, an_index_is_scaled_by_the_stride) {
  std::vector<int> x(12);
  const View<int> every_third(x.data(), {4}, {3});
  EXPECT_EQ(&every_third[2], &x[6]);
  EXPECT_FALSE(every_third.contiguous());
}

TEST(View, works_in_constant_expressions) {
  static constexpr int x[] = {1, 2, 3, 4};
  constexpr View<const int, 2> v(x, {2, 2});
  static_assert(v(1, 0) == 3 && v.part(0, 1, 1).size() == 2);
}

}  // namespace
