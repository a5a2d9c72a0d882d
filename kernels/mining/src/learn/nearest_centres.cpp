#include <algorithm>
#include <limits>

#include "centres.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learn/nearest_centres.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "learn/float_tile-inl.hpp"

// Each lane is a row: which rows are neighbours changes nothing. What is not written as MulAdd must not become
// one (-ffp-contract=off).
HWY_BEFORE_NAMESPACE();
namespace tine::mining {
namespace HWY_NAMESPACE {

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
  const auto tiny = hn::Set(d, smallest);
  const auto margin = hn::Add(hn::MulAdd(square, hn::Set(d, c.double_error), product_error), tiny);
  const auto most = hn::Add(best, margin);
  const auto sure = hn::Gt(second, most);
  const auto square_error = hn::Mul(square, error);
  const auto far = hn::Sqrt(hn::Max(zero, hn::MulAdd(most, twice, hn::Add(square, square_error))));
  const auto near = hn::Sqrt(
      hn::Max(zero, hn::MulAdd(hn::Sub(second, tiny), twice, hn::Sub(square, square_error))));
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
  auto square0 = hn::Zero(d), square1 = square0, norm0 = square0, norm1 = square0;
  lengths(c, x, width, square0, square1, norm0, norm1);
  auto best0 = hn::Set(d, std::numeric_limits<float>::infinity());
  auto best1 = best0, second0 = best0, second1 = best0;
  auto index0 = hn::Zero(whole), index1 = index0;
  for (std::size_t g = 0; g < c.count; g += CentresView::group)
    half_squares(c, g, x, width, norm0, norm1, [&](auto first, auto other, std::size_t centre) {
      const auto index = hn::Set(whole, static_cast<std::int32_t>(centre));
      take(first, index, best0, second0, index0);
      take(other, index, best1, second1, index1);
    });
  finish(c, square0, norm0, best0, second0, index0, nearest, upper, lower);
  finish(c, square1, norm1, best1, second1, index1, nearest + lanes, upper + lanes, lower + lanes);
}

void screen(const CentresView& c, const double* x, const std::uint32_t* rows, std::size_t count,
            float* tile, std::uint32_t* nearest, float* upper, float* lower) {
  const std::size_t width = tile_rows();
  for (std::size_t first = 0; first < count; first += width) {
    fill_tile(
        c, first, count, [&](std::size_t i) { return x + rows[i] * c.dimensions; }, tile);
    for (std::size_t s = first; s < first + width; s += 2 * hn::Lanes(Floats()))
      screen_rows(c, tile + s - first, width, nearest + s, upper + s, lower + s);
  }
}

/// Of as many rows as there are doubles in a vector, which are columns of x: the nearest centre, and the least
/// and the second least of the squared distances.
void decide_tile(const CentresView& c, const double* HWY_RESTRICT x, std::uint64_t* nearest,
                 double* least, double* next) {
  const Doubles d;
  const hn::RebindToUnsigned<Doubles> whole;
  const std::size_t lanes = hn::Lanes(d);
  auto best = hn::Set(d, std::numeric_limits<double>::infinity()), second = best;
  auto index = hn::Zero(whole);
  const auto take_one = [&](auto sum, std::size_t centre) {
    const auto nearer = hn::Lt(sum, best);
    second = hn::Min(second, hn::Max(sum, best));
    best = hn::IfThenElse(nearer, sum, best);
    index =
        hn::IfThenElse(hn::RebindMask(whole, nearer), hn::Set(whole, std::uint64_t{centre}), index);
  };
  std::size_t g = 0;
  for (; g + 2 <= c.count; g += 2) {
    const double* HWY_RESTRICT v = c.values + g * c.dimensions;
    const double* HWY_RESTRICT w = v + c.dimensions;
    auto a = hn::Zero(d), b = a;
    for (std::size_t j = 0; j < c.dimensions; ++j) {
      const auto at = hn::Load(d, x + j * lanes);
      const auto of_a = hn::Sub(at, hn::Set(d, v[j])), of_b = hn::Sub(at, hn::Set(d, w[j]));
      a = hn::Add(a, hn::Mul(of_a, of_a));
      b = hn::Add(b, hn::Mul(of_b, of_b));
    }
    take_one(a, g);
    take_one(b, g + 1);
  }
  if (g < c.count) {
    auto a = hn::Zero(d);
    for (std::size_t j = 0; j < c.dimensions; ++j) {
      const auto of_a =
          hn::Sub(hn::Load(d, x + j * lanes), hn::Set(d, c.values[g * c.dimensions + j]));
      a = hn::Add(a, hn::Mul(of_a, of_a));
    }
    take_one(a, g);
  }
  hn::StoreU(index, whole, nearest);
  hn::StoreU(hn::Sqrt(best), d, least);
  hn::StoreU(hn::Sqrt(second), d, next);
}

void decide(const CentresView& c, const double* x, const std::uint32_t* rows,
            std::span<const std::uint32_t> which, double* tile, std::uint32_t* nearest,
            float* upper, float* lower) {
  constexpr std::size_t most_lanes = 64 / sizeof(double);
  const std::size_t lanes = hn::Lanes(Doubles());
  static_assert(hn::MaxLanes(Doubles()) <= most_lanes);
  for (std::size_t first = 0; first < which.size(); first += lanes) {
    for (std::size_t s = 0; s < lanes; ++s) {
      const double* const row =
          x + rows[which[std::min(first + s, which.size() - 1)]] * c.dimensions;
      for (std::size_t j = 0; j < c.dimensions; ++j) tile[j * lanes + s] = row[j];
    }
    std::uint64_t index[most_lanes];
    double least[most_lanes], next[most_lanes];
    decide_tile(c, tile, index, least, next);
    for (std::size_t s = 0; s < lanes && first + s < which.size(); ++s) {
      const std::size_t i = which[first + s];
      nearest[i] = static_cast<std::uint32_t>(index[s]);
      upper[i] = static_cast<float>(least[s] * c.scale) * rounding_up + smallest;
      lower[i] = static_cast<float>(next[s] * c.scale) * rounding_down - smallest;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace tine::mining
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace tine::mining {

HWY_EXPORT(screen);
HWY_EXPORT(decide);

void NearestCentres::find(const CentresView& centres, const double* x,
                          std::span<const std::uint32_t> rows) {
  constexpr std::uint32_t unsure = ~std::uint32_t{0};
  tile_.reserve(centres.dimensions);
  const std::size_t room = FloatTile::whole_tiles(rows.size());
  for (auto* bounds : {&upper_, &lower_})
    if (bounds->size() < room) bounds->resize(room);
  if (nearest_.size() < room) nearest_.resize(room);
  HWY_DYNAMIC_DISPATCH(screen)
  (centres, x, rows.data(), rows.size(), tile_.floats(), nearest_.data(), upper_.data(),
   lower_.data());
  unsure_.clear();
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (nearest_[i] == unsure) unsure_.push_back(static_cast<std::uint32_t>(i));
  HWY_DYNAMIC_DISPATCH(decide)
  (centres, x, rows.data(), unsure_, tile_.doubles(), nearest_.data(), upper_.data(),
   lower_.data());
}

}  // namespace tine::mining

#endif  // HWY_ONCE
