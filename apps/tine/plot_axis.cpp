#include "plot_axis.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace tine::app {

namespace {

// What is drawn stays so far from the largest doubles that differences are finite.
constexpr double largest = std::numeric_limits<double>::max() / 8;
// And so far from the smallest that quotients are.
constexpr double smallest = 1e-300;

// Of numbers that are multiples of a step.
std::string label_of(double value, double step, double most) {
  if (most >= 1e6 || most < 1e-3)
    return fmt::format("{:.{}g}", value,
                       std::clamp(static_cast<int>(std::ceil(std::log10(most / step) + 1)), 1, 17));
  return fmt::format("{:.{}f}", value,
                     std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9))));
}

}  // namespace

void PlotAxis::include(double value) {
  if (!std::isfinite(value)) return;
  value = std::abs(value) < smallest ? 0 : std::clamp(value, -largest, largest);
  const bool first = low_ > high_;
  low_ = first ? value : std::min(low_, value);
  high_ = first ? value : std::max(high_, value);
}

void PlotAxis::settle(double room_below, double room_above) {
  if (low_ > high_) low_ = 0, high_ = 1;
  // Ticks need some digits that differ.
  if (const double least = std::max(std::abs(low_), std::abs(high_)) * 1e-12;
      high_ - low_ <= least) {
    const double half = std::max(std::abs(low_) * 0.05, least > 0 ? 0 : 0.5);
    low_ -= half, high_ += half;
  }
  const double range = high_ - low_;
  low_ -= range * room_below;
  high_ += range * room_above;
}

double PlotAxis::pixel(double value) const {
  const double part = (std::clamp(value, -2 * largest, 2 * largest) - low_) / (high_ - low_);
  // Far outside is as good as a little outside, and is not drawn.
  return begin_ + std::clamp(part, -1.0, 2.0) * (end_ - begin_);
}

std::vector<PlotAxis::Tick> PlotAxis::ticks(int about) const {
  const double rough = (high_ - low_) / about;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  const double digit = rough / power;
  const double step = power * (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10);
  const double most = std::max(std::abs(low_), std::abs(high_));
  std::vector<Tick> ticks;
  const double first = std::ceil(low_ / step - 1e-9), last = std::floor(high_ / step + 1e-9);
  for (double i = first; i <= last && ticks.size() < 100; ++i) {
    const double value = i * step + 0.0;  // without the sign of -0
    ticks.push_back({value, label_of(value, step, most)});
  }
  return ticks;
}

}  // namespace tine::app
