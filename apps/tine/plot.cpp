#include "plot.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "plot_colours.hpp"
#include "plot_frame.hpp"

namespace tine::app {

namespace {

constexpr std::size_t most_points = 4000;

// Point i of those that are drawn of n.
std::size_t chosen(std::size_t i, std::size_t n) {
  return n <= most_points ? i : i * n / most_points;
}

}  // namespace

// One picture, while it is made.
class PlotDrawing {
 public:
  explicit PlotDrawing(const Plot& plot) : plot_(plot) {
    bool has_legend = false;
    for (const Plot::Part& part : plot.parts_)
      std::visit(
          [&](const auto& p) {
            measure(p);
            has_legend |= is_in_legend(p);
          },
          part);
    frame_.settle(has_legend);
  }

  std::string svg() {
    for (const Plot::Part& part : plot_.parts_) std::visit([&](const auto& p) { draw(p); }, part);
    return frame_.svg(plot_.titles_, out_, legend_);
  }

 private:
  template <class... T>
  void add(fmt::format_string<T...> format, T&&... values) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(values)...);
  }

  static bool is_in_legend(const Plot::Bars&) { return false; }
  static bool is_in_legend(const Plot::Heat&) { return true; }
  static bool is_in_legend(const Plot::Points& points) { return !points.names.empty(); }
  template <class Named>
  static bool is_in_legend(const Named& part) {
    return !part.name.empty();
  }

  void measure(const Plot::Bars& bars) {
    first_colour_ = 1;
    frame_.x_names = bars.labels;
    frame_.x_exact = true;
    frame_.x.include(-0.6);
    frame_.x.include(static_cast<double>(bars.values.size()) - 0.4);
    frame_.y.include(0);
    for (const double value : bars.values) frame_.y.include(value);
  }
  void measure(const Plot::Heat& heat) {
    first_colour_ = 1;
    frame_.x_exact = frame_.y_exact = true;
    for (const double end : heat.x_range) frame_.x.include(end);
    for (const double end : heat.y_range) frame_.y.include(end);
  }
  // Of points, marks and lines.
  template <class Curve>
  void measure(const Curve& curve) {
    for (const double value : curve.x) frame_.x.include(value);
    for (const double value : curve.y) frame_.y.include(value);
  }

  const char* colour(std::size_t number) const {
    return class_colours[(number + first_colour_) % class_colours.size()];
  }

  // Of the points of a class one path is made, which is the shortest way to write them: each is a small
  // figure. A line without length has round ends only. When all colours are used, figures change.
  static std::size_t figure_number(std::uint32_t of_class) {
    return of_class == Plot::no_class ? 0 : of_class / class_colours.size() % std::size(figures);
  }
  static std::string_view figure(std::uint32_t of_class) {
    return figures[figure_number(of_class)];
  }
  std::string style(std::uint32_t of_class, double size) const {
    return fmt::format("stroke=\"{}\" stroke-width=\"{:.1f}\" stroke-linecap=\"round\"",
                       of_class == Plot::no_class ? no_class_colour : colour(of_class),
                       figure_number(of_class) == 0 ? size : 1.4);
  }
  static constexpr std::string_view figures[] = {"h0", "m-2.5-2.5h5v5h-5z", "m-3-3l6 6m-6 0l6-6"};

  static std::uint32_t class_of(const Plot::Points& points, std::size_t i) {
    if (points.classes.empty()) return 0;
    const std::uint32_t of_class = i < points.classes.size() ? points.classes[i] : Plot::no_class;
    return of_class < points.names.size() ? of_class : Plot::no_class;
  }

  void draw(const Plot::Points& points) {
    const std::size_t n = std::min(points.x.size(), points.y.size());
    const std::size_t drawn = std::min(n, most_points);
    const double size = drawn > 1500 ? 4 : drawn > 300 ? 5 : 6.5;
    std::map<std::uint32_t, std::string> paths;
    for (std::size_t i = 0; i < drawn; ++i) {
      const std::size_t point = chosen(i, n);
      const double x = points.x[point], y = points.y[point];
      if (!std::isfinite(x) || !std::isfinite(y)) continue;
      const std::uint32_t of_class = class_of(points, point);
      std::string& path = paths[of_class];
      fmt::format_to(std::back_inserter(path), "M{:.1f} {:.1f}{}", frame_.x.pixel(x),
                     frame_.y.pixel(y), figure(of_class));
    }
    // What is of no class is the background.
    if (const auto none = paths.find(Plot::no_class); none != paths.end()) {
      add("<path {} stroke-opacity=\".6\" d=\"{}\"/>\n", style(none->first, size * 0.8),
          none->second);
      paths.erase(none);
    }
    for (const auto& [of_class, path] : paths)
      add("<path {} stroke-opacity=\".75\" d=\"{}\"/>\n", style(of_class, size), path);
    for (std::uint32_t i = 0; i < points.names.size(); ++i)
      legend_.push_back(
          {fmt::format("<path {} d=\"M0 0{}\"/>", style(i, 8), figure(i)), points.names[i]});
  }

  void draw(const Plot::Marks& marks) {
    constexpr std::string_view cross = "m-6 0h12m-6-6v12";
    std::string path;
    for (std::size_t i = 0; i < std::min(marks.x.size(), marks.y.size()); ++i)
      if (std::isfinite(marks.x[i]) && std::isfinite(marks.y[i]))
        fmt::format_to(std::back_inserter(path), "M{:.1f} {:.1f}{}", frame_.x.pixel(marks.x[i]),
                       frame_.y.pixel(marks.y[i]), cross);
    add("<path stroke=\"#fff\" stroke-width=\"6\" stroke-linecap=\"round\" d=\"{0}\"/>\n"
        "<path stroke=\"#111\" stroke-width=\"2.5\" stroke-linecap=\"round\" d=\"{0}\"/>\n",
        path);
    if (!marks.name.empty())
      legend_.push_back({fmt::format("<path stroke=\"#111\" stroke-width=\"2.5\" "
                                     "stroke-linecap=\"round\" d=\"M0 0{}\"/>",
                                     cross),
                         marks.name});
  }

  void draw(const Plot::Line& line) {
    const char* const stroke = colour(lines_++);
    const std::size_t n = std::min(line.x.size(), line.y.size());
    std::string path;
    bool begun = false;
    for (std::size_t i = 0; i < std::min(n, most_points); ++i) {
      const double x = line.x[chosen(i, n)], y = line.y[chosen(i, n)];
      const bool good = std::isfinite(x) && std::isfinite(y);
      if (good)
        fmt::format_to(std::back_inserter(path), "{}{:.1f} {:.1f}", begun ? 'L' : 'M',
                       frame_.x.pixel(x), frame_.y.pixel(y));
      begun = good;
    }
    add("<path stroke=\"{}\" stroke-width=\"2\" stroke-linejoin=\"round\" d=\"{}\"/>\n", stroke,
        path);
    if (!line.name.empty())
      legend_.push_back(
          {fmt::format("<path stroke=\"{}\" stroke-width=\"2\" d=\"M-8 0H8\"/>", stroke),
           line.name});
  }

  void draw(const Plot::Bars& bars) {
    add("<g fill=\"{}\" fill-opacity=\".85\">", class_colours[0]);
    for (std::size_t i = 0; i < bars.values.size(); ++i) {
      if (!std::isfinite(bars.values[i])) continue;
      const double from = frame_.x.pixel(static_cast<double>(i) - 0.4),
                   to = frame_.x.pixel(static_cast<double>(i) + 0.4);
      const double zero = frame_.y.pixel(0), end = frame_.y.pixel(bars.values[i]);
      add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>", from,
          std::min(zero, end), to - from, std::abs(zero - end));
    }
    add("</g>\n");
  }

  void draw(const Plot::Heat& heat) {
    PlotAxis scale;
    scale.place(0, shades - 1);
    for (const double value : heat.values) scale.include(value);
    scale.settle(0, 0);
    const std::size_t rows = heat.columns == 0 ? 0 : heat.values.size() / heat.columns;
    const auto edge = [](const std::array<double, 2>& range, std::size_t i, std::size_t n) {
      const double part = static_cast<double>(i) / static_cast<double>(n);
      return range[0] * (1 - part) + range[1] * part;
    };
    // Neighbours of one shade are one rectangle, and all of a shade one path.
    std::map<int, std::string> paths;
    const auto shade_at = [&](std::size_t row, std::size_t column) {
      const double value = heat.values[row * heat.columns + column];
      return std::isfinite(value) ? static_cast<int>(std::lround(scale.pixel(value))) : -1;
    };
    for (std::size_t row = 0; row < rows; ++row) {
      const double below = frame_.y.pixel(edge(heat.y_range, row, rows)),
                   above = frame_.y.pixel(edge(heat.y_range, row + 1, rows));
      for (std::size_t column = 0, end; column < heat.columns; column = end) {
        const int level = shade_at(row, column);
        for (end = column + 1; end < heat.columns && shade_at(row, end) == level;) ++end;
        const double from = frame_.x.pixel(edge(heat.x_range, column, heat.columns)),
                     to = frame_.x.pixel(edge(heat.x_range, end, heat.columns));
        if (level >= 0)
          fmt::format_to(std::back_inserter(paths[level]), "M{:.1f} {:.1f}H{:.1f}V{:.1f}H{:.1f}z",
                         from, below, to, above, from);
      }
    }
    add("<g shape-rendering=\"crispEdges\">");
    for (const auto& [level, path] : paths)
      add("<path fill=\"{}\" d=\"{}\"/>\n", shade(level), path);
    add("</g>\n");
    for (const double part : {1.0, 0.5, 0.0})
      legend_.push_back({fmt::format("<path stroke=\"#888\" fill=\"{}\" d=\"M-7-7H7V7H-7z\"/>",
                                     shade(static_cast<int>(part * (shades - 1)))),
                         fmt::format("{:.3g}", scale.low() + part * (scale.high() - scale.low()))});
  }

  const Plot& plot_;
  PlotFrame frame_;
  std::size_t first_colour_ = 0;  // the first is that of bars and of the grid
  std::size_t lines_ = 0;
  std::vector<PlotFrame::Entry> legend_;
  std::string out_;
};

