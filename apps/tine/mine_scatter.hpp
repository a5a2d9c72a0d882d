// Pictures of samples: by two of their features.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tine/mining/samples.hpp>

#include "plot.hpp"

namespace tine::app {

class Scatter {
 public:
  /// @param axes  of --axes: two features; empty: those whose variance is largest. A sample that has one feature
  ///              only is drawn above it, as high as its number. Throws UsageError.
  Scatter(const mining::Samples& samples, const std::string& axes, std::string title);

  /// The samples, in colours. As for Plot::points().
  void samples(std::span<const std::uint32_t> classes = {}, std::vector<std::string> names = {});
  /// Points that stand out: `count` times all features.
  void marks(std::span<const double> points, std::string name);

  /// To add more to it.
  Plot& plot() { return plot_; }
  std::size_t x_feature() const { return x_; }
  std::optional<std::size_t> y_feature() const { return y_; }

 private:
  const mining::Samples& samples_;
  std::size_t x_ = 0;
  std::optional<std::size_t> y_;
  Plot plot_;
};

/// "cluster 0", "cluster 1", ...
std::vector<std::string> numbered(const std::string& what, std::size_t count);

}  // namespace tine::app
