#include "centres.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <tine/for_each_slice.hpp>

namespace tine::mining {

namespace {

constexpr std::size_t padded(std::size_t count) {
  return (count + CentresView::group - 1) / CentresView::group * CentresView::group;
}

// Of n operations in floats or doubles, all of which may err by `unit` (N. Higham, Accuracy and Stability of
// Numerical Algorithms, section 3.1), with what it takes to compute the bound itself.
double error_of(std::size_t operations, double unit) {
  const double n = static_cast<double>(operations) * unit;
  return n < 0.5 ? 1.1 * n / (1 - n) : std::numeric_limits<double>::infinity();
}

}  // namespace

Frame Frame::around(std::vector<double> middle, double radius) {
  const int exponent = radius > 0 && std::isfinite(radius) ? std::ilogb(radius) : 0;
  Frame frame{std::ldexp(1.0, std::clamp(-exponent, -1000, 1000)), std::move(middle)};
  for (double& x : frame.offset) x *= frame.scale;
  return frame;
}

CentresView::CentresView(std::size_t clusters, std::size_t features, const double* numbers,
                         const float* screen)
    : count(clusters),
      dimensions(features),
      scale(numbers[0]),
      offset(numbers + 1),
      values(offset + features),
      half(screen),
      error(half + padded(count)),
      norm(error + padded(count)),
      groups(norm + padded(count)),
      float_error(static_cast<float>(error_of(features + 12, 0x1p-24))),
      double_error(static_cast<float>(error_of(4 * (features + 8), 0x1p-53))) {}

Centres::Centres(Pool& pool, std::size_t count, Frame frame)
    : count_(count),
      frame_(std::move(frame)),
      numbers_(pool.array<double>(1 + dimensions() + count * dimensions())),
      screen_(pool.array<float>(padded(count) * (3 + dimensions()))) {
  numbers_[0] = frame_.scale;
  std::ranges::copy(frame_.offset, numbers_.data() + 1);
}

void Centres::set(std::span<const double> values) {
  const std::size_t d = dimensions(), rounded_up = padded(count_);
  std::ranges::copy(values, numbers_.data() + 1 + d);
  const double unit = error_of(d + 12, 0x1p-24);
  float* const half = screen_.data();
  float* const error = half + rounded_up;
  float* const norm = error + rounded_up;
  float* const groups = norm + rounded_up;
  for (std::size_t c = 0; c < rounded_up; ++c) {
    float* const coordinates =
        groups + c / CentresView::group * CentresView::group * d + c % CentresView::group;
    double square = 0;
    for (std::size_t j = 0; c < count_ && j < d; ++j) {
      const double x = values[c * d + j] * frame_.scale - frame_.offset[j];
      square += x * x;
      coordinates[j * CentresView::group] = static_cast<float>(x);
    }
    norm[c] = static_cast<float>(std::sqrt(square)) * rounding_up;
    error[c] = static_cast<float>(unit) * norm[c] * rounding_up;
    half[c] = static_cast<float>(square / 2 * (1 - unit)) * rounding_down;
    if (c >= count_) half[c] = std::numeric_limits<float>::infinity();
    if (unit < 1 && square < 1e30) continue;
    half[c] = -std::numeric_limits<float>::infinity();  // nothing is sure beside this one
    error[c] = 0;
  }
}

Report find_nearest(const PoolWith& on, const Centres& centres, const Array<double, 2>& x,
                    Array<std::uint32_t>& nearest) {
  return for_each_slice(
      on, rows(x),
      [k = centres.count(), d = centres.dimensions()](
          const Slice& s, std::span<std::uint32_t> to, const View<const double, 2>& from,
          std::span<const double> numbers, std::span<const float> screen) {
        std::vector<std::uint32_t> all(s.size());
        std::iota(all.begin(), all.end(), 0);
        NearestCentres found;
        found.find({k, d, numbers.data(), screen.data()}, from.data(), all);
        std::copy_n(found.nearest(), s.size(), to.begin());
      },
      out(nearest), in(x), whole(centres.numbers()), whole(centres.screen()));
}

}  // namespace tine::mining
