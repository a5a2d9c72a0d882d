#include "plot_frame.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "text_output.hpp"
#include "utf8.hpp"

namespace tine::app {

namespace {

constexpr double width = 720, height = 520, top = 44, right = 24, bottom = 60;
constexpr double legend_width = 150;
constexpr double letter = 7;  // about as wide
constexpr std::size_t most_entries = 20;
constexpr std::size_t longest_name = 20;
constexpr int x_ticks = 7, y_ticks = 6;  // about

template <class... T>
void add(std::string& to, fmt::format_string<T...> format, T&&... values) {
  fmt::format_to(std::back_inserter(to), format, std::forward<T>(values)...);
}

// Of so many characters at most, and fit for XML.
std::string text_of(const std::string& given, std::size_t most) {
  const std::string clean = printable(given);
  const bool whole = code_points(clean) <= most;
  std::string text;
  std::size_t count = 0;
  for (std::string_view rest = clean; !rest.empty() && (whole || count + 1 < most); ++count) {
    const Utf8 next = first_code_point(rest);
    const std::string_view character = rest.substr(0, next.bytes);
    rest.remove_prefix(next.bytes);
    if (character == "&")
      text += "&amp;";
    else if (character == "<")
      text += "&lt;";
    else if (character == ">")
      text += "&gt;";
    else if (next.code_point == 0xfffe || next.code_point == 0xffff)
      text += '?';
    else
      text += character;
  }
  return whole ? text : text + "…";
}

}  // namespace

void PlotFrame::settle(bool has_legend) {
  has_legend_ = has_legend;
  y.settle(y_exact || !x_names.empty() ? 0 : 0.04, y_exact ? 0 : 0.06);
  y.place(height - bottom, top);
  std::size_t longest = 4;
  for (const auto& tick : y.ticks(y_ticks)) longest = std::max(longest, tick.label.size());
  x.settle(x_exact ? 0 : 0.04, x_exact ? 0 : 0.04);
  x.place(44 + letter * static_cast<double>(longest),
          width - right - (has_legend ? legend_width : 0));
}

// As many as there is room for.
std::vector<PlotAxis::Tick> PlotFrame::named_ticks() const {
  std::size_t longest = 1;
  for (const std::string& name : x_names)
    longest = std::max(longest, std::min(code_points(name), longest_name));
  const double room = x.pixel(1) - x.pixel(0);
  const auto step =
      static_cast<std::size_t>(std::ceil((letter * static_cast<double>(longest) + 6) / room));
  std::vector<PlotAxis::Tick> ticks;
  for (std::size_t i = 0; i < x_names.size(); i += step)
    ticks.push_back({static_cast<double>(i), x_names[i]});
  return ticks;
}

void PlotFrame::add_axes(std::string& to, const PlotTitles& titles) const {
  const auto along = x_names.empty() ? x.ticks(x_ticks) : named_ticks();
  const auto up = y.ticks(y_ticks);
  add(to, "<g stroke=\"#e4e4e4\">");
  for (const auto& tick : up)
    add(to, "<path d=\"M{:.1f} {:.1f}H{:.1f}\"/>", x.begin(), y.pixel(tick.value), x.end());
  if (x_names.empty())
    for (const auto& tick : along)
      add(to, "<path d=\"M{:.1f} {:.1f}V{:.1f}\"/>", x.pixel(tick.value), y.end(), y.begin());
  add(to, "</g>\n<g text-anchor=\"end\">");
  for (const auto& tick : up)
    add(to, "<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", x.begin() - 7, y.pixel(tick.value) + 4,
        tick.label);
  const double middle = (x.begin() + x.end()) / 2;
  add(to, "</g>\n<g text-anchor=\"middle\">");
  for (const auto& tick : along)
    add(to, "<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", x.pixel(tick.value), y.begin() + 18,
        text_of(tick.label, longest_name));
  add(to, "<text x=\"{:.1f}\" y=\"26\" font-size=\"15\" font-weight=\"bold\">{}</text>", middle,
      text_of(titles.title, 70));
  add(to, "<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"13\">{}</text>", middle, height - 18,
      text_of(titles.x, 70));
  add(to, "<text transform=\"translate(20 {:.1f})rotate(-90)\" font-size=\"13\">{}</text></g>\n",
      (y.begin() + y.end()) / 2, text_of(titles.y, 55));
}

void PlotFrame::add_legend(std::string& to, const std::vector<Entry>& legend) const {
  if (!has_legend_) return;
  const std::size_t shown = legend.size() > most_entries ? most_entries - 1 : legend.size();
  const double left = x.end() + 20;
  double at = top + 10;
  for (std::size_t i = 0; i < shown; ++i, at += 20)
    add(to,
        "<g transform=\"translate({:.1f} {:.1f})\" fill=\"none\">{}<text x=\"14\" y=\"4\" "
        "fill=\"#222\">{}</text></g>\n",
        left, at, legend[i].symbol, text_of(legend[i].name, longest_name));
  if (shown < legend.size())
    add(to, "<text x=\"{:.1f}\" y=\"{:.1f}\">and {} more</text>\n", left - 6, at + 4,
        legend.size() - shown);
}

std::string PlotFrame::svg(const PlotTitles& titles, const std::string& inside,
                           const std::vector<Entry>& legend) const {
  const std::string area = fmt::format("x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\"",
                                       x.begin(), top, x.end() - x.begin(), y.begin() - y.end());
  std::string text;
  add(text,
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" font-family=\"Helvetica,Arial,sans-serif\" font-size=\"12\" "
      "fill=\"#222\">\n<title>{2}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
      "<clipPath id=\"area\"><rect {3}/></clipPath>\n",
      width, height, text_of(titles.title, 200), area);
  add_axes(text, titles);
  text += "<g clip-path=\"url(#area)\" fill=\"none\">\n" + inside + "</g>\n";
  add(text, "<rect {} fill=\"none\" stroke=\"#888\"/>\n", area);
  add_legend(text, legend);
  return text + "</svg>\n";
}

}  // namespace tine::app
