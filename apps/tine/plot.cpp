#include "plot.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "plot_axis.hpp"
#include "plot_colours.hpp"
#include "text_output.hpp"
#include "utf8.hpp"

namespace tine::app {

namespace {

constexpr double width = 720, height = 520, left = 72, top = 44, right = 24, bottom = 60;
constexpr double legend_width = 150;
constexpr std::size_t most_points = 4000;
constexpr std::size_t most_names = 20;  // in the legend
constexpr std::size_t longest_name = 20;

// Point i of those that are drawn of n.
std::size_t chosen(std::size_t i, std::size_t n) {
  return n <= most_points ? i : i * n / most_points;
}

std::string escaped(std::string_view text) {
  std::string result;
  for (std::string clean = printable(text); const char c : clean) switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      default:
        result += c;
    }
  return result;
}

std::string cut(const std::string& text, std::size_t most) {
  if (code_points(text) <= most) return text;
  const std::string clean = printable(text);
  std::size_t bytes = 0;
  for (std::size_t n = 0; n + 1 < most; ++n)
    bytes += first_code_point(std::string_view(clean).substr(bytes)).bytes;
  return clean.substr(0, bytes) + "…";
}

}  // namespace

// One picture, while it is made.
class PlotDrawing {
 public:
  explicit PlotDrawing(const Plot& plot)
      : plot_(plot),
        has_legend_(needs_legend()),
        x_(left, width - right - (has_legend_ ? legend_width : 0)),
        y_(height - bottom, top) {
    for (const Plot::Part& part : plot.parts_) std::visit([&](const auto& p) { measure(p); }, part);
    x_.settle(x_is_exact_ ? 0 : 0.04, x_is_exact_ ? 0 : 0.04);
    y_.settle(y_is_exact_ || bars_ != nullptr ? 0 : 0.04, y_is_exact_ ? 0 : 0.06);
  }

