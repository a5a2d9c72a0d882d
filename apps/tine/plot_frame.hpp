// What is around the data of a picture: axes, their labels, the legend.
#pragma once

#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "plot_axis.hpp"

namespace tine::app {

struct PlotTitles {
  std::string title, x, y;
};

class PlotFrame {
 public:
  struct Entry {
    std::string symbol;  ///< SVG, drawn around (0, 0)
    std::string name;
  };

  PlotAxis x, y;
  bool x_exact = false, y_exact = false;  ///< without room at the ends
  /// Instead of numbers: of x = 0, 1, ...
  std::vector<std::string> x_names;

  /// After all have been included in the axes.
  void settle(bool has_legend);

  /// A whole picture around `inside`.
  std::string svg(const PlotTitles& titles, const std::string& inside,
                  const std::vector<Entry>& legend) const;

 private:
  std::vector<PlotAxis::Tick> named_ticks() const;
  void add_axes(std::string& to, const PlotTitles& titles) const;
  void add_legend(std::string& to, const std::vector<Entry>& legend) const;

  bool has_legend_ = false;
};

}  // namespace tine::app
