// Pictures as SVG, and their axes.
#include <cmath>
#include <limits>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plot.hpp"
#include "plot_axis.hpp"

namespace tine::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double largest = std::numeric_limits<double>::max();

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += what.size()) ++n;
  return n;
}

// Every element is closed in its order, and nothing is drawn at what is no number.
void expect_sound(const std::string& svg) {
  std::vector<std::string> open;
  for (std::size_t at = 0; (at = svg.find('<', at)) != svg.npos;) {
    const std::size_t end = svg.find('>', at);
    ASSERT_NE(end, svg.npos);
    const std::string tag = svg.substr(at + 1, end - at - 1);
    ASSERT_EQ(tag.find('<'), tag.npos) << tag;
    if (tag.starts_with('/')) {
      ASSERT_FALSE(open.empty());
      EXPECT_EQ("/" + open.back(), tag);
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      open.push_back(tag.substr(0, tag.find(' ')));
    }
    at = end;
  }
  EXPECT_TRUE(open.empty());
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

std::vector<std::string> labels(double low, double high, int about = 5) {
  PlotAxis axis;
  axis.include(low);
  axis.include(high);
  axis.settle(0, 0);
  std::vector<std::string> result;
  for (const auto& tick : axis.ticks(about)) result.push_back(tick.label);
  return result;
}

TEST(PlotAxis, TicksAreRoundNumbers) {
  EXPECT_THAT(labels(0, 10), ElementsAre("0", "2", "4", "6", "8", "10"));
  EXPECT_THAT(labels(-0.11, 0.1), ElementsAre("-0.10", "-0.05", "0.00", "0.05", "0.10"));
  EXPECT_THAT(labels(1e9, 1e9 + 4),
              ElementsAre("1000000000", "1000000001", "1000000002", "1000000003", "1000000004"));
  EXPECT_THAT(labels(0, 5e8), ElementsAre("0", "1e+08", "2e+08", "3e+08", "4e+08", "5e+08"));
  EXPECT_THAT(labels(0, 4e-7), ElementsAre("0", "1e-07", "2e-07", "3e-07", "4e-07"));
}

TEST(PlotAxis, AnyRangeHasTicksAndPixelsInIt) {
  for (const auto& [low, high] : {std::pair{3.0, 3.0},
                                  {0.0, 0.0},
                                  {-largest, largest},
                                  {1e300, 1e300},
                                  {5e-324, 1e-323},
                                  {1.0, std::nextafter(1.0, 2.0)},
                                  {nan, nan},
                                  {nan, 2.0},
                                  {-infinity, infinity},
                                  {-5e-324, 0.0}}) {
    PlotAxis axis;
    axis.include(low);
    axis.include(high);
    axis.settle(0.04, 0.04);
    axis.place(100, 600);
    const auto ticks = axis.ticks(6);
    EXPECT_GE(ticks.size(), 2u) << low << " " << high;
    EXPECT_LE(ticks.size(), 20u) << low << " " << high;
    for (const auto& tick : ticks) {
      EXPECT_GE(axis.pixel(tick.value), 99.9) << low << " " << high;
      EXPECT_LE(axis.pixel(tick.value), 600.1) << low << " " << high;
    }
  }
}

TEST(Plot, TextIsEscapedAndCut) {
  const double x[] = {1, 2};
  const std::string svg = Plot("<a> & \"b\"\x01\xff", std::string(500, 'x'), "é\xef\xbf\xbf")
                              .points(x, x, {}, {"</svg>"})
                              .svg();
  expect_sound(svg);
  EXPECT_THAT(svg, HasSubstr("&lt;a&gt; &amp; \"b\"?\xef\xbf\xbd"));
  EXPECT_THAT(svg, HasSubstr("&lt;/svg&gt;"));
  EXPECT_THAT(svg, HasSubstr("é?"));
  EXPECT_THAT(svg, HasSubstr("xx…"));
  EXPECT_THAT(svg, Not(HasSubstr(std::string(80, 'x'))));
}

TEST(Plot, OfManyPointsSomeThousandsAreDrawn) {
  std::vector<double> x(1'000'000);
  std::iota(x.begin(), x.end(), 0.0);
  const std::string svg = Plot("", "", "").points(x, x).svg();
  expect_sound(svg);
  EXPECT_EQ(count(svg, "h0"), 4000u);
  EXPECT_LT(svg.size(), 100'000u);
  EXPECT_EQ(count(Plot("", "", "").points({x.data(), 100}, {x.data(), 100}).svg(), "h0"), 100u);
}

TEST(Plot, WhatIsNotFiniteIsNotDrawn) {
  const double x[] = {1, nan, 3, infinity, 5}, y[] = {1, 2, -infinity, 4, 5};
  const std::string svg = Plot("", "", "").points(x, y).marks(x, y, "").line(x, y).svg();
  expect_sound(svg);
  EXPECT_EQ(count(svg, "h0"), 2u);
  EXPECT_EQ(count(svg, "m-6 0h12"), 4u);  // each twice
  const double values[] = {nan, 1, 2, infinity};
  expect_sound(Plot("", "", "").heat(values, 2, {0, 1}, {0, 1}).svg());
  expect_sound(Plot("", "", "").bars(values, {"a", "b", "c", "d"}).svg());
}

TEST(Plot, ClassesWithoutANameAreGrey) {
  const double x[] = {1, 2, 3};
  const std::uint32_t classes[] = {0, Plot::no_class, 77};
  const std::string svg = Plot("", "", "").points(x, x, classes, {"one"}).svg();
  expect_sound(svg);
  EXPECT_THAT(svg, HasSubstr("#9a9a9a"));
  EXPECT_EQ(count(svg, "#0072b2"), 2u);  // the class and its legend
}

TEST(Plot, NothingIsDrawnOfNothing) {
  expect_sound(Plot("", "", "").svg());
  expect_sound(Plot("", "", "").points({}, {}).marks({}, {}, "m").line({}, {}, "l").svg());
  expect_sound(Plot("", "", "").bars({}, {}).svg());
  expect_sound(Plot("", "", "").heat({}, 0, {0, 0}, {0, 0}).svg());
}

TEST(Plot, NeighboursOfOneShadeAreOneRectangle) {
  const std::vector<double> flat(10000, 1.0);
  const std::string svg = Plot("", "", "").heat(flat, 100, {0, 1}, {0, 1}).svg();
  expect_sound(svg);
  EXPECT_LT(svg.size(), 10'000u);
}

TEST(Plot, ALegendThatIsTooLongIsCut) {
  std::vector<std::string> names;
  for (int i = 0; i < 50; ++i) names.push_back("class " + std::to_string(i));
  const double x[] = {1};
  const std::uint32_t classes[] = {0};
  const std::string svg = Plot("", "", "").points(x, x, classes, names).svg();
  expect_sound(svg);
  EXPECT_THAT(svg, HasSubstr("and 31 more"));
  EXPECT_EQ(count(svg, ">class "), 19u);
}

}  // namespace
}  // namespace tine::app
