#include <algorithm>

#include "centres.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learn/closer_centres.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "learn/float_tile-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tine::mining {
namespace HWY_NAMESPACE {

/// @param closest  squared distances in the frame, rounded up
void screen_closer(const CentresView& c, const double* x, std::size_t rows, const float* closest,
                   float* tile, std::uint32_t* bits) {
  const Floats d;
  const hn::RebindToUnsigned<Floats> whole;
  const std::size_t width = tile_rows(), lanes = hn::Lanes(d);
  const auto twice = hn::Set(d, 2.0f), shrink = hn::Set(d, 1 - c.float_error);
  for (std::size_t first = 0; first < rows; first += width) {
    fill_tile(
        c, first, rows, [&](std::size_t i) { return x + i * c.dimensions; }, tile);
    for (std::size_t s = 0; s < width; s += 2 * lanes) {
      auto square0 = hn::Zero(d), square1 = square0, norm0 = square0, norm1 = square0;
      lengths(c, tile + s, width, square0, square1, norm0, norm1);
      square0 = hn::Mul(square0, shrink);
      square1 = hn::Mul(square1, shrink);
      const auto closest0 = hn::LoadU(d, closest + first + s);
      const auto closest1 = hn::LoadU(d, closest + first + s + lanes);
      auto bits0 = hn::Zero(whole), bits1 = bits0;
      for (std::size_t g = 0; g < c.count; g += CentresView::group)
        half_squares(c, g, tile + s, width, norm0, norm1,
                     [&](auto one, auto other, std::size_t centre) {
                       const auto bit = hn::Set(whole, std::uint32_t{1} << centre);
                       const auto far0 = hn::Ge(hn::MulAdd(one, twice, square0), closest0);
                       const auto far1 = hn::Ge(hn::MulAdd(other, twice, square1), closest1);
                       bits0 = hn::Or(bits0, hn::IfThenZeroElse(hn::RebindMask(whole, far0), bit));
                       bits1 = hn::Or(bits1, hn::IfThenZeroElse(hn::RebindMask(whole, far1), bit));
                     });
      hn::StoreU(bits0, whole, bits + first + s);
      hn::StoreU(bits1, whole, bits + first + s + lanes);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace tine::mining
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace tine::mining {

HWY_EXPORT(screen_closer);

void CloserCentres::find(const CentresView& centres, const double* x,
                         std::span<const double> closest) {
  const std::size_t room = FloatTile::whole_tiles(closest.size());
  tile_.reserve(centres.dimensions);
  bits_.resize(room);
  closest_.resize(room);
  const double scale = centres.scale * centres.scale;
  for (std::size_t i = 0; i < closest.size(); ++i)
    closest_[i] = static_cast<float>(closest[i] * scale) * rounding_up + smallest;
  HWY_DYNAMIC_DISPATCH(screen_closer)
  (centres, x, closest.size(), closest_.data(), tile_.floats(), bits_.data());
  // Those that pad the last group are far from all.
  for (std::uint32_t& bits : bits_) bits &= (std::uint32_t{2} << (centres.count - 1)) - 1;
}

}  // namespace tine::mining

#endif  // HWY_ONCE
