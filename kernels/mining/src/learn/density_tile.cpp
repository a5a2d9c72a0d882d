#include "density_tile.hpp"

#include <algorithm>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learn/density_tile.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "exp-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tine::mining {
namespace HWY_NAMESPACE {

namespace {

using Doubles = hn::CappedTag<double, 8>;
using V = hn::Vec<Doubles>;

// Kernels say how far a point is, beginning with `nowhere` and going on dimension by dimension, and what it
// weighs at that distance.

/// Far is the exponent of 2: the square of the distance, in units that make it so.
struct Gaussian {
  static constexpr double nowhere = 0;
  static constexpr bool has_tails = true;
  static HWY_INLINE V farther(V far, V difference, V scale) {
    const V x = hn::Mul(difference, scale);
    return hn::MulAdd(x, x, far);
  }
  static HWY_INLINE V weight(V far) { return exp2_of_minus(Doubles(), far); }
};

/// Far is how much farther a point is than the side of the cube, in the dimension where that is most.
struct Cube {
  static constexpr double nowhere = -std::numeric_limits<double>::infinity();
  static constexpr bool has_tails = false;
  static HWY_INLINE V farther(V far, V difference, V reach) {
    return hn::Max(far, hn::Sub(hn::Abs(difference), reach));
  }
  static HWY_INLINE V weight(V far) {
    const Doubles d;
    return hn::IfThenElseZero(hn::Le(far, hn::Zero(d)), hn::Set(d, 1.0));
  }
};

/// Points whose terms are added as they are; the sums of so many are added without loss.
constexpr std::size_t block_points = 64;
/// Below this, terms that are no doubles any more might matter.
constexpr double small_sum = 0x1p-900;

/// A vector of queries, beside all points. `dimensions` 0: any number of them.
template <class Kernel, std::size_t dimensions>
class Queries {
 public:
  HWY_INLINE Queries(const DensityTile& tile, std::size_t lane) : tile_(tile), lane_(lane) {
    const Doubles d;
    for (std::size_t k = 0; k < dimensions; ++k) {
      scale_[k] = hn::Set(d, tile.scales[k]);
      x_[k] = load(tile.queries + k * density_lanes);
    }
    if (tile.excluded_begin == nullptr) return;
    const double* const begin = tile.excluded_begin + lane;
    const double* const end = tile.excluded_end + lane;
    excluded_begin_ = *std::min_element(begin, begin + hn::Lanes(d));
    excluded_end_ = *std::max_element(end, end + hn::Lanes(d));
  }

  HWY_INLINE void sum(DensityPart* parts) const {
    const Doubles d;
    V shift = hn::Zero(d);
    V total = sum_of_weights(shift);
    if (Kernel::has_tails) {
      const auto small = hn::Lt(total, hn::Set(d, small_sum));
      if (!hn::AllFalse(d, small)) {
        shift = hn::IfThenElseZero(small, least_far());
        total = sum_of_weights(shift);
      }
    }
    double sums[8], shifts[8];
    hn::StoreU(total, d, sums);
    hn::StoreU(shift, d, shifts);
    for (std::size_t i = 0; i < hn::Lanes(d); ++i) parts[i] = {sums[i], shifts[i]};
  }

 private:
  HWY_INLINE V load(const double* of_lanes) const { return hn::LoadU(Doubles(), of_lanes + lane_); }

  HWY_INLINE V far_from(std::size_t point) const {
    const Doubles d;
    V far = hn::Set(d, Kernel::nowhere);
    const std::size_t size = dimensions == 0 ? tile_.dimensions : dimensions;
    const double* const p = tile_.points + point * size;
    for (std::size_t k = 0; k < size; ++k) {
      const V x = dimensions == 0 ? load(tile_.queries + k * density_lanes) : x_[k];
      const V scale = dimensions == 0 ? hn::Set(d, tile_.scales[k]) : scale_[k];
      far = Kernel::farther(far, hn::Sub(hn::Set(d, p[k]), x), scale);
    }
    return far;
  }

