// transpose against plain loops.
#include <tine/matrix/transpose.hpp>

#include <cstdint>
#include <numeric>

#include <tine/error.hpp>
#include <tine/tine.hpp>

#include "matrix_test.hpp"
#include "support/fixture.hpp"

namespace tine::matrix {

namespace {

template <class T>
class MatrixTranspose : public tine_test::NothingLeftBehind {};
using Elements = testing::Types<std::uint8_t, std::int16_t, float, double, std::complex<double>>;
TYPED_TEST_SUITE(MatrixTranspose, Elements);

TYPED_TEST(MatrixTranspose, holds_every_element_at_odd_sizes_and_strides_on_any_number_of_workers) {
  using T = TypeParam;
  constexpr std::size_t shapes[][2] = {{1, 1},   {1, 67},    {67, 1},   {8, 8},
                                       {63, 65}, {127, 300}, {513, 259}};
  for (const unsigned workers : tine_test::worker_counts) {
    Pool pool({.workers = workers});
    for (const auto& [rows, columns] : shapes) {
      SCOPED_TRACE(testing::Message() << rows << " x " << columns << ", " << workers << " workers");
      auto a = pool.array<T>(rows, columns + 3);
      for (std::size_t i = 0; i < a.size(); ++i)
        a.data()[i] = static_cast<T>(static_cast<double>(i % 251));
      const View<T, 2> from = a.view().part(1, 0, columns);
      auto b = pool.array<T>(columns, rows + 1);
      const View<T, 2> to = b.view().part(1, 0, rows);
      for (std::size_t y = 0; y < columns; ++y) b(y, rows) = T(7);
      transpose(pool, from, to);
      for (std::size_t y = 0; y < columns; ++y) {
        for (std::size_t x = 0; x < rows; ++x) ASSERT_EQ(to(y, x), from(x, y)) << y << ", " << x;
        ASSERT_EQ(b(y, rows), T(7)) << "beyond the row";
      }
      // Between the two orders it is a copy.
      auto same = pool.array<T>(rows, columns);
      transpose(pool, from, operand(same).transposed());
      for (std::size_t y = 0; y < rows; ++y)
        for (std::size_t x = 0; x < columns; ++x) ASSERT_EQ(same(y, x), from(y, x));
    }
  }
}

class MatrixTransposeOfBadInput : public tine_test::NothingLeftBehind {};

TEST_F(MatrixTransposeOfBadInput, is_refused_with_the_shapes) {
  Pool pool({.workers = 1});
  auto a = pool.array<double>(5, 6);
  EXPECT_THROW(transpose(pool, a, a), InvalidArgument);
  auto square = pool.array<double>(5, 5);
  EXPECT_THROW(transpose(pool, square, square), InvalidArgument);
  auto none = pool.array<double>(0, 5), empty = pool.array<double>(5, 0);
  transpose(pool, none, empty);
}

}  // namespace

}  // namespace tine::matrix
