#include "kmeans_start.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <unordered_map>

#include <tine/for_each_slice.hpp>
#include <tine/mining/error.hpp>

#include "centres.hpp"

namespace tine::mining {

namespace {

/// The closest centres of all samples, and what candidates would change. Most samples have a closer centre than
/// any candidate is, which is told in floats: the others are what the potential, the sum of the squared
/// distances, loses.
class PlusPlus {
 public:
  PlusPlus(JobSequence& jobs, Pool& pool, const Array<double, 2>& x, std::size_t trials,
           const Frame& frame)
      : jobs_(jobs),
        pool_(pool),
        x_(x),
        dimensions_(x.extent(1)),
        parts_(rows(x)),
        candidates_(pool, trials, frame),
        closest_(pool.array<double>(parts_.size(), parts_.grain)),
        closer_(pool.array<std::uint32_t>(parts_.size(), parts_.grain)),
        gains_(pool.array<double>(parts_.size(), trials)),
        potentials_(pool.array<double>(parts_.size())) {
    std::fill_n(closest_.data(), closest_.size(), std::numeric_limits<double>::infinity());
    std::fill_n(closer_.data(), closer_.size(), 1u);
  }

  /// The candidate that makes the potential least.
  std::size_t best_of(const std::vector<double>& candidates) {
    const std::size_t trials = candidates_.count();
    candidates_.set(candidates);
    jobs_.run([&](const PoolWith& on) {
      return for_each_slice(
          on, {.n = parts_.size()},
          [n = x_.extent(0), d = dimensions_, grain = parts_.grain, trials](
              const Slice& s, const View<std::uint32_t, 2>& closer, const View<double, 2>& gains,
              const View<const double, 2>& closest, std::span<const double> numbers,
              std::span<const float> screen, const View<const double, 2>& x) {
            const CentresView centres(trials, d, numbers.data(), screen.data());
            const std::size_t begin = s.index * grain, size = std::min(grain, n - begin);
            const double* const own = x.data() + begin * d;
            CloserCentres found;
            found.find(centres, own, {&closest(0, 0), size});
            std::fill_n(&gains(0, 0), trials, 0.0);
            for (std::size_t i = 0; i < size; ++i) {
              closer(0, i) = found.bits()[i];
              for (std::uint32_t bits = found.bits()[i]; bits != 0; bits &= bits - 1) {
                const auto c = static_cast<std::size_t>(std::countr_zero(bits));
                gains(0, c) += std::max(
                    0.0, closest(0, i) - squared_distance(own + i * d, centres.values + c * d, d));
              }
            }
          },
          out(closer_), out(gains_), in(closest_), whole(candidates_.numbers()),
          whole(candidates_.screen()), whole(x_));
    });
    std::vector<double> gains(trials);
    for (std::size_t s = 0; s < parts_.size(); ++s)
      for (std::size_t c = 0; c < trials; ++c) gains[c] += gains_(s, c);
    return static_cast<std::size_t>(std::ranges::max_element(gains) - gains.begin());
  }

  /// One more centre. It is the candidate with this number, or the first of all.
  void choose(std::size_t candidate, const std::vector<double>& centre) {
    const auto shared = pool_.array_from(centre);
    jobs_.run([&](const PoolWith& on) {
      return for_each_slice(
          on, {.n = parts_.size()},
          [n = x_.extent(0), d = dimensions_, grain = parts_.grain, candidate](
              const Slice& s, const View<double, 2>& closest, std::span<double> potential,
              const View<const std::uint32_t, 2>& closer, std::span<const double> point,
              const View<const double, 2>& x) {
            const std::size_t begin = s.index * grain, size = std::min(grain, n - begin);
            for (std::size_t i = 0; i < size; ++i)
              if (closer(0, i) >> candidate & 1)
                closest(0, i) = std::min(
                    closest(0, i), squared_distance(x.data() + (begin + i) * d, point.data(), d));
            const double* const sums = &closest(0, 0);
            double lanes[8] = {};
            for (std::size_t i = 0; i + 8 <= size; i += 8)
              for (std::size_t lane = 0; lane < 8; ++lane) lanes[lane] += sums[i + lane];
            for (std::size_t i = size / 8 * 8; i < size; ++i) lanes[0] += sums[i];
            for (std::size_t lane = 1; lane < 8; ++lane) lanes[0] += lanes[lane];
            potential[0] = lanes[0];
          },
          inout(closest_), out(potentials_), in(closer_), whole(shared), whole(x_));
    });
  }

  double potential() const { return std::accumulate(potentials_.begin(), potentials_.end(), 0.0); }

  /// The sample at which the sum of the squared distances exceeds this; it is not a centre.
  std::size_t sample_at(double sum) const {
    std::size_t last = 0;
    for (std::size_t s = 0; s < parts_.size(); ++s) {
      if (s + 1 < parts_.size() && sum >= potentials_[s]) {
        sum -= potentials_[s];
        continue;
      }
      const Slice slice = parts_.slice(s);
      for (std::size_t i = slice.begin; i < slice.end; ++i) {
        const double closest = closest_.data()[i];
        if (closest > 0) last = i;
        sum -= closest;
        if (sum < 0) return i;
      }
    }
    return last;  // by rounding, the sum was more than there is
  }

 private:
  JobSequence& jobs_;
  Pool& pool_;
  const Array<double, 2>& x_;
  std::size_t dimensions_;
  Partition parts_;
  Centres candidates_;
  Array<double, 2> closest_;        ///< of the samples of slices, the squared distance to a centre
  Array<std::uint32_t, 2> closer_;  ///< which candidates may be closer: bits
  Array<double, 2> gains_;    ///< of slices, what each candidate would take from the potential
  Array<double> potentials_;  ///< of slices
};

void append_row(std::vector<double>& to, const Array<double, 2>& x, std::size_t row) {
  const double* const values = x.data() + row * x.extent(1);
  to.insert(to.end(), values, values + x.extent(1));
}

}  // namespace

std::vector<double> plus_plus_start(JobSequence& jobs, Pool& pool, const Array<double, 2>& x,
                                    std::size_t clusters, const Frame& frame, Random& random) {
  const auto trials = 2 + static_cast<std::size_t>(std::log(static_cast<double>(clusters)));
  PlusPlus all(jobs, pool, x, trials, frame);
  std::vector<double> centres;
  append_row(centres, x, index_below(random, x.extent(0)));
  all.choose(0, centres);
  for (std::size_t c = 1; c < clusters; ++c) {
    const double potential = all.potential();
    if (potential == 0)
      throw SampleError("tine: there are " + std::to_string(c) + " different samples, but " +
                        std::to_string(clusters) + " clusters are wanted: ask for fewer clusters");
    std::vector<double> candidates;
    for (std::size_t i = 0; i < trials; ++i)
      append_row(candidates, x, all.sample_at(uniform(random) * potential));
    const std::size_t best = all.best_of(candidates);
    const auto from = candidates.begin() + static_cast<std::ptrdiff_t>(best * x.extent(1));
    centres.insert(centres.end(), from, from + static_cast<std::ptrdiff_t>(x.extent(1)));
    if (c + 1 < clusters)
      all.choose(best, std::vector(from, from + static_cast<std::ptrdiff_t>(x.extent(1))));
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
