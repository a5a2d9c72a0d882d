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

/// `count` vectors of queries, beside all points. `dimensions` 0: any number of them.
template <class Kernel, std::size_t dimensions, std::size_t count>
class Queries {
 public:
  HWY_INLINE Queries(const DensityTile& tile, std::size_t lane) : tile_(tile), lane_(lane) {
    const Doubles d;
    for (std::size_t k = 0; k < dimensions; ++k) {
      scale_[k] = hn::Set(d, tile.scales[k]);
      for (std::size_t v = 0; v < count; ++v) x_[k][v] = load(tile.queries + k * density_lanes, v);
    }
    if (tile.excluded_begin == nullptr) return;
    const double* const begin = tile.excluded_begin + lane;
    const double* const end = tile.excluded_end + lane;
    excluded_begin_ = *std::min_element(begin, begin + count * hn::Lanes(d));
    excluded_end_ = *std::max_element(end, end + count * hn::Lanes(d));
  }

  HWY_INLINE void sum(DensityPart* parts) const {
    const Doubles d;
    V shift[count], total[count];
    for (std::size_t v = 0; v < count; ++v) shift[v] = hn::Zero(d);
    add_weights(shift, total);
    if (Kernel::has_tails && find_shifts(total, shift)) add_weights(shift, total);
    for (std::size_t v = 0; v < count; ++v) {
      double sums[8], shifts[8];
      hn::StoreU(total[v], d, sums);
      hn::StoreU(shift[v], d, shifts);
      for (std::size_t i = 0; i < hn::Lanes(d); ++i) *parts++ = {sums[i], shifts[i]};
    }
  }

 private:
  HWY_INLINE V load(const double* of_lanes, std::size_t v) const {
    const Doubles d;
    return hn::LoadU(d, of_lanes + lane_ + v * hn::Lanes(d));
  }

  HWY_INLINE void far_from(std::size_t point, V* far) const {
    const Doubles d;
    for (std::size_t v = 0; v < count; ++v) far[v] = hn::Set(d, Kernel::nowhere);
    const std::size_t size = dimensions == 0 ? tile_.dimensions : dimensions;
    const double* const p = tile_.points + point * size;
    for (std::size_t k = 0; k < size; ++k) {
      const V at = hn::Set(d, p[k]);
      const V scale = dimensions == 0 ? hn::Set(d, tile_.scales[k]) : scale_[k];
      for (std::size_t v = 0; v < count; ++v) {
        const V x = dimensions == 0 ? load(tile_.queries + k * density_lanes, v) : x_[k][v];
        far[v] = Kernel::farther(far[v], hn::Sub(at, x), scale);
      }
    }
  }

  HWY_INLINE auto is_excluded(std::size_t point, std::size_t v) const {
    const V i = hn::Set(Doubles(), static_cast<double>(point));
    return hn::And(hn::Le(load(tile_.excluded_begin, v), i),
                   hn::Lt(i, load(tile_.excluded_end, v)));
  }
  HWY_INLINE bool some_excluded(std::size_t begin, std::size_t end) const {
    return static_cast<double>(end) > excluded_begin_ && static_cast<double>(begin) < excluded_end_;
  }

  template <bool excluding>
  HWY_INLINE void add_block(std::size_t begin, std::size_t end, const V* shift, V* sum) const {
    for (std::size_t i = begin; i < end; ++i) {
      V far[count];
      far_from(i, far);
      for (std::size_t v = 0; v < count; ++v) {
        V weight = Kernel::weight(hn::Sub(far[v], shift[v]));
        if (excluding) weight = hn::IfThenZeroElse(is_excluded(i, v), weight);
        sum[v] = hn::Add(sum[v], weight);
      }
    }
  }

  HWY_INLINE void add_weights(const V* shift, V* total) const {
    const Doubles d;
    V lost[count];
    for (std::size_t v = 0; v < count; ++v) total[v] = lost[v] = hn::Zero(d);
    for (std::size_t i = tile_.first; i < tile_.last; i += block_points) {
      const std::size_t end = std::min(i + block_points, tile_.last);
      V sum[count];
      for (std::size_t v = 0; v < count; ++v) sum[v] = hn::Zero(d);
      if (some_excluded(i, end))
        add_block<true>(i, end, shift, sum);
      else
        add_block<false>(i, end, shift, sum);
      for (std::size_t v = 0; v < count; ++v) {  // D. Knuth's exact sum
        const V both = hn::Add(total[v], sum[v]), of_sum = hn::Sub(both, total[v]);
        lost[v] = hn::Add(
            lost[v], hn::Add(hn::Sub(total[v], hn::Sub(both, of_sum)), hn::Sub(sum[v], of_sum)));
        total[v] = both;
      }
    }
    for (std::size_t v = 0; v < count; ++v) total[v] = hn::Add(total[v], lost[v]);
  }

  /// Of each lane where the sum is too small, how far the nearest point is. False when none is.
  HWY_INLINE bool find_shifts(const V* total, V* shift) const {
    const Doubles d;
    const V limit = hn::Set(d, small_sum);
    bool any = false;
    for (std::size_t v = 0; v < count; ++v) any |= !hn::AllFalse(d, hn::Lt(total[v], limit));
    if (!any) return false;
    V least[count];
    const V infinite = hn::Set(d, std::numeric_limits<double>::infinity());
    for (std::size_t v = 0; v < count; ++v) least[v] = infinite;
    for (std::size_t i = tile_.first; i < tile_.last; ++i) {
      V far[count];
      far_from(i, far);
      const bool excluding = some_excluded(i, i + 1);
      for (std::size_t v = 0; v < count; ++v) {
        if (excluding) far[v] = hn::IfThenElse(is_excluded(i, v), infinite, far[v]);
        least[v] = hn::Min(least[v], far[v]);
      }
    }
    for (std::size_t v = 0; v < count; ++v)
      shift[v] = hn::IfThenElseZero(hn::Lt(total[v], limit), least[v]);
    return true;
  }

  const DensityTile& tile_;
  const std::size_t lane_;
  V scale_[dimensions == 0 ? 1 : dimensions];
  V x_[dimensions == 0 ? 1 : dimensions][count];
  double excluded_begin_ = 0, excluded_end_ = 0;  // in any of the lanes
};

template <class Kernel, std::size_t dimensions>
void sum_lanes(const DensityTile& tile, std::size_t lanes, DensityPart* parts) {
  constexpr std::size_t together = 4;  // as many as there are registers for
  const std::size_t vector = hn::Lanes(Doubles());
  static_assert(density_lanes % (together * 8) == 0);
  for (std::size_t lane = 0; lane < lanes;) {
    if (lanes - lane > vector) {
      Queries<Kernel, dimensions, together>(tile, lane).sum(parts + lane);
      lane += together * vector;
    } else {
      Queries<Kernel, dimensions, 1>(tile, lane).sum(parts + lane);
      lane += vector;
    }
  }
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
