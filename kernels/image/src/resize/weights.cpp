#include "resize/weights.hpp"

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace tine::image {

namespace {

constexpr float fixed_point_one = 2048;

int taps_of(Way way) {
  return way == Way::lanczos4 ? 8 : way == Way::cubic ? 4 : 2;
}

struct Position {
  int pixel;
  float fraction;  // how far it lies beyond that pixel
};

Position position_of(Way way, Side side, int pixel) {
  if (way == Way::linear_by_area) {
    const int at = cvFloor(pixel * side.step());
    const float fraction = static_cast<float>((pixel + 1) - (at + 1) * side.factor());
    return {at, fraction <= 0 ? 0.f : fraction - static_cast<float>(cvFloor(fraction))};
  }
  const float at = static_cast<float>((pixel + 0.5) * side.step() - 0.5);
  const int below = cvFloor(at);
  return {below, at - static_cast<float>(below)};
}

// Keys, "Cubic convolution interpolation for digital image processing" (1981), with a = -0.75.
void cubic_weights(float x, float* w) {
  constexpr float a = -0.75f;
  const float left = x + 1, right = 1 - x;
  w[0] = ((a * left - 5 * a) * left + 8 * a) * left - 4 * a;
  w[1] = ((a + 2) * x - (a + 3)) * x * x + 1;
  w[2] = ((a + 2) * right - (a + 3)) * right * right + 1;
  w[3] = 1.f - w[0] - w[1] - w[2];
}

// The Lanczos kernel of radius 4 at x + 3, x + 2 ... x - 4, normalised. The sine of its window is that
// at x + 3, turned by a multiple of 45 degrees for each pixel.
void lanczos4_weights(float x, float* w) {
  constexpr double s = 0.70710678118654752440084436210485;
  constexpr double turns[8][2] = {{1, 0},  {-s, -s}, {0, 1},  {s, -s},
                                  {-1, 0}, {s, s},   {0, -1}, {-s, s}};
  const double start = -(x + 3) * CV_PI * 0.25;
  const double sine = std::sin(start), cosine = std::cos(start);
  float sum = 0;
  for (int i = 0; i < 8; ++i) {
    const float distance = x + 3 - static_cast<float>(i);
    const double angle = -distance * CV_PI * 0.25;
    w[i] = std::fabs(distance) < 1e-6f
               ? 1e30f  // all that is left when it is normalised
               : static_cast<float>((turns[i][0] * sine + turns[i][1] * cosine) / (angle * angle));
    sum += w[i];
  }
  sum = 1.f / sum;
  for (int i = 0; i < 8; ++i) w[i] *= sum;
}

void append_coverage(Side side, int pixel, Weights& result) {
  const double step = side.step();
  const double left = pixel * step, right = left + step;
  const double cell = std::min(step, side.in - left);
  constexpr double least = 1e-3;  // of a pixel; less of it is left out
  const int last = std::min(cvFloor(right), side.in - 1);
  const int whole = std::min(cvCeil(left), last);  // the first pixel that is covered as a whole
  const bool head = whole - left > least;
  result.first.push_back(head ? whole - 1 : whole);
  if (head) result.weights.push_back(static_cast<float>((whole - left) / cell));
  result.weights.insert(result.weights.end(), static_cast<std::size_t>(last - whole),
                        static_cast<float>(1.0 / cell));
  if (right - last > least)
    result.weights.push_back(static_cast<float>(std::min(std::min(right - last, 1.), cell) / cell));
  result.begin.push_back(static_cast<int>(result.weights.size()));
}

}  // namespace

Way way_of(int method, cv::Size in, cv::Size out) {
  if (in == out) return Way::copy;
  if (method == cv::INTER_NEAREST) return Way::nearest;
  if (method == cv::INTER_CUBIC) return Way::cubic;
  if (method == cv::INTER_LANCZOS4) return Way::lanczos4;
  const double x = Side{in.width, out.width}.step(), y = Side{in.height, out.height}.step();
  const auto is_whole = [](double step) { return std::abs(step - cvRound(step)) < DBL_EPSILON; };
  const bool whole = is_whole(x) && is_whole(y);
  if (method == cv::INTER_LINEAR)
    return whole && cvRound(x) == 2 && cvRound(y) == 2 ? Way::cells : Way::linear;
  if (x < 1 || y < 1) return Way::linear_by_area;
  return whole ? Way::cells : Way::coverage;
}

Weights row_weights(Way way, Side side, const Range& pixels, bool fixed_point) {
  Weights result;
  const int begin = static_cast<int>(pixels.begin), end = static_cast<int>(pixels.end);
  result.first.reserve(pixels.size());
  result.begin.reserve(pixels.size() + 1);
  result.begin.push_back(0);
  result.inside_end = static_cast<int>(pixels.size());
  if (way == Way::coverage) {
    for (int i = begin; i < end; ++i) append_coverage(side, i, result);
    return result;
  }
  const int taps = taps_of(way), before = taps / 2 - 1;
  result.weights.reserve(pixels.size() * static_cast<std::size_t>(taps));
  for (int i = begin; i < end; ++i) {
    const auto [pixel, fraction] = position_of(way, side, i);
    std::array<float, 8> w{};
    if (way == Way::cubic)
      cubic_weights(fraction, w.data());
    else if (way == Way::lanczos4)
      lanczos4_weights(fraction, w.data());
    else
      w = {1.f - fraction, fraction};
    if (fixed_point)
      for (float& weight : w) weight = static_cast<float>(cvRound(weight * fixed_point_one));
    if (pixel < before) result.inside_begin = i - begin + 1;
    if (pixel + taps / 2 >= side.in) result.inside_end = std::min(result.inside_end, i - begin);
    result.first.push_back(pixel - before);
    result.weights.insert(result.weights.end(), w.begin(), w.begin() + taps);
    result.begin.push_back(static_cast<int>(result.weights.size()));
  }
  result.inside_end = std::max(result.inside_end, result.inside_begin);
  return result;
}

Weights column_weights(Way way, Side side, bool fixed_point) {
  Weights result = row_weights(way, side, {0, static_cast<std::size_t>(side.out)}, fixed_point);
  if (way != Way::linear && way != Way::linear_by_area) return result;
  const auto take = [&](int i, int pixel) {
    result.first[static_cast<std::size_t>(i)] = pixel;
    float* w = result.weights.data() + 2 * i;
    w[0] = fixed_point ? fixed_point_one : 1;
    w[1] = 0;
  };
  for (int i = 0; i < result.inside_begin; ++i) take(i, 0);
  for (int i = result.inside_end; i < side.out; ++i) take(i, side.in - 1);
  for (std::size_t i = 0; fixed_point && i < result.weights.size(); i += 2)
    result.pairs.push_back(static_cast<std::uint32_t>(result.weights[i]) |
                           static_cast<std::uint32_t>(result.weights[i + 1]) << 16);
  return result;
}

Range sources_of(Way way, Side side, const Range& pixels) {
  const int first = static_cast<int>(pixels.begin), last = static_cast<int>(pixels.end) - 1;
  int begin = first, end = last + 1;
  if (way == Way::nearest) {
    begin = nearest_to(first, side.step(), side.in);
    end = nearest_to(last, side.step(), side.in) + 1;
  } else if (way == Way::cells) {
    const int cell = cvRound(side.step());
    begin *= cell;
    end *= cell;
  } else if (way == Way::coverage) {
    Weights ends;
    append_coverage(side, first, ends);
    begin = ends.first.back();
    const std::size_t count = ends.weights.size();
    append_coverage(side, last, ends);
    end = ends.first.back() + static_cast<int>(ends.weights.size() - count);
  } else if (way != Way::copy) {
    const int taps = taps_of(way);
    begin = position_of(way, side, first).pixel - taps / 2 + 1;
    end = position_of(way, side, last).pixel + taps / 2 + 1;
  }
  const auto in_image = [&](int row, int low) {
    return static_cast<std::size_t>(std::clamp(row, low, side.in - 1 + low));
  };
  return {in_image(begin, 0), in_image(end, 1)};
}

}  // namespace tine::image
