#include "kmeans_batch.hpp"

#include <algorithm>

#include <tine/for_each_slice.hpp>

namespace tine::mining {

std::pair<std::vector<double>, std::uint64_t> iterate_batches(
    JobSequence& jobs, Pool& pool, const Array<double, 2>& x, std::vector<double> centres,
    const Frame& frame, const KMeansOptions& options, Random& random) {
  const std::size_t n = x.extent(0), d = x.extent(1), k = options.clusters;
  Centres all(pool, k, frame);
  auto drawn = pool.array<std::uint32_t>(options.batch);
  auto nearest = pool.array<std::uint32_t>(options.batch);
  std::vector<double> moved_by(k);
  for (std::uint64_t i = 0; i < options.max_iterations; ++i) {
    for (std::uint32_t& row : drawn) row = static_cast<std::uint32_t>(index_below(random, n));
    all.set(centres);
    jobs.run([&](const PoolWith& on) {
      return for_each_slice(
          on, slices(options.batch, 0, (k + 1) * d),
          [d, k](const Slice& s, std::span<std::uint32_t> to, std::span<const std::uint32_t> which,
                 std::span<const double> numbers, std::span<const float> screen,
                 const View<const double, 2>& from) {
            NearestCentres found;
            found.find({k, d, numbers.data(), screen.data()}, from.data(), which);
            std::copy_n(found.nearest(), s.size(), to.begin());
          },
          out(nearest), in(drawn), whole(all.numbers()), whole(all.screen()), whole(x));
    });
    for (std::size_t b = 0; b < options.batch; ++b) {
      const std::size_t c = std::min<std::size_t>(nearest[b], k - 1);
      const double rate = 1 / ++moved_by[c];
      const double* const row = x.data() + drawn[b] * d;
      for (std::size_t j = 0; j < d; ++j)
        centres[c * d + j] += rate * (row[j] - centres[c * d + j]);
    }
    if (options.progress) options.progress(i + 1, options.max_iterations);
  }
  return {std::move(centres), options.max_iterations};
}

}  // namespace tine::mining
