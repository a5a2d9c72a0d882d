#include "learn/mixture_moments.hpp"

#include <algorithm>
#include <limits>

#include "learn/mixture_density.hpp"
#include "learn/slice_sums.hpp"
#include "learn/softmax.hpp"

namespace tine::mining {

namespace {

using Index = Eigen::Index;

// What an iteration adds up: the log likelihood of all samples in two parts; of each component, what samples
// belong to it, their differences from its mean, and the products of these.
class SliceMoments {
 public:
  SliceMoments(const MixtureTable& table, std::span<double> sums) : table_(table), sums_(sums) {}
  static std::size_t count(const MixtureTable& table) {
    return 2 + table.components * table.stride();
  }

  void add(MixtureDensity& density, const MixtureDensity::Logarithms& parts) {
    const auto d = static_cast<Index>(table_.dimensions);
    for (std::size_t c = 0; c < table_.components; ++c) {
      double* to = &sums_[2 + c * table_.stride()];
      const Eigen::VectorXd weight = parts.col(static_cast<Index>(c));
      const Eigen::MatrixXd& away = density.centred(c);
      to[0] += weight.sum();
      Eigen::Map<Eigen::VectorXd>(to + 1, d).noalias() += away.transpose() * weight;
      weighted_.noalias() = weight.asDiagonal() * away;
      if (table_.full)
        Eigen::Map<Eigen::MatrixXd>(to + 1 + d, d, d).triangularView<Eigen::Lower>() +=
            away.transpose() * weighted_;
      else
        Eigen::Map<Eigen::VectorXd>(to + 1 + d, d) +=
            away.cwiseProduct(weighted_).colwise().sum().transpose();
    }
  }
  void finish(const TwoFold& log_likelihood) {
    sums_[0] = log_likelihood.high;
    sums_[1] = log_likelihood.low;
  }

 private:
  MixtureTable table_;
  std::span<double> sums_;
  Eigen::MatrixXd weighted_;
};

}  // namespace

std::vector<TwoFold> mixture_moments(const PoolWith& on, const Samples& samples,
                                     const Mixture& mixture, const Array<std::uint32_t>& labels) {
  const MixtureTable table = MixtureTable::of(mixture);
  const std::size_t count = SliceMoments::count(table);
  const auto shared = on.pool.array_from(mixture_table(mixture));
  return slice_sums<double>(
      on, sample_slices(samples.size(), samples.dimensions(), count), count,
      [table](const Slice& s, std::span<double> sums, const View<const double, 2>& x,
              std::span<const double> values, std::span<const std::uint32_t> given) {
        MixtureDensity density(table, values);
        SliceMoments to(table, sums);
        TwoFold log_likelihood;
        MixtureDensity::Logarithms parts;
        for (std::size_t begin = s.begin; begin < s.end; begin += MixtureDensity::most_samples) {
          const std::size_t n = std::min(MixtureDensity::most_samples, s.end - begin);
          density.take(x, begin, n);
          if (given.empty()) {
            parts = density.logarithms();
            for (Index i = 0; i < parts.rows(); ++i)
              accumulate(log_likelihood, softmax({&parts(i, 0), table.components}));
          } else {
            parts.setZero(static_cast<Index>(n), static_cast<Index>(table.components));
            for (std::size_t i = 0; i < n; ++i)
              parts(static_cast<Index>(i), static_cast<Index>(given[begin + i])) = 1;
          }
          to.add(density, parts);
        }
        to.finish(log_likelihood);
      },
      whole(samples.x), whole(shared), whole(labels));
}

void maximise(const std::vector<TwoFold>& sums, double regularisation, Mixture& mixture) {
  const MixtureTable table = MixtureTable::of(mixture);
  const std::size_t d = table.dimensions;
  for (std::size_t c = 0; c < table.components; ++c) {
    const TwoFold* of = &sums[2 + c * table.stride()];
    // A component that no sample belongs to stays where it is.
    const double belong = of[0].high + 10 * std::numeric_limits<double>::epsilon();
    mixture.weights[c] = belong / static_cast<double>(mixture.sample_count);
    std::vector<double> moved(d);
    for (std::size_t j = 0; j < d; ++j) {
      moved[j] = of[1 + j].high / belong;
      mixture.means[c * d + j] += moved[j];
    }
    double* covariance = &mixture.covariances[c * table.covariance_size()];
    const TwoFold* products = of + 1 + d;
    if (table.full) {
      for (std::size_t x = 0; x < d; ++x)
        for (std::size_t y = x; y < d; ++y)
          covariance[x * d + y] = covariance[y * d + x] =
              products[x * d + y].high / belong - moved[x] * moved[y];
    } else {
      for (std::size_t j = 0; j < d; ++j)
        covariance[j] = products[j].high / belong - moved[j] * moved[j];
    }
    for (std::size_t j = 0; j < d; ++j) covariance[table.full ? j * (d + 1) : j] += regularisation;
  }
}

}  // namespace tine::mining
