#include "learn/least_squares.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/QR>

#include "learn/slice_sums.hpp"

namespace tine::mining {

namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Rows that remain of a slice: as many as there are columns.
void triangle_of(Eigen::MatrixXd& rows, double* to) {
  const Eigen::Index p = rows.cols(), k = std::min(rows.rows(), p);
  const Eigen::HouseholderQR<Eigen::Ref<Eigen::MatrixXd>> factored(rows);
  Eigen::Map<RowMajor> result(to, p, p);
  result.setZero();
  result.topRows(k) = rows.topRows(k).triangularView<Eigen::Upper>();
}

constexpr std::size_t group = 16;  // rows of a slice for each column, at least

}  // namespace

Eigen::MatrixXd reduced_rows(const PoolWith& on, const View<const double, 2>& x,
                             const View<const double>& y, const std::vector<Standard>& standard) {
  const std::size_t n = x.extent(0), p = x.extent(1) + 1;
  const Partition first = slices(n, std::max(sample_slices(n, p, p * p).grain, group * p));
  const auto scale = on.pool.array_from(standard);
  auto rows = on.pool.array<double>(first.size(), p * p);
  for_each_slice(
      without_quarantine(on), {.n = first.size()},
      [first](const Slice& task, const View<double, 2>& to, const View<const double, 2>& features,
              std::span<const double> target, std::span<const Standard> of) {
        const Slice s = first.slice(task.index);
        const std::size_t d = features.extent(1);
        Eigen::MatrixXd a(s.size(), d + 1);
        for (std::size_t i = 0; i < s.size(); ++i) {
          const auto row = static_cast<Eigen::Index>(i);
          for (std::size_t j = 0; j < d; ++j)
            a(row, static_cast<Eigen::Index>(j)) = of[j](features(s.begin + i, j));
          a(row, static_cast<Eigen::Index>(d)) = of[d](target[s.begin + i]);
        }
        triangle_of(a, to.data());
      },
      out(rows), whole(x), whole(y), whole(scale));
  std::size_t count = first.size() * p;
  while (count > group * p) {
    const Partition next = slices(count, group * p);
    auto fewer = on.pool.array<double>(next.size(), p * p);
    for_each_slice(
        without_quarantine(on), {.n = next.size()},
        [next, p](const Slice& task, const View<double, 2>& to, const View<const double, 2>& from) {
          const Slice s = next.slice(task.index);
          Eigen::MatrixXd a = Eigen::Map<const RowMajor>(from.data() + s.begin * p,
                                                         static_cast<Eigen::Index>(s.size()),
                                                         static_cast<Eigen::Index>(p));
          triangle_of(a, to.data());
        },
        out(fewer), whole(rows));
    rows = std::move(fewer);
    count = next.size() * p;
  }
  return Eigen::Map<const RowMajor>(rows.data(), static_cast<Eigen::Index>(count),
                                    static_cast<Eigen::Index>(p));
}

std::vector<double> rounding_lengths(const ColumnScale& scale, std::size_t samples) {
  const double one = 4 * std::numeric_limits<double>::epsilon() * std::sqrt(samples);
  std::vector<double> result;
  for (std::size_t j = 0; j < scale.size();
       ++j)  // of the values themselves, and of what is made of them
    result.push_back(one * (std::ldexp(scale.largest[j], -scale.exponent[j]) +
                            static_cast<double>(scale.size())));
  return result;
}

Triangle::Triangle(Eigen::MatrixXd a, const std::vector<double>& tolerance)
    : columns_(a.cols() - 1) {
  Eigen::VectorXd memory(a.cols());
  Eigen::Index row = 0;
  for (Eigen::Index j = 0; j < columns_; ++j) {
    auto rest = a.col(j).tail(a.rows() - row);
    if (rest.size() == 0 || rest.norm() <= tolerance[static_cast<std::size_t>(j)]) {
      dependent_.push_back(j);
      continue;
    }
    double tau = 0, beta = 0;
    rest.makeHouseholderInPlace(tau, beta);
    a.bottomRightCorner(rest.size(), columns_ - j)
        .applyHouseholderOnTheLeft(rest.tail(rest.size() - 1), tau, memory.data());
    rest(0) = beta;
    kept_.push_back(j);
    ++row;
  }
  r_ = a(Eigen::seqN(0, row), kept_).triangularView<Eigen::Upper>();
  right_ = a.col(columns_).head(row);
  combinations_ = a(Eigen::seqN(0, row), dependent_);
  if (!dependent_.empty()) r_.triangularView<Eigen::Upper>().solveInPlace(combinations_);
}

Eigen::VectorXd Triangle::spread(const Eigen::VectorXd& of_kept) const {
  Eigen::VectorXd result = Eigen::VectorXd::Zero(columns_);
  result(kept_) = of_kept;
  return result;
}

Eigen::VectorXd Triangle::solution() const {
  return spread(r_.triangularView<Eigen::Upper>().solve(right_));
}

Eigen::VectorXd Triangle::whitened(const Eigen::VectorXd& of_columns) const {
  const Eigen::VectorXd kept = of_columns(kept_);
  return r_.transpose().triangularView<Eigen::Lower>().solve(kept);
}

Eigen::VectorXd Triangle::correction(const Eigen::VectorXd& gradient) const {
  return spread(r_.triangularView<Eigen::Upper>().solve(whitened(gradient)));
}

Eigen::VectorXd Triangle::row_lengths() const {
  const Eigen::MatrixXd one = Eigen::MatrixXd::Identity(r_.rows(), r_.rows());
  return r_.triangularView<Eigen::Upper>().solve(one).rowwise().norm();
}

Eigen::VectorXd Triangle::shortest(Eigen::VectorXd solution,
                                   const std::vector<int>& exponent) const {
  if (dependent_.empty()) return solution;
  // What can be added without a change of the fit: of a dependent column one, less what it is of others.
  Eigen::MatrixXd free =
      Eigen::MatrixXd::Zero(columns_, static_cast<Eigen::Index>(dependent_.size()));
  free(kept_, Eigen::all) = -combinations_;
  for (std::size_t i = 0; i < dependent_.size(); ++i)
    free(dependent_[i], static_cast<Eigen::Index>(i)) = 1;
  Eigen::VectorXd weight(columns_);
  const int least = *std::ranges::min_element(exponent);
  for (Eigen::Index j = 0; j < columns_; ++j)
    weight(j) = std::ldexp(1, least - exponent[static_cast<std::size_t>(j)]);
  const Eigen::MatrixXd weighted = weight.asDiagonal() * free;
  const Eigen::VectorXd target = weight.cwiseProduct(solution);
  return solution - free * weighted.colPivHouseholderQr().solve(target);
}

}  // namespace tine::mining
