#include "density_sum.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <tine/for_each_slice.hpp>

#include "aggregate/two_fold.hpp"
#include "density_tile.hpp"

namespace tine::mining {

namespace {

// Points of a slice: the more, the fewer sums to keep; the fewer, the more slices for a few queries.
constexpr std::size_t chunk_points = 8192;
// Sums that are kept at once.
constexpr std::size_t most_parts = std::size_t{1} << 22;

std::size_t chunks(std::size_t points) {
  return (points + chunk_points - 1) / chunk_points;
}

/// Some of the queries, and two jobs for them: sums over chunks of points, and what is made of these.
struct Batch {
  struct {
    std::size_t begin, size;
  } queries;
  Partition sums, results;
};
std::vector<Batch> batches(std::size_t points, std::size_t queries) {
  const std::size_t most = std::max(most_parts / chunks(points), density_lanes);
  std::vector<Batch> result;
  for (std::size_t begin = 0; begin < queries; begin += most) {
    const std::size_t size = std::min(most, queries - begin);
    result.push_back({{begin, size}, tiles(chunks(points), size, 1, density_lanes), slices(size)});
  }
  return result;
}

/// How sums become densities. The volume is a product that could overflow: mantissa * 2^exponent.
struct Normalisation {
  double mantissa = 1;
  int exponent = 0;
  double log_volume = 0;
  std::size_t points = 0, folds = 0;