  HWY_INLINE auto is_excluded(std::size_t point) const {
    const V i = hn::Set(Doubles(), static_cast<double>(point));
    return hn::And(hn::Le(load(tile_.excluded_begin), i), hn::Lt(i, load(tile_.excluded_end)));
  }
  HWY_INLINE bool some_excluded(std::size_t begin, std::size_t end) const {
    return static_cast<double>(end) > excluded_begin_ && static_cast<double>(begin) < excluded_end_;
  }

  template <bool excluding>
  HWY_INLINE V sum_of_block(std::size_t begin, std::size_t end, V shift) const {
    V sum = hn::Zero(Doubles());
    for (std::size_t i = begin; i < end; ++i) {
      V weight = Kernel::weight(hn::Sub(far_from(i), shift));
      if (excluding) weight = hn::IfThenZeroElse(is_excluded(i), weight);
      sum = hn::Add(sum, weight);
    }
    return sum;
  }

  HWY_INLINE V sum_of_weights(V shift) const {
    V total = hn::Zero(Doubles()), lost = total;
    for (std::size_t i = tile_.first; i < tile_.last; i += block_points) {
      const std::size_t end = std::min(i + block_points, tile_.last);
      const V sum = some_excluded(i, end) ? sum_of_block<true>(i, end, shift)
                                          : sum_of_block<false>(i, end, shift);
      // D. Knuth's exact sum.
      const V both = hn::Add(total, sum), of_sum = hn::Sub(both, total);
      lost = hn::Add(lost, hn::Add(hn::Sub(total, hn::Sub(both, of_sum)), hn::Sub(sum, of_sum)));
      total = both;
    }
    return hn::Add(total, lost);
  }

  HWY_INLINE V least_far() const {
    const V infinite = hn::Set(Doubles(), std::numeric_limits<double>::infinity());
    V least = infinite;
    for (std::size_t i = tile_.first; i < tile_.last; ++i) {
      V far = far_from(i);
      if (some_excluded(i, i + 1)) far = hn::IfThenElse(is_excluded(i), infinite, far);
      least = hn::Min(least, far);
    }
    return least;
  }

  const DensityTile& tile_;
  const std::size_t lane_;
  V scale_[dimensions == 0 ? 1 : dimensions];
  V x_[dimensions == 0 ? 1 : dimensions];
  double excluded_begin_ = 0, excluded_end_ = 0;  // in any of the lanes
};

template <class Kernel, std::size_t dimensions>
void sum_lanes(const DensityTile& tile, std::size_t lanes, DensityPart* parts) {
  for (std::size_t lane = 0; lane < lanes; lane += hn::Lanes(Doubles()))
    Queries<Kernel, dimensions>(tile, lane).sum(parts + lane);
}

template <class Kernel>
void sum_tile(const DensityTile& tile, std::size_t lanes, DensityPart* parts) {
  if (tile.dimensions == 1)
    sum_lanes<Kernel, 1>(tile, lanes, parts);
  else if (tile.dimensions == 2)
    sum_lanes<Kernel, 2>(tile, lanes, parts);
  else
    sum_lanes<Kernel, 0>(tile, lanes, parts);
}

}  // namespace

void sum_gaussians(const DensityTile& tile, std::size_t lanes, DensityPart* parts) {
  sum_tile<Gaussian>(tile, lanes, parts);
}
void sum_cubes(const DensityTile& tile, std::size_t lanes, DensityPart* parts) {
  sum_tile<Cube>(tile, lanes, parts);
}

}  // namespace HWY_NAMESPACE
}  // namespace tine::mining
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace tine::mining {

HWY_EXPORT(sum_gaussians);
HWY_EXPORT(sum_cubes);

double density_scale(Kde::Kernel kernel, double bandwidth) {
  constexpr double root = 0.84932180028801904;  // of log2(e) / 2
  return kernel == Kde::Kernel::gaussian ? root / bandwidth : bandwidth / 2;
}

void sum_densities(Kde::Kernel kernel, const DensityTile& tile, std::size_t lanes,
                   DensityPart* parts) {
  if (kernel == Kde::Kernel::gaussian)
    HWY_DYNAMIC_DISPATCH(sum_gaussians)(tile, lanes, parts);
  else
    HWY_DYNAMIC_DISPATCH(sum_cubes)(tile, lanes, parts);
}

}  // namespace tine::mining

#endif  // HWY_ONCE
