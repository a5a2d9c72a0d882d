// Densities of the components of a mixture, for many samples at a time.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include <Eigen/Core>

#include <tine/mining/mixture.hpp>

namespace tine::mining {

/// What kernels need to know of a mixture, as numbers: of each component the logarithm of its weight by its
/// density's divisor, its mean, and what makes its covariance the unit matrix.
struct MixtureTable {
  std::size_t components, dimensions;
  bool full;
  static MixtureTable of(const Mixture& mixture);
  std::size_t covariance_size() const { return full ? dimensions * dimensions : dimensions; }
  std::size_t stride() const { return 1 + dimensions + covariance_size(); }
};

/// None if a covariance has no inverse: `bad` is its component then.
std::optional<std::vector<double>> mixture_table(const Mixture& mixture, std::size_t& bad);
/// @throws SampleError  in that case
std::vector<double> mixture_table(const Mixture& mixture);

class MixtureDensity {
 public:
  using Logarithms = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  static constexpr std::size_t most_samples = 256;

  MixtureDensity(const MixtureTable& table, std::span<const double> values)
      : table_(table), values_(values) {}

  /// Takes rows [begin, begin + count) of x.
  void take(const View<const double, 2>& x, std::size_t begin, std::size_t count);
  /// Of each, the logarithms of weight times density of each component.
  const Logarithms& logarithms();
  /// The samples less a component's mean, until the next call.
  const Eigen::MatrixXd& centred(std::size_t component);

 private:
  const double* part(std::size_t component) const {
    return values_.data() + component * table_.stride();
  }

  MixtureTable table_;
  std::span<const double> values_;
  Eigen::MatrixXd samples_, centred_, white_;
  Logarithms logarithms_;
};

}  // namespace tine::mining
