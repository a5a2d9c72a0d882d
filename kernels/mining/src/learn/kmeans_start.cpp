#include "kmeans_start.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>

#include <tine/for_each_slice.hpp>
#include <tine/mining/error.hpp>

#include "centres.hpp"

namespace tine::mining {

namespace {

class PlusPlus {
 public:
  PlusPlus(JobSequence& jobs, Pool& pool, const Array<double, 2>& x, std::size_t trials)
      : jobs_(jobs),
        x_(x),
        dimensions_(x.extent(1)),
        parts_(rows(x)),
        closest_(pool.array<double>(x.extent(0))),
        candidates_(pool.array<double>(trials, dimensions_)),
        chosen_(pool.array<double>(dimensions_)),
        potentials_(pool.array<double>(parts_.size(), trials)),
        potential_(parts_.size(), std::numeric_limits<double>::infinity()) {
    std::ranges::fill(closest_, std::numeric_limits<double>::infinity());
  }

  /// Finds the sums of the squared distances to the closest centre, of each slice, with each candidate.
  void try_out(const std::vector<std::size_t>& candidates) {
    for (std::size_t c = 0; c < candidates.size(); ++c)
      std::copy_n(x_.data() + candidates[c] * dimensions_, dimensions_, &candidates_(c, 0));
    const std::size_t trials = candidates.size();
    jobs_.run([&](const PoolWith& on) {
      return for_each_slice(
          on, {.n = parts_.size()},
          [n = x_.extent(0), d = dimensions_, grain = parts_.grain, trials](
              const Slice& s, const View<double, 2>& sums, std::span<const double> closest,
              const View<const double, 2>& points, const View<const double, 2>& from) {
            std::fill_n(&sums(0, 0), trials, 0.0);
            const std::size_t end = std::min(n, (s.index + 1) * grain);
            for (std::size_t i = s.index * grain; i < end; ++i)
              for (std::size_t c = 0; c < trials; ++c)
                sums(0, c) +=
                    std::min(closest[i], squared_distance(from.data() + i * d, &points(c, 0), d));
          },
          out(potentials_), whole(closest_), whole(candidates_), whole(x_));
    });
  }

  double potential_with(std::size_t candidate) const {
    double sum = 0;
    for (std::size_t s = 0; s < parts_.size(); ++s) sum += potentials_(s, candidate);
    return sum;
  }

  void choose(std::size_t candidate) {
    std::copy_n(&candidates_(candidate, 0), dimensions_, chosen_.data());
    jobs_.run([&](const PoolWith& on) {
      return for_each_slice(
          on, parts_,
          [d = dimensions_](const Slice& s, std::span<double> closest,
                            const View<const double, 2>& from, std::span<const double> centre) {
            for (std::size_t i = 0; i < s.size(); ++i)
              closest[i] =
                  std::min(closest[i], squared_distance(from.data() + i * d, centre.data(), d));
          },
          inout(closest_), in(x_), whole(chosen_));
    });
    for (std::size_t s = 0; s < parts_.size(); ++s) potential_[s] = potentials_(s, candidate);
  }

  /// The sample at which the sum of the squared distances exceeds this; it is not a centre.
  std::size_t sample_at(double sum) const {
    std::size_t last = 0;
    for (std::size_t s = 0; s < parts_.size(); ++s) {
      if (s + 1 < parts_.size() && sum >= potential_[s]) {
        sum -= potential_[s];
        continue;
      }
      const Slice slice = parts_.slice(s);
      for (std::size_t i = slice.begin; i < slice.end; ++i) {
        if (closest_[i] > 0) last = i;
        sum -= closest_[i];
        if (sum < 0) return i;
      }
    }
    return last;  // by rounding, the sum was more than there is
  }

 private:
  JobSequence& jobs_;
  const Array<double, 2>& x_;
  std::size_t dimensions_;
  Partition parts_;
  Array<double> closest_;  ///< of each sample, the squared distance to the closest centre
  Array<double, 2> candidates_;
  Array<double> chosen_;
  Array<double, 2> potentials_;    ///< slices x candidates
  std::vector<double> potential_;  ///< of slices, with the centres so far
};

void append_row(std::vector<double>& to, const Array<double, 2>& x, std::size_t row) {
  const double* const values = x.data() + row * x.extent(1);
  to.insert(to.end(), values, values + x.extent(1));
}

}  // namespace

std::vector<double> plus_plus_start(JobSequence& jobs, Pool& pool, const Array<double, 2>& x,
                                    std::size_t clusters, Random& random) {
  const auto trials = 2 + static_cast<std::size_t>(std::log(static_cast<double>(clusters)));
  PlusPlus all(jobs, pool, x, trials);
  std::vector<double> centres;
  std::vector<std::size_t> candidates{index_below(random, x.extent(0))};
  for (std::size_t c = 0; c < clusters; ++c) {
    all.try_out(candidates);
    std::size_t best = 0;
    for (std::size_t i = 1; i < candidates.size(); ++i)
      if (all.potential_with(i) < all.potential_with(best)) best = i;
    append_row(centres, x, candidates[best]);
    if (c + 1 == clusters) break;
    all.choose(best);
    const double potential = all.potential_with(best);
    if (potential == 0)
      throw SampleError("tine: there are " + std::to_string(c + 1) + " different samples, but " +
                        std::to_string(clusters) + " clusters are wanted: ask for fewer clusters");
    candidates.resize(trials);
    for (std::size_t& candidate : candidates)
      candidate = all.sample_at(uniform(random) * potential);
  }
  return centres;
}

std::vector<double> random_start(const Array<double, 2>& x, std::size_t clusters, Random& random) {
  // The first draws of a shuffle, which keeps what it has moved (R. Durstenfeld, Algorithm 235: random
  // permutation, CACM 7, 1964).
  std::unordered_map<std::size_t, std::size_t> moved;
  const auto at = [&](std::size_t i) {
    const auto found = moved.find(i);
    return found == moved.end() ? i : found->second;
  };
  std::vector<double> centres;
  for (std::size_t c = 0; c < clusters; ++c) {
    const std::size_t drawn = c + index_below(random, x.extent(0) - c);
    append_row(centres, x, at(drawn));
    moved[drawn] = at(c);
  }
  return centres;
}

}  // namespace tine::mining
