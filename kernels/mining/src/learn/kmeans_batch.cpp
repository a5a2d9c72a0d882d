#include "kmeans_batch.hpp"

#include <algorithm>

namespace tine::mining {

std::pair<std::vector<double>, std::uint64_t> iterate_batches(
    JobSequence& jobs, Pool& pool, const Array<double, 2>& x, std::vector<double> centres,
    const Frame& frame, const KMeansOptions& options, Random& random) {
  const std::size_t n = x.extent(0), d = x.extent(1), k = options.clusters;
  Centres all(pool, k, frame);
  auto batch = pool.array<double>(options.batch, d);
  auto nearest = pool.array<std::uint32_t>(options.batch);
  std::vector<double> moved_by(k);
  for (std::uint64_t i = 0; i < options.max_iterations; ++i) {
    for (std::size_t b = 0; b < options.batch; ++b)
      std::copy_n(x.data() + index_below(random, n) * d, d, &batch(b, 0));
    all.set(centres);
    jobs.run([&](const PoolWith& on) { return find_nearest(on, all, batch, nearest); });
    for (std::size_t b = 0; b < options.batch; ++b) {
      const std::size_t c = std::min<std::size_t>(nearest[b], k - 1);
      const double rate = 1 / ++moved_by[c];
      for (std::size_t j = 0; j < d; ++j)
        centres[c * d + j] += rate * (batch(b, j) - centres[c * d + j]);
    }
    if (options.progress) options.progress(i + 1, options.max_iterations);
  }
  return {std::move(centres), options.max_iterations};
}

}  // namespace tine::mining
