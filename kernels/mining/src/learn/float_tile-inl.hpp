// Rows as columns of floats, and their products with centres: of each instruction set.
#if defined(TINE_MINING_FLOAT_TILE) == defined(HWY_TARGET_TOGGLE)
#ifdef TINE_MINING_FLOAT_TILE
#undef TINE_MINING_FLOAT_TILE
#else
#define TINE_MINING_FLOAT_TILE
#endif

#include <algorithm>
#include <cstring>

#include <hwy/highway.h>

#include "learn/centres.hpp"

HWY_BEFORE_NAMESPACE();
namespace tine::mining {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Doubles = hn::ScalableTag<double>;

/// Of a tile, whose columns are as long: two vectors, but no fewer than there are rows in a block.
[[maybe_unused]] HWY_INLINE std::size_t tile_rows() {
  return std::max<std::size_t>(4, 2 * hn::Lanes(Floats()));
}

/// A row in the frame, as floats.
HWY_INLINE void convert(const CentresView& c, const double* HWY_RESTRICT row,
                        float* HWY_RESTRICT to) {
  const Doubles d;
  const hn::Rebind<float, Doubles> narrow;
  const auto scale = hn::Set(d, c.scale);
  std::size_t j = 0;
  for (; j + hn::Lanes(d) <= c.dimensions; j += hn::Lanes(d)) {
    const auto x = hn::MulSub(hn::LoadU(d, row + j), scale, hn::LoadU(d, c.offset + j));
    hn::StoreU(hn::DemoteTo(narrow, x), narrow, to + j);
  }
  for (; j < c.dimensions; ++j) to[j] = static_cast<float>(row[j] * c.scale - c.offset[j]);
}

/// Four rows of four numbers become columns, which are `stride` apart.
HWY_INLINE void transpose(const float* HWY_RESTRICT from, std::size_t row_stride,
                          float* HWY_RESTRICT to, std::size_t stride) {
  using Four = float __attribute__((vector_size(16)));
  Four a, b, e, f;
  std::memcpy(&a, from, sizeof a);
  std::memcpy(&b, from + row_stride, sizeof b);
  std::memcpy(&e, from + 2 * row_stride, sizeof e);
  std::memcpy(&f, from + 3 * row_stride, sizeof f);
  const Four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const Four ef = __builtin_shufflevector(e, f, 0, 4, 1, 5);
  const Four ab_upper = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Four ef_upper = __builtin_shufflevector(e, f, 2, 6, 3, 7);
  a = __builtin_shufflevector(ab, ef, 0, 1, 4, 5);
  b = __builtin_shufflevector(ab, ef, 2, 3, 6, 7);
  e = __builtin_shufflevector(ab_upper, ef_upper, 0, 1, 4, 5);
  f = __builtin_shufflevector(ab_upper, ef_upper, 2, 3, 6, 7);
  std::memcpy(to, &a, sizeof a);
  std::memcpy(to + stride, &b, sizeof b);
  std::memcpy(to + 2 * stride, &e, sizeof e);
  std::memcpy(to + 3 * stride, &f, sizeof f);
}

/// Writes tile_rows() rows as columns, which are as long. After the last row comes that one again.
/// @param row   row(i) is the i-th
/// @param tile  of FloatTile
template <class Row>
HWY_INLINE void fill_tile(const CentresView& c, std::size_t first, std::size_t count, Row row,
                          float* HWY_RESTRICT tile) {
  const std::size_t width = tile_rows(), stride = FloatTile::stride(c.dimensions);
  float* const converted = tile + stride * width;
  for (std::size_t s = 0; s < width; s += 4) {
    for (std::size_t i = 0; i < 4; ++i) {
      const auto at = [&](std::size_t r) { return row(std::min(first + s + i + r, count - 1)); };
      const double* const later = at(width);
      for (std::size_t j = 0; j < c.dimensions; j += 64 / sizeof *later)
        __builtin_prefetch(later + j);
      convert(c, at(0), converted + i * stride);
    }
    for (std::size_t j = 0; j < stride; j += 4)
      transpose(converted + j, stride, tile + j * width + s, width);
  }
}

/// Squares of lengths of the columns of two vectors that are `width` apart, and lengths, at least.
template <class V>
HWY_INLINE void lengths(const CentresView& c, const float* HWY_RESTRICT x, std::size_t width,
                        V& square0, V& square1, V& norm0, V& norm1) {
  const Floats d;
  square0 = square1 = hn::Zero(d);
  for (std::size_t j = 0; j < c.dimensions; ++j, x += width) {
    const auto x0 = hn::Load(d, x), x1 = hn::Load(d, x + hn::Lanes(d));
    square0 = hn::MulAdd(x0, x0, square0);
    square1 = hn::MulAdd(x1, x1, square1);
  }
  const auto grow = hn::Set(d, 1 + c.float_error);
  norm0 = hn::Mul(hn::Sqrt(square0), grow);
  norm1 = hn::Mul(hn::Sqrt(square1), grow);
}

/// Half squares of the centres of a group less their products with the columns, less all errors: calls
/// take(first vector, second vector, centre) for each centre.
template <class V, class Take>
HWY_INLINE void half_squares(const CentresView& c, std::size_t group, const float* HWY_RESTRICT x,
                             std::size_t width, V norm0, V norm1, Take take) {
  const Floats d;
  const float* HWY_RESTRICT w = c.groups + group * c.dimensions;
  const auto start = [&](std::size_t i, V norm) {
    return hn::NegMulAdd(hn::Set(d, c.error[group + i]), norm, hn::Set(d, c.half[group + i]));
  };
  auto a0 = start(0, norm0), a1 = start(0, norm1), b0 = start(1, norm0), b1 = start(1, norm1);
  auto e0 = start(2, norm0), e1 = start(2, norm1), f0 = start(3, norm0), f1 = start(3, norm1);
  for (std::size_t j = 0; j < c.dimensions; ++j, x += width, w += CentresView::group) {
    const auto x0 = hn::Load(d, x), x1 = hn::Load(d, x + hn::Lanes(d));
    auto y = hn::Set(d, w[0]);
    a0 = hn::NegMulAdd(y, x0, a0);
    a1 = hn::NegMulAdd(y, x1, a1);
    y = hn::Set(d, w[1]);
    b0 = hn::NegMulAdd(y, x0, b0);
    b1 = hn::NegMulAdd(y, x1, b1);
    y = hn::Set(d, w[2]);
    e0 = hn::NegMulAdd(y, x0, e0);
    e1 = hn::NegMulAdd(y, x1, e1);
    y = hn::Set(d, w[3]);
    f0 = hn::NegMulAdd(y, x0, f0);
    f1 = hn::NegMulAdd(y, x1, f1);
  }
  take(a0, a1, group);
  take(b0, b1, group + 1);
  take(e0, e1, group + 2);
  take(f0, f1, group + 3);
}

}  // namespace HWY_NAMESPACE
}  // namespace tine::mining
HWY_AFTER_NAMESPACE();

#endif
