#include "learn/logistic_objective.hpp"

#include <algorithm>

#include "learn/slice_sums.hpp"
#include "learn/softmax.hpp"

namespace tine::mining {

namespace {

using Index = Eigen::Index;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Of a slice, in the sums that it is given: the loss in two parts, the gradient, and, a triangle of them, the
// blocks of second derivatives for each two rows of coefficients.
class SliceDerivatives {
 public:
  SliceDerivatives(std::span<double> sums, Index rows, Index columns, bool with_hessian)
      : loss_{sums.data()},
        gradient_(sums.data() + 2, rows, columns),
        blocks_(with_hessian ? sums.data() + 2 + rows * columns : nullptr) {}

  // z: of the samples x, for each row of coefficients.
  void add(const Eigen::MatrixXd& x, RowMajor z, const std::uint32_t* labels) {
    RowMajor rest(z.rows(), z.cols());  // one less the probability, of two classes
    for (Index i = 0; i < z.rows(); ++i) {
      if (z.cols() == 1)
        of_two(z(i, 0), rest(i, 0), labels[i] == 1);
      else
        of_many({&z(i, 0), static_cast<std::size_t>(z.cols())}, labels[i]);
    }
    if (blocks_ != nullptr) add_blocks(x, z, rest);
    for (Index i = 0; i < z.rows(); ++i) {
      const std::uint32_t row = z.cols() == 1 ? 0 : labels[i];
      if (z.cols() > 1 || labels[i] == 1) z(i, row) -= 1;
    }
    gradient_.noalias() += z.transpose() * x;
  }
  void finish() {
    loss_[0] = loss_sum_.high;
    loss_[1] = loss_sum_.low;
  }

 private:
  void of_two(double& z, double& rest, bool second) {
    const double towards = second ? z : -z;
    accumulate(loss_sum_, std::max(-towards, 0.0) + std::log1p(std::exp(-std::abs(z))));
    rest = 1 / (1 + std::exp(z));
    z = 1 / (1 + std::exp(-z));
  }
  void of_many(std::span<double> z, std::uint32_t label) {
    const double own = z[label];
    accumulate(loss_sum_, softmax(z) - own);
  }
  void add_blocks(const Eigen::MatrixXd& x, const RowMajor& p, const RowMajor& rest) {
    const Index columns = x.cols();
    double* block = blocks_;
    for (Index k = 0; k < p.cols(); ++k)
      for (Index l = 0; l <= k; ++l, block += columns * columns) {
        Eigen::ArrayXd weight = p.col(k).array();
        if (p.cols() == 1)
          weight *= rest.col(0).array();
        else if (k == l)
          weight *= 1 - p.col(k).array();
        else
          weight *= -p.col(l).array();
        weighted_.noalias() = weight.matrix().asDiagonal() * x;
        Eigen::Map<Eigen::MatrixXd>(block, columns, columns).triangularView<Eigen::Lower>() +=
            x.transpose() * weighted_;
      }
  }

  double* loss_;
  TwoFold loss_sum_;
  Eigen::Map<RowMajor> gradient_;
  double* blocks_;
  Eigen::MatrixXd weighted_;
};

}  // namespace

LogisticObjective::LogisticObjective(const PoolWith& on, const Samples& samples, ColumnScale scale,
                                     double ridge)
    : on_(on),
      samples_(samples),
      scale_(std::move(scale)),
      standard_(scale_.standard()),
      shared_standard_(on.pool.array_from(standard_)),
      rows_(samples.classes.size() == 2 ? 1 : static_cast<Index>(samples.classes.size())),
      ridge_(ridge) {}

LogisticObjective::Value LogisticObjective::operator()(const Eigen::VectorXd& coefficients,
                                                       bool with_hessian) const {
  const Index m = rows(), columns = this->columns();
  const std::size_t blocks = with_hessian ? static_cast<std::size_t>(m * (m + 1) / 2) : 0;
  const std::size_t block = static_cast<std::size_t>(columns * columns);
  const std::size_t count = 2 + static_cast<std::size_t>(size()) + blocks * block;
  const auto shared = on_.pool.array_from(
      std::span(coefficients.data(), static_cast<std::size_t>(coefficients.size())));
  const auto sums = slice_sums<double>(
      on_, sample_slices(samples_.size(), samples_.dimensions(), count), count,
      [m, columns, with_hessian](const Slice& s, std::span<double> sum,
                                 const View<const double, 2>& all,
                                 std::span<const std::uint32_t> labels,
                                 std::span<const Standard> standard, std::span<const double> w) {
        constexpr std::size_t step = 256;
        const Eigen::Map<const RowMajor> weights(w.data(), m, columns);
        SliceDerivatives derivatives(sum, m, columns, with_hessian);
        Eigen::MatrixXd x;
        for (std::size_t begin = s.begin; begin < s.end; begin += step) {
          const std::size_t n = std::min(step, s.end - begin);
          x.resize(static_cast<Index>(n), columns);
          for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < standard.size(); ++j)
              x(static_cast<Index>(i), static_cast<Index>(j)) = standard[j](all(begin + i, j));
          x.col(columns - 1).setOnes();
          derivatives.add(x, x * weights.transpose(), &labels[begin]);
        }
        derivatives.finish();
      },
      whole(samples_.x), whole(samples_.labels), whole(shared_standard_), whole(shared));

  Value result;
  result.log_loss = result.value = (sums[0] + sums[1]).high;
  result.gradient.resize(size());
  for (Index i = 0; i < size(); ++i)
    result.gradient(i) = sums[2 + static_cast<std::size_t>(i)].high;
  if (with_hessian) {
    result.hessian.resize(size(), size());
    std::size_t at = 2 + static_cast<std::size_t>(size());
    for (Index k = 0; k < m; ++k)
      for (Index l = 0; l <= k; ++l)
        for (Index x = 0; x < columns; ++x)
          for (Index y = 0; y < columns; ++y, ++at) {
            if (y < x) continue;  // a block is symmetric
            result.hessian(k * columns + y, l * columns + x) = sums[at].high;
            result.hessian(k * columns + x, l * columns + y) = sums[at].high;
          }
  }
  penalise(coefficients, result);
  return result;
}

void LogisticObjective::penalise(const Eigen::VectorXd& coefficients, Value& value) const {
  if (ridge_ == 0) return;
  TwoFold squares;
  for (Index i = 0; i < size(); ++i) {
    const Index column = i % columns();
    if (column == columns() - 1) continue;
    const double factor = standard_[static_cast<std::size_t>(column)].factor;
    const double slope = ridge_ * factor * factor * coefficients(i);
    accumulate(squares, slope * coefficients(i));
    value.gradient(i) += slope;
    if (value.hessian.size() != 0) value.hessian(i, i) += ridge_ * factor * factor;
  }
  value.value += (squares.high + squares.low) / 2;
}

}  // namespace tine::mining
