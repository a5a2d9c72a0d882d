// Pictures of data, as SVG.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "plot_frame.hpp"

namespace tine::app {

/// A picture with two axes. Its parts are drawn in the order in which they are added. Text may be anything:
/// it is escaped. Numbers that are not finite are not drawn.
class Plot {
 public:
  Plot(std::string title, std::string x_label, std::string y_label)
      : titles_{std::move(title), std::move(x_label), std::move(y_label)} {}

  static constexpr std::uint32_t no_class = ~std::uint32_t{0};

  /// Points in the colours of their classes, with a legend. Of many points some thousands are drawn, evenly
  /// chosen by their numbers.
  /// @param classes  of each point, an index into `names`, or no_class, which is grey; empty: all are alike
  Plot& points(std::span<const double> x, std::span<const double> y,
               std::span<const std::uint32_t> classes = {}, std::vector<std::string> names = {});

  /// A few points that stand out, such as centres. An empty name is not in the legend.
  Plot& marks(std::span<const double> x, std::span<const double> y, std::string name);

  /// A line through points, in their order. An empty name is not in the legend.
  Plot& line(std::span<const double> x, std::span<const double> y, std::string name = {});

  /// A bar for each value, from zero, at x = 0, 1, ..., with a label below it.
  Plot& bars(std::span<const double> values, std::vector<std::string> labels);

  /// A grid of cells, dark where values are large: rows from the bottom to the top, [row * columns + column],
  /// whose edges are at the ends of the ranges. Up to 200 x 200 is sensible.
  Plot& heat(std::span<const double> values, std::size_t columns, std::array<double, 2> x_range,
             std::array<double, 2> y_range);

  std::string svg() const;

 private:
  friend class PlotDrawing;
  struct Points {
    std::vector<double> x, y;
    std::vector<std::uint32_t> classes;
    std::vector<std::string> names;
  };
  struct Marks {
    std::vector<double> x, y;
    std::string name;
  };
  struct Line {
    std::vector<double> x, y;
    std::string name;
  };
  struct Bars {
    std::vector<double> values;
    std::vector<std::string> labels;
  };
  struct Heat {
    std::vector<double> values;
    std::size_t columns;
    std::array<double, 2> x_range, y_range;
  };
  using Part = std::variant<Points, Marks, Line, Bars, Heat>;

  PlotTitles titles_;
  std::vector<Part> parts_;
};

}  // namespace tine::app
