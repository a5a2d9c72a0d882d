#include "learn/block_filter.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learn/block_filter.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef TINE_MINING_BLOCK_FILTER_ONCE
#define TINE_MINING_BLOCK_FILTER_ONCE

namespace tine::mining {

/// Of 8 queries.
struct Framed {
  double box[filter_queries];     ///< squared distances from the box
  double square[filter_queries];  ///< squared distances from the centre, in the block's scale
};

/// What |b|^2 - 2 a'b must not exceed.
struct Threshold {
  enum class Points : unsigned char { none, some, all } points;
  float value;
};

/// With u = 2^-24, r = |a| + |b| <= |a| + radius, and d dimensions: rounding the coordinates of a and b to floats
/// changes |a - b|^2 by at most 2 u r^2, the sum has an error of at most (d + 1) u r^2 (1 + d u) with fused
/// operations and u r^2 more without, and rounding |b|^2 one of u r^2. What is below the range of floats, or of
/// doubles in a limit, is made up for by tiny.
inline Threshold threshold(const Framed& framed, std::size_t query, double limit,
                           const BlockFrame& frame, std::size_t dimensions) {
  constexpr double u = 0x1p-24, tiny = 1e-30, tiny_limit = 1e-290, huge = 1e30;
  const double square = framed.square[query];
  if (!(framed.box[query] <= limit)) return {Threshold::Points::none, 0};
  const double r = std::sqrt(square) + frame.radius;
  const double terms = static_cast<double>(dimensions) + 8;
  const double most = (limit + tiny_limit) * frame.scale * frame.scale * (1 + terms * 0x1p-50) -
                      square + 1.5 * terms * u * r * r + tiny;
  if (!(square < huge) || !(most < huge)) return {Threshold::Points::all, 0};
  return {Threshold::Points::some, static_cast<float>(most + 2 * u * std::abs(most))};
}

}  // namespace tine::mining

#endif

HWY_BEFORE_NAMESPACE();
namespace tine::mining {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Queries in the frame of the block, times -2, and how far they are.
void frame_queries(const Block& block, std::size_t dimensions, const double* HWY_RESTRICT queries,
                   float* HWY_RESTRICT scratch, Framed& framed) {
  const hn::CappedTag<double, filter_queries> d;
  const hn::Rebind<float, decltype(d)> f;
  const auto scale = hn::Set(d, block.frame.scale), zero = hn::Zero(d);
  const auto minus_two = hn::Set(f, -2.0f);
  for (std::size_t query = 0; query < filter_queries; query += hn::Lanes(d)) {
    auto from_box = zero, square = zero;
    for (std::size_t i = 0; i < dimensions; ++i) {
      const auto q = hn::LoadU(d, queries + i * filter_queries + query);
      const auto below = hn::Sub(hn::Set(d, block.box[i]), q);
      const auto above = hn::Sub(q, hn::Set(d, block.box[dimensions + i]));
      const auto gap = hn::Max(hn::Max(below, above), zero);
      from_box = hn::Add(from_box, hn::Mul(gap, gap));
      const auto a = hn::DemoteTo(f, hn::Mul(hn::Sub(q, hn::Set(d, block.centre[i])), scale));
      const auto rounded = hn::PromoteTo(d, a);
      square = hn::MulAdd(rounded, rounded, square);
      hn::StoreU(hn::Mul(a, minus_two), f, scratch + i * filter_queries + query);
    }
    hn::StoreU(from_box, d, framed.box + query);
    hn::StoreU(square, d, framed.square + query);
  }
}

/// Adds bits of four queries.
void filter_four(const float* HWY_RESTRICT tile, std::size_t dimensions,
                 const float* HWY_RESTRICT scratch, const float* thresholds,
                 std::uint64_t* HWY_RESTRICT found) {
  const hn::CappedTag<float, 16> f;
  const std::size_t lanes = hn::Lanes(f);
  const auto bits = [&](auto mask) {
    std::uint8_t bytes[8] = {};  // StoreMaskBits may write more than there is
    hn::StoreMaskBits(f, mask, bytes);
    std::uint64_t all;
    std::memcpy(&all, bytes, sizeof all);
    return all & ((std::uint64_t{1} << lanes) - 1);
  };
  for (std::size_t point = 0; point < block_points; point += 2 * lanes) {
    const auto squares = hn::LoadU(f, tile + point), more = hn::LoadU(f, tile + point + lanes);
    auto a0 = squares, a1 = squares, a2 = squares, a3 = squares;
    auto b0 = more, b1 = more, b2 = more, b3 = more;
    for (std::size_t i = 0; i < dimensions; ++i) {
      const float* const row = tile + (i + 1) * block_points + point;
      const float* const q = scratch + i * filter_queries;
      const auto x = hn::LoadU(f, row), y = hn::LoadU(f, row + lanes);
      const auto q0 = hn::Set(f, q[0]), q1 = hn::Set(f, q[1]);
      const auto q2 = hn::Set(f, q[2]), q3 = hn::Set(f, q[3]);
      a0 = hn::MulAdd(x, q0, a0);
      b0 = hn::MulAdd(y, q0, b0);
      a1 = hn::MulAdd(x, q1, a1);
      b1 = hn::MulAdd(y, q1, b1);
      a2 = hn::MulAdd(x, q2, a2);
      b2 = hn::MulAdd(y, q2, b2);
      a3 = hn::MulAdd(x, q3, a3);
      b3 = hn::MulAdd(y, q3, b3);
    }
    const auto add = [&](std::size_t query, auto a, auto b) {
      const auto most = hn::Set(f, thresholds[query]);
      found[query] |= (bits(hn::Le(a, most)) | bits(hn::Le(b, most)) << lanes) << point;
    };
    add(0, a0, b0);
    add(1, a1, b1);
    add(2, a2, b2);
    add(3, a3, b3);
  }
}

void filter(const Block& block, std::size_t dimensions, const double* queries, const double* limits,
            float* scratch, std::uint64_t* found) {
  Framed framed;
  frame_queries(block, dimensions, queries, scratch, framed);
  for (std::size_t begin = 0; begin < filter_queries; begin += 4) {
    float thresholds[4];
    bool all[4], any = false;
    for (std::size_t i = 0; i < 4; ++i) {
      const Threshold of = threshold(framed, begin + i, limits[begin + i], block.frame, dimensions);
      all[i] = of.points == Threshold::Points::all;
      thresholds[i] =
          of.points == Threshold::Points::some ? of.value : -std::numeric_limits<float>::infinity();
      found[begin + i] = 0;
      any = any || of.points == Threshold::Points::some;
    }
    if (any) filter_four(block.tile, dimensions, scratch + begin, thresholds, found + begin);
    for (std::size_t i = 0; i < 4; ++i)
      if (all[i]) found[begin + i] = ~std::uint64_t{0};
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace tine::mining
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace tine::mining {

HWY_EXPORT(filter);

void filter_block(const Block& block, std::size_t dimensions, const double* queries,
                  const double* limits, float* scratch, std::uint64_t* found) {
  HWY_DYNAMIC_DISPATCH(filter)(block, dimensions, queries, limits, scratch, found);
}

}  // namespace tine::mining

#endif  // HWY_ONCE
