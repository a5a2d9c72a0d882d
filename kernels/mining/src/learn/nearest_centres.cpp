#include <algorithm>
#include <cstring>

#include "centres.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learn/nearest_centres.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// Each lane is a row: which rows are neighbours changes nothing. What is not written as MulAdd must not become
// one (-ffp-contract=off).
HWY_BEFORE_NAMESPACE();
namespace tine::mining {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Doubles = hn::ScalableTag<double>;

/// Of a tile, whose columns are as long: two vectors, but no fewer than there are rows in a block.
std::size_t tile_rows() {
  return std::max<std::size_t>(4, 2 * hn::Lanes(Floats()));
}

/// A row in the frame, as floats.
void convert(const CentresView& c, const double* HWY_RESTRICT row, float* HWY_RESTRICT to) {
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
void transpose(const float* HWY_RESTRICT from, std::size_t row_stride, float* HWY_RESTRICT to,
               std::size_t stride) {
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

/// The least and the second least of half squares less products so far, and where the least was.
template <class V, class I>
HWY_INLINE void take(V half_square, I centre, V& best, V& second, I& index) {
  const hn::RebindToSigned<Floats> whole;
  const auto nearer = hn::Lt(half_square, best);
  second = hn::Min(second, hn::Max(half_square, best));
  best = hn::Min(half_square, best);
  index = hn::IfThenElse(hn::RebindMask(whole, nearer), centre, index);
}

/// Of as many rows as there are lanes.
template <class V, class I>
HWY_INLINE void finish(const CentresView& c, V square, V norm, V best, V second, I index,
                       std::uint32_t* nearest, float* upper, float* lower) {
  const Floats d;
  const hn::RebindToSigned<Floats> whole;
  const hn::RebindToUnsigned<Floats> unsigned_whole;
  const auto twice = hn::Set(d, 2.0f), half = hn::Set(d, 0.5f);
  const auto error = hn::Set(d, c.float_error);
  const auto zero = hn::Zero(d);
  const auto of_centre = hn::GatherIndex(d, c.norm, index);
  // 2.2 for both sides of the difference, and the rounding of what is computed here.
  const auto product_error = hn::Mul(hn::Mul(hn::Mul(error, hn::Set(d, 2.2f)), of_centre),
                                     hn::MulAdd(of_centre, half, norm));
  const auto margin = hn::MulAdd(square, hn::Set(d, c.double_error), product_error);
  const auto most = hn::Add(best, margin);
  const auto sure = hn::Gt(second, most);
  const auto square_error = hn::Mul(square, error);
  const auto far = hn::Sqrt(hn::Max(zero, hn::MulAdd(most, twice, hn::Add(square, square_error))));
  const auto near =
      hn::Sqrt(hn::Max(zero, hn::MulAdd(second, twice, hn::Sub(square, square_error))));
  hn::StoreU(hn::Mul(far, hn::Set(d, rounding_up)), d, upper);
  hn::StoreU(hn::Mul(near, hn::Set(d, rounding_down)), d, lower);
  const auto known = hn::IfThenElse(hn::RebindMask(whole, sure), index, hn::Set(whole, -1));
  hn::StoreU(hn::BitCast(unsigned_whole, known), unsigned_whole, nearest);
}

/// Of two vectors of rows, which are columns of x that are `width` apart; ~0 where it is not sure.
void screen_rows(const CentresView& c, const float* HWY_RESTRICT x, std::size_t width,
                 std::uint32_t* nearest, float* upper, float* lower) {
  const Floats d;
  const hn::RebindToSigned<Floats> whole;
  const std::size_t lanes = hn::Lanes(d);
  auto square0 = hn::Zero(d), square1 = hn::Zero(d);
  for (std::size_t j = 0; j < c.dimensions; ++j) {
    const auto x0 = hn::Load(d, x + j * width), x1 = hn::Load(d, x + j * width + lanes);
    square0 = hn::MulAdd(x0, x0, square0);
    square1 = hn::MulAdd(x1, x1, square1);
  }
  const auto grow = hn::Set(d, 1 + c.float_error);
  const auto norm0 = hn::Mul(hn::Sqrt(square0), grow), norm1 = hn::Mul(hn::Sqrt(square1), grow);
  auto best0 = hn::Set(d, std::numeric_limits<float>::infinity());
  auto best1 = best0, second0 = best0, second1 = best0;
  auto index0 = hn::Zero(whole), index1 = index0;
  for (std::size_t g = 0; g < c.count; g += CentresView::group) {
    const float* HWY_RESTRICT w = c.groups + g * c.dimensions;
    auto half = hn::Set(d, c.half[g]), error = hn::Set(d, c.error[g]);
    auto a0 = hn::NegMulAdd(error, norm0, half), a1 = hn::NegMulAdd(error, norm1, half);
    half = hn::Set(d, c.half[g + 1]), error = hn::Set(d, c.error[g + 1]);
    auto b0 = hn::NegMulAdd(error, norm0, half), b1 = hn::NegMulAdd(error, norm1, half);
    half = hn::Set(d, c.half[g + 2]), error = hn::Set(d, c.error[g + 2]);
    auto e0 = hn::NegMulAdd(error, norm0, half), e1 = hn::NegMulAdd(error, norm1, half);
    half = hn::Set(d, c.half[g + 3]), error = hn::Set(d, c.error[g + 3]);
    auto f0 = hn::NegMulAdd(error, norm0, half), f1 = hn::NegMulAdd(error, norm1, half);
    for (std::size_t j = 0; j < c.dimensions; ++j) {
      const auto x0 = hn::Load(d, x + j * width), x1 = hn::Load(d, x + j * width + lanes);
      auto y = hn::Set(d, w[4 * j]);
      a0 = hn::NegMulAdd(y, x0, a0);
      a1 = hn::NegMulAdd(y, x1, a1);
      y = hn::Set(d, w[4 * j + 1]);
      b0 = hn::NegMulAdd(y, x0, b0);
      b1 = hn::NegMulAdd(y, x1, b1);
      y = hn::Set(d, w[4 * j + 2]);
      e0 = hn::NegMulAdd(y, x0, e0);
      e1 = hn::NegMulAdd(y, x1, e1);
      y = hn::Set(d, w[4 * j + 3]);
      f0 = hn::NegMulAdd(y, x0, f0);
      f1 = hn::NegMulAdd(y, x1, f1);
    }
    const auto centre = hn::Set(whole, static_cast<std::int32_t>(g));
    const auto one = hn::Set(whole, 1), two = hn::Set(whole, 2), three = hn::Set(whole, 3);
    take(a0, centre, best0, second0, index0);
    take(a1, centre, best1, second1, index1);
    take(b0, hn::Add(centre, one), best0, second0, index0);
    take(b1, hn::Add(centre, one), best1, second1, index1);
    take(e0, hn::Add(centre, two), best0, second0, index0);
    take(e1, hn::Add(centre, two), best1, second1, index1);
    take(f0, hn::Add(centre, three), best0, second0, index0);
    take(f1, hn::Add(centre, three), best1, second1, index1);
  }
  finish(c, square0, norm0, best0, second0, index0, nearest, upper, lower);
  finish(c, square1, norm1, best1, second1, index1, nearest + lanes, upper + lanes, lower + lanes);
}

/// @param tile  of tile_floats() floats
void screen(const CentresView& c, const double* x, const std::uint32_t* rows, std::size_t count,
            float* tile, std::uint32_t* nearest, float* upper, float* lower) {
  const std::size_t width = tile_rows(), stride = (c.dimensions + 3) / 4 * 4;
  float* const converted = tile + stride * width;
  std::fill_n(converted, 4 * stride, 0.0f);
  for (std::size_t first = 0; first < count; first += width) {
    for (std::size_t s = 0; s < width; s += 4) {
      for (std::size_t i = 0; i < 4; ++i) {
        const auto row = [&](std::size_t at) {
          return x + rows[std::min(at, count - 1)] * c.dimensions;
        };
        const double* const later = row(first + s + i + width);
        for (std::size_t j = 0; j < c.dimensions; j += 64 / sizeof *x) __builtin_prefetch(later + j);
        convert(c, row(first + s + i), converted + i * stride);
      }
      for (std::size_t j = 0; j < stride; j += 4)
        transpose(converted + j, stride, tile + j * width + s, width);
    }
    for (std::size_t s = first; s < first + width; s += 2 * hn::Lanes(Floats()))
      screen_rows(c, tile + s - first, width, nearest + s, upper + s, lower + s);
  }
}

/// Of as many rows as there are doubles in a vector, which are columns of x.
void decide_tile(const CentresView& c, const double* HWY_RESTRICT x, std::uint64_t* nearest) {
  const Doubles d;
  const hn::RebindToUnsigned<Doubles> whole;
  const std::size_t lanes = hn::Lanes(d);
  auto best = hn::Set(d, std::numeric_limits<double>::infinity());
  auto index = hn::Zero(whole);
  const auto take_one = [&](auto sum, std::size_t centre) {
    const auto nearer = hn::Lt(sum, best);
    best = hn::IfThenElse(nearer, sum, best);
    index =
        hn::IfThenElse(hn::RebindMask(whole, nearer), hn::Set(whole, std::uint64_t{centre}), index);
  };
  for (std::size_t g = 0; g < c.count; g += 2) {
    const std::size_t next = std::min(g + 1, c.count - 1);
    const double* HWY_RESTRICT v = c.values + g * c.dimensions;
    const double* HWY_RESTRICT w = c.values + next * c.dimensions;
    auto a = hn::Zero(d), b = hn::Zero(d);
    for (std::size_t j = 0; j < c.dimensions; ++j) {
      const auto at = hn::Load(d, x + j * lanes);
      const auto of_a = hn::Sub(at, hn::Set(d, v[j])), of_b = hn::Sub(at, hn::Set(d, w[j]));
      a = hn::Add(a, hn::Mul(of_a, of_a));
      b = hn::Add(b, hn::Mul(of_b, of_b));
    }
    take_one(a, g);
    take_one(b, next);
  }
  hn::StoreU(index, whole, nearest);
}

void decide(const CentresView& c, const double* x, const std::uint32_t* rows,
            const std::uint32_t* which, std::size_t count, double* tile, std::uint32_t* nearest) {
  constexpr std::size_t most_lanes = 64 / sizeof(double);
  const std::size_t lanes = hn::Lanes(Doubles());
  static_assert(hn::MaxLanes(Doubles()) <= most_lanes);
  for (std::size_t first = 0; first < count; first += lanes) {
    for (std::size_t s = 0; s < lanes; ++s) {
      const double* const row = x + rows[which[std::min(first + s, count - 1)]] * c.dimensions;
      for (std::size_t j = 0; j < c.dimensions; ++j) tile[j * lanes + s] = row[j];
    }
    std::uint64_t index[most_lanes];
    decide_tile(c, tile, index);
    for (std::size_t s = 0; s < lanes && first + s < count; ++s)
      nearest[which[first + s]] = static_cast<std::uint32_t>(index[s]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace tine::mining
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace tine::mining {

HWY_EXPORT(tile_rows);
HWY_EXPORT(screen);
HWY_EXPORT(decide);

void NearestCentres::find(const CentresView& centres, const double* x,
                          std::span<const std::uint32_t> rows) {
  constexpr std::uint32_t unsure = ~std::uint32_t{0};
  const std::size_t width = HWY_DYNAMIC_DISPATCH(tile_rows)();
  const std::size_t stride = (centres.dimensions + 3) / 4 * 4;
  // Floats of a tile and of four rows, or as many bytes of doubles.
  tile_.resize((stride * (width + 4) * sizeof(float) + sizeof(Line) - 1) / sizeof(Line));
  const std::size_t room = (rows.size() + width - 1) / width * width;
  for (auto* bounds : {&upper_, &lower_})
    if (bounds->size() < room) bounds->resize(room);
  if (nearest_.size() < room) nearest_.resize(room);
  HWY_DYNAMIC_DISPATCH(screen)
  (centres, x, rows.data(), rows.size(), reinterpret_cast<float*>(tile_.data()), nearest_.data(),
   upper_.data(), lower_.data());
  unsure_.clear();
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (nearest_[i] == unsure) {
      unsure_.push_back(static_cast<std::uint32_t>(i));
      upper_[i] = std::numeric_limits<float>::infinity();
      lower_[i] = 0;
    }
  HWY_DYNAMIC_DISPATCH(decide)
  (centres, x, rows.data(), unsure_.data(), unsure_.size(), reinterpret_cast<double*>(tile_.data()),
   nearest_.data());
}

}  // namespace tine::mining

#endif  // HWY_ONCE
