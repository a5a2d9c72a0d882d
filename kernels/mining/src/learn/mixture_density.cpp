#include "learn/mixture_density.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include <Eigen/Cholesky>

namespace tine::mining {

using Index = Eigen::Index;

MixtureTable MixtureTable::of(const Mixture& mixture) {
  return {mixture.components(), mixture.features.size(),
          mixture.covariance == Mixture::Covariance::full};
}

std::optional<std::vector<double>> mixture_table(const Mixture& mixture, std::size_t& bad) {
  const MixtureTable table = MixtureTable::of(mixture);
  const std::size_t d = table.dimensions, size = table.covariance_size();
  std::vector<double> values;
  for (std::size_t c = 0; c < table.components; ++c) {
    const double* covariance = &mixture.covariances[c * size];
    std::vector<double> white(size);
    double log_determinant = 0;  // of what whitens
    if (table.full) {
      const auto n = static_cast<Index>(d);
      const Eigen::LLT<Eigen::MatrixXd> factored(
          Eigen::Map<const Eigen::MatrixXd>(covariance, n, n));
      Eigen::Map<Eigen::MatrixXd> upper(white.data(), n, n);
      upper = factored.matrixU().solve(Eigen::MatrixXd::Identity(n, n));
      for (Index j = 0; j < n; ++j) log_determinant += std::log(upper(j, j));
      if (factored.info() != Eigen::Success) log_determinant = NAN;
    } else {
      for (std::size_t j = 0; j < d; ++j) {
        white[j] = 1 / std::sqrt(covariance[j]);
        log_determinant += std::log(white[j]);
      }
    }
    if (!std::isfinite(log_determinant) ||
        !std::ranges::all_of(white, [](double v) { return std::isfinite(v); })) {
      bad = c;
      return std::nullopt;
    }
    values.push_back(std::log(mixture.weights[c]) + log_determinant -
                     0.5 * static_cast<double>(d) * std::log(2 * std::numbers::pi));
    values.insert(values.end(), &mixture.means[c * d], &mixture.means[c * d] + d);
    values.insert(values.end(), white.begin(), white.end());
  }
  return values;
}

std::vector<double> mixture_table(const Mixture& mixture) {
  std::size_t bad = 0;
  if (auto values = mixture_table(mixture, bad)) return std::move(*values);
  throw SampleError("tine: component " + std::to_string(bad + 1) + " of " +
                    std::to_string(mixture.components()) +
                    " has collapsed, or grown too large: its covariance has no inverse. Fewer "
                    "components, or a larger regularisation (in units of the features' squares) "
                    "would help");
}

void MixtureDensity::take(const View<const double, 2>& x, std::size_t begin, std::size_t count) {
  samples_.resize(static_cast<Index>(count), static_cast<Index>(table_.dimensions));
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = 0; j < table_.dimensions; ++j)
      samples_(static_cast<Index>(i), static_cast<Index>(j)) = x(begin + i, j);
}

const Eigen::MatrixXd& MixtureDensity::centred(std::size_t component) {
  const Eigen::Map<const Eigen::RowVectorXd> mean(part(component) + 1, samples_.cols());
  centred_ = samples_.rowwise() - mean;
  return centred_;
}

const MixtureDensity::Logarithms& MixtureDensity::logarithms() {
  const Index d = samples_.cols();
  logarithms_.resize(samples_.rows(), static_cast<Index>(table_.components));
  for (std::size_t c = 0; c < table_.components; ++c) {
    const Eigen::MatrixXd& away = centred(c);
    const double* white = part(c) + 1 + d;
    if (table_.full)
      white_.noalias() =
          away *
          Eigen::Map<const Eigen::MatrixXd>(white, d, d).template triangularView<Eigen::Upper>();
    else
      white_.noalias() = away * Eigen::Map<const Eigen::VectorXd>(white, d).asDiagonal();
    logarithms_.col(static_cast<Index>(c)) =
        part(c)[0] - 0.5 * white_.rowwise().squaredNorm().array();
  }
  return logarithms_;
}

}  // namespace tine::mining