namespace {

template <class T>
std::vector<T> copy(std::span<const T> values) {
  return {values.begin(), values.end()};
}

}  // namespace

Plot& Plot::points(std::span<const double> x, std::span<const double> y,
                   std::span<const std::uint32_t> classes, std::vector<std::string> names) {
  parts_.push_back(Points{copy(x), copy(y), copy(classes), std::move(names)});
  return *this;
}

Plot& Plot::marks(std::span<const double> x, std::span<const double> y, std::string name) {
  parts_.push_back(Marks{copy(x), copy(y), std::move(name)});
  return *this;
}

Plot& Plot::line(std::span<const double> x, std::span<const double> y, std::string name) {
  parts_.push_back(Line{copy(x), copy(y), std::move(name)});
  return *this;
}

Plot& Plot::bars(std::span<const double> values, std::vector<std::string> labels) {
  parts_.push_back(Bars{copy(values), std::move(labels)});
  return *this;
}

Plot& Plot::heat(std::span<const double> values, std::size_t columns, std::array<double, 2> x_range,
                 std::array<double, 2> y_range) {
  parts_.push_back(Heat{copy(values), columns, x_range, y_range});
  return *this;
}

std::string Plot::svg() const {
  return PlotDrawing(*this).svg();
}

}  // namespace tine::app