  Normalisation(Kde::Kernel kernel, const std::vector<double>& bandwidth, std::size_t n,
                std::size_t cut)
      : points(n), folds(cut) {
    const double unit = kernel == Kde::Kernel::gaussian ? std::sqrt(2 * std::numbers::pi) : 1;
    for (const double h : bandwidth) {
      int of_width = 0, of_product = 0;
      mantissa *= std::frexp(h, &of_width) * unit;
      mantissa = std::frexp(mantissa, &of_product);
      exponent += of_width + of_product;
      log_volume += std::log(h) + std::log(unit);
    }
  }
  /// How many points query i is estimated from.
  double count(std::size_t i) const {
    return static_cast<double>(
        points - (folds == 0 ? 0 : fold(points, folds, fold_of(points, folds, i)).size()));
  }
};

/// Sums of some chunks of points as one, with the least shift that any of them has.
DensityPart merged(const View<const DensityPart, 2>& parts, std::size_t query) {
  double shift = std::numeric_limits<double>::infinity();
  for (std::size_t chunk = 0; chunk < parts.extent(0); ++chunk)
    shift = std::min(shift, parts(chunk, query).shift);
  if (!std::isfinite(shift)) return {0, 0};
  TwoFold sum;
  for (std::size_t chunk = 0; chunk < parts.extent(0); ++chunk) {
    const DensityPart& part = parts(chunk, query);
    if (part.shift == shift)
      accumulate(sum, part.sum);
    else if (std::isfinite(part.shift))
      accumulate(sum, part.sum * std::exp2(shift - part.shift));
  }
  return {normalised(sum).high, shift};
}

/// Of a chunk of the points and some queries: columns of the partition, which are counted from `first_query`.
void sum_slice(Kde::Kernel kernel, const Slice& s, std::size_t folds,
               const View<const double, 2>& queries, const View<const double, 2>& points,
               std::span<const double> scales, std::size_t first_query, DensityPart* to) {
  const std::size_t d = points.extent(1), lanes = s.columns.size();
  std::vector<double> memory((d + 2) * density_lanes);
  double* const begin = memory.data() + d * density_lanes;
  double* const end = begin + density_lanes;
  for (std::size_t lane = 0; lane < density_lanes; ++lane) {
    // Lanes beyond the last query are as the first one.
    const std::size_t query = s.columns.begin + (lane < lanes ? lane : 0);
    for (std::size_t k = 0; k < d; ++k) memory[k * density_lanes + lane] = queries(query, k);
    if (folds == 0) continue;
    const std::size_t n = points.extent(0);
    const Range own = fold(n, folds, fold_of(n, folds, first_query + query));
    begin[lane] = static_cast<double>(own.begin);
    end[lane] = static_cast<double>(own.end);
  }
  const std::size_t first = s.begin * chunk_points;
  DensityPart sums[density_lanes];
  sum_densities(kernel,
                {.queries = memory.data(),
                 .points = points.data(),
                 .dimensions = d,
                 .first = first,
                 .last = std::min(first + chunk_points, points.extent(0)),
                 .scales = scales.data(),
                 .excluded_begin = folds == 0 ? nullptr : begin,
                 .excluded_end = folds == 0 ? nullptr : end},
                lanes, sums);
  std::copy_n(sums, lanes, to);
}

void normalise(const Normalisation& by, const View<const DensityPart, 2>& parts,
               const View<const double, 2>& queries, std::size_t query, std::size_t query_of_all,
               double& density, double& log_density) {
  for (std::size_t k = 0; k < queries.extent(1); ++k)
    if (std::isnan(queries(query, k))) {
      density = log_density = std::numeric_limits<double>::quiet_NaN();
      return;
    }
  const auto [sum, shift] = merged(parts, query);
  const double mean = sum / by.count(query_of_all);
  log_density = std::log(mean) - shift * std::numbers::ln2 - by.log_volume;
  density = shift == 0 ? std::ldexp(mean / by.mantissa, -by.exponent) : std::exp(log_density);
}

}  // namespace

Range fold(std::size_t n, std::size_t count, std::size_t index) {
  const std::size_t size = n / count, longer = n % count;
  const std::size_t begin = index * size + std::min(index, longer);
  return {begin, begin + size + (index < longer ? 1 : 0)};
}
std::size_t fold_of(std::size_t n, std::size_t count, std::size_t i) {
  const std::size_t size = n / count, longer = n % count, of_longer = longer * (size + 1);
  return i < of_longer ? i / (size + 1) : longer + (i - of_longer) / size;
}

Densities densities(JobSequence& jobs, Pool& pool, Kde::Kernel kernel,
                    const std::vector<double>& bandwidth, const View<const double, 2>& points,
                    const View<const double, 2>& queries, std::size_t folds) {
  const std::size_t n = points.extent(0), m = queries.extent(0);
  auto scales = pool.array<double>(bandwidth.size());
  std::ranges::transform(bandwidth, scales.begin(),
                         [&](double h) { return density_scale(kernel, h); });
  const Normalisation by(kernel, bandwidth, n, folds);
  Densities result{pool.array<double>(m), pool.array<double>(m)};
  for (const Batch& batch : batches(n, m)) {
    const std::size_t begin = batch.queries.begin, size = batch.queries.size;
    const auto some = queries.part(0, begin, size);
    auto parts = pool.array<DensityPart>(chunks(n), size);
    jobs.run([&](PoolWith on) {
      on.policy.on_failure = OnFailure::fail;  // there is no density of some of the points
      return for_each_slice(
          on, batch.sums,
          [=](const Slice& s, const View<DensityPart, 2>& to, const View<const double, 2>& from,
              const View<const double, 2>& all, std::span<const double> scale) {
            sum_slice(kernel, s, folds, from, all, scale, begin, to.data());
          },
          out(parts), whole(some), whole(points), whole(scales));
    });
    jobs.run([&](PoolWith on) {
      on.policy.on_failure = OnFailure::fail;
      return for_each_slice(
          on, batch.results,
          [=](const Slice& s, std::span<double> density, std::span<double> log_density,
              const View<const DensityPart, 2>& sums, const View<const double, 2>& from) {
            for (std::size_t i = 0; i < s.size(); ++i)
              normalise(by, sums, from, s.begin + i, begin + s.begin + i, density[i],
                        log_density[i]);
          },
          out(result.density.peek().part(0, begin, size)),
          out(result.log_density.peek().part(0, begin, size)), whole(parts), whole(some));
    });
  }
  return result;
}

std::size_t density_slices(std::size_t points, std::size_t queries) {
  std::size_t slices = 0;
  for (const Batch& batch : batches(points, queries))
    slices += batch.sums.size() + batch.results.size();
  return slices;
}

}  // namespace tine::mining