  std::string svg() {
    add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" font-family=\"Helvetica,Arial,sans-serif\" font-size=\"12\" "
        "fill=\"#222\">\n<title>{2}</title>\n<rect width=\"100%\" height=\"100%\" "
        "fill=\"#fff\"/>\n",
        width, height, escaped(plot_.title_));
    add("<clipPath id=\"c\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>\n",
        x_.begin(), top, x_.end() - x_.begin(), y_.begin() - top);
    draw_axes();
    add("<g clip-path=\"url(#c)\" fill=\"none\">\n");
    for (const Plot::Part& part : plot_.parts_) std::visit([&](const auto& p) { draw(p); }, part);
    add("</g>\n");
    add("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#888\"/>\n",
        x_.begin(), top, x_.end() - x_.begin(), y_.begin() - top);
    draw_legend();
    add("</svg>\n");
    return std::move(out_);
  }

 private:
  struct Entry {
    std::string symbol;  // drawn around (0, 0)
    std::string name;
  };

  template <class... T>
  void add(fmt::format_string<T...> format, T&&... values) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(values)...);
  }

  bool needs_legend() const {
    const auto needs = [](const auto& p) {
      if constexpr (requires { p.names; }) return !p.names.empty();
      if constexpr (requires { p.name; }) return !p.name.empty();
      return requires {
        p.x_range;
      };
    };
    return std::ranges::any_of(plot_.parts_,
                               [&](const Plot::Part& part) { return std::visit(needs, part); });
  }

  void measure(const Plot::Bars& bars) {
    bars_ = &bars;
    x_is_exact_ = true;
    x_.include(-0.6);
    x_.include(static_cast<double>(bars.values.size()) - 0.4);
    y_.include(0);
    for (const double value : bars.values) y_.include(value);
  }
  void measure(const Plot::Heat& heat) {
    x_is_exact_ = y_is_exact_ = true;
    for (const double end : heat.x_range) x_.include(end);
    for (const double end : heat.y_range) y_.include(end);
  }
  // Of points, marks and lines.
  template <class Curve>
  void measure(const Curve& curve) {
    for (const double value : curve.x) x_.include(value);
    for (const double value : curve.y) y_.include(value);
  }

  void draw_axes() {
    const double middle = (x_.begin() + x_.end()) / 2;
    add("<text x=\"{:.0f}\" y=\"26\" font-size=\"15\" font-weight=\"bold\" "
        "text-anchor=\"middle\">{}</text>\n",
        middle, escaped(cut(plot_.title_, 70)));
    add("<g stroke=\"#e4e4e4\">");
    const auto x_ticks = bars_ != nullptr ? bar_ticks() : x_.ticks(7);
    const auto y_ticks = y_.ticks(6);
    for (const auto& tick : y_ticks)
      add("<path d=\"M{} {:.1f}H{}\"/>", x_.begin(), y_.pixel(tick.value), x_.end());
    if (bars_ == nullptr)
      for (const auto& tick : x_ticks)
        add("<path d=\"M{:.1f} {}V{}\"/>", x_.pixel(tick.value), top, y_.begin());
    add("</g>\n<g text-anchor=\"end\">");
    for (const auto& tick : y_ticks)
      add("<text x=\"{}\" y=\"{:.1f}\">{}</text>", x_.begin() - 7, y_.pixel(tick.value) + 4,
          escaped(tick.label));
    add("</g>\n<g text-anchor=\"middle\">");
    for (const auto& tick : x_ticks)
      add("<text x=\"{:.1f}\" y=\"{}\">{}</text>", x_.pixel(tick.value), y_.begin() + 18,
          escaped(tick.label));
    add("<text x=\"{:.0f}\" y=\"{}\" font-size=\"13\">{}</text>", middle, height - 18,
        escaped(cut(plot_.x_label_, 70)));
    add("<text transform=\"translate(18 {:.0f})rotate(-90)\" font-size=\"13\">{}</text></g>\n",
        (top + y_.begin()) / 2, escaped(cut(plot_.y_label_, 55)));
  }

  // As many labels as there is room for.
  std::vector<PlotAxis::Tick> bar_ticks() const {
    const std::size_t n = bars_->values.size();
    std::size_t longest = 1;
    for (const std::string& label : bars_->labels)
      longest = std::max(longest, std::min(code_points(label), longest_name));
    const double room = (x_.end() - x_.begin()) / static_cast<double>(std::max<std::size_t>(n, 1));
    const auto step =
        static_cast<std::size_t>(std::ceil((static_cast<double>(longest) * 7 + 6) / room));
    std::vector<PlotAxis::Tick> ticks;
    for (std::size_t i = 0; i < n && i < bars_->labels.size(); i += step)
      ticks.push_back({static_cast<double>(i), cut(bars_->labels[i], longest_name)});
    return ticks;
  }

  // A path of lines without length has round ends only: the shortest way to write many dots. Shapes change
  // when all colours are used.
  static std::string dot_style(std::uint32_t of_class, double size) {
    const char* colour = of_class == Plot::no_class
                             ? no_class_colour
                             : class_colours[of_class % class_colours.size()];
    const std::size_t shape = of_class == Plot::no_class ? 0 : of_class / class_colours.size() % 3;
    return shape == 2
               ? fmt::format("stroke=\"{}\" stroke-width=\"1.4\"", colour)
               : fmt::format("stroke=\"{}\" stroke-width=\"{:.1f}\" stroke-linecap=\"{}\"", colour,
                             shape == 0 ? size : size * 0.8, shape == 0 ? "round" : "square");
  }
  static std::string_view dot(std::uint32_t of_class) {
    const bool cross = of_class != Plot::no_class && of_class / class_colours.size() % 3 == 2;
    return cross ? "m-3-3l6 6m-6 0l6-6" : "h0";
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
      const std::uint32_t of_class = points.classes.empty() ? 0
                                     : points.classes[point] < points.names.size()
                                         ? points.classes[point]
                                         : Plot::no_class;
      std::string& path = paths[of_class];
      fmt::format_to(std::back_inserter(path), "M{:.1f} {:.1f}{}", x_.pixel(x), y_.pixel(y),
                     dot(of_class));
    }
    // What is of no class is the background.
    if (const auto none = paths.find(Plot::no_class); none != paths.end()) {
      add("<path {} stroke-opacity=\".6\" d=\"{}\"/>\n", dot_style(none->first, size * 0.8),
          none->second);
      paths.erase(none);
    }
    for (const auto& [of_class, path] : paths)
      add("<path {} stroke-opacity=\".75\" d=\"{}\"/>\n", dot_style(of_class, size), path);
    for (std::uint32_t i = 0; i < points.names.size(); ++i)
      legend_.push_back(
          {fmt::format("<path {} d=\"M0 0{}\"/>", dot_style(i, 8), dot(i)), points.names[i]});
  }

  void draw(const Plot::Marks& marks) {
    constexpr std::string_view cross = "m-6 0h12m-6-6v12";
    std::string path;
    for (std::size_t i = 0; i < std::min(marks.x.size(), marks.y.size()); ++i)
      if (std::isfinite(marks.x[i]) && std::isfinite(marks.y[i]))
        fmt::format_to(std::back_inserter(path), "M{:.1f} {:.1f}{}", x_.pixel(marks.x[i]),
                       y_.pixel(marks.y[i]), cross);
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
    // The first colour is that of bars.
    const char* colour =
        class_colours[(lines_++ + (bars_ != nullptr ? 1 : 0)) % class_colours.size()];
    const std::size_t n = std::min(line.x.size(), line.y.size());
    std::string path;
    bool begun = false;
    for (std::size_t i = 0; i < std::min(n, most_points); ++i) {
      const double x = line.x[chosen(i, n)], y = line.y[chosen(i, n)];
      const bool good = std::isfinite(x) && std::isfinite(y);
      if (good)
        fmt::format_to(std::back_inserter(path), "{}{:.1f} {:.1f}", begun ? 'L' : 'M', x_.pixel(x),
                       y_.pixel(y));
      begun = good;
    }
    add("<path stroke=\"{}\" stroke-width=\"2\" stroke-linejoin=\"round\" d=\"{}\"/>\n", colour,
        path);
    if (!line.name.empty())
      legend_.push_back(
          {fmt::format("<path stroke=\"{}\" stroke-width=\"2\" d=\"M-8 0H8\"/>", colour),
           line.name});
  }

  void draw(const Plot::Bars& bars) {
    add("<g fill=\"{}\" fill-opacity=\".85\">", class_colours[0]);
    for (std::size_t i = 0; i < bars.values.size(); ++i) {
      if (!std::isfinite(bars.values[i])) continue;
      const double from = x_.pixel(static_cast<double>(i) - 0.4),
                   to = x_.pixel(static_cast<double>(i) + 0.4);
      const double zero = y_.pixel(0), end = y_.pixel(bars.values[i]);
      add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>", from,
          std::min(zero, end), to - from, std::abs(zero - end));
    }
    add("</g>\n");
  }

  void draw(const Plot::Heat& heat) {
    PlotAxis scale(0, shades - 1);
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
      const double below = y_.pixel(edge(heat.y_range, row, rows)),
                   above = y_.pixel(edge(heat.y_range, row + 1, rows));
      for (std::size_t column = 0, end; column < heat.columns; column = end) {
        const int level = shade_at(row, column);
        for (end = column + 1; end < heat.columns && shade_at(row, end) == level;) ++end;
        const double from = x_.pixel(edge(heat.x_range, column, heat.columns)),
                     to = x_.pixel(edge(heat.x_range, end, heat.columns));
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

  void draw_legend() {
    if (!has_legend_) return;
    const std::size_t shown = legend_.size() > most_names ? most_names - 1 : legend_.size();
    const double x = x_.end() + 20;
    double y = top + 10;
    for (std::size_t i = 0; i < shown; ++i, y += 20)
      add("<g transform=\"translate({:.0f} {:.0f})\" fill=\"none\">{}<text x=\"14\" y=\"4\" "
          "fill=\"#222\">{}</text></g>\n",
          x, y, legend_[i].symbol, escaped(cut(legend_[i].name, longest_name)));
    if (shown < legend_.size())
      add("<text x=\"{:.0f}\" y=\"{:.0f}\">and {} more</text>\n", x - 6, y + 4,
          legend_.size() - shown);
  }

  const Plot& plot_;
  bool has_legend_;
  PlotAxis x_, y_;
  bool x_is_exact_ = false, y_is_exact_ = false;
  const Plot::Bars* bars_ = nullptr;
  std::size_t lines_ = 0;
  std::vector<Entry> legend_;
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
