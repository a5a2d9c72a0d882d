// What defines the results for which there is no OpenCV call, on a whole image and pixel by pixel.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace tine::image {

/// Canny's edges, for any depth: as cv::Canny, on the gradients of that depth.
inline cv::Mat plain_canny(const cv::Mat& in, double low, double high, int size, bool l2) {
  cv::Mat dx, dy;
  // In double, which holds the gradients exactly.
  cv::Sobel(in, dx, CV_64F, 1, 0, size, 1, 0, cv::BORDER_REPLICATE);
  cv::Sobel(in, dy, CV_64F, 0, 1, size, 1, 0, cv::BORDER_REPLICATE);
  if (low > high) std::swap(low, high);
  const double divisor = size == 7 ? 16 : 1;
  low /= divisor;
  high /= divisor;

  struct Gradient {
    std::int64_t x = 0, y = 0, norm = 0;
  };
  const int channels = in.channels();
  std::vector<Gradient> gradients(in.total());
  for (int y = 0; y < in.rows; ++y)
    for (int x = 0; x < in.cols; ++x)
      for (int c = 0; c < channels; ++c) {
        Gradient g;
        g.x = std::llrint(dx.ptr<double>(y)[x * channels + c] / divisor);
        g.y = std::llrint(dy.ptr<double>(y)[x * channels + c] / divisor);
        g.norm = l2 ? g.x * g.x + g.y * g.y : std::abs(g.x) + std::abs(g.y);
        Gradient& best = gradients[static_cast<std::size_t>(y * in.cols + x)];
        if (c == 0 || g.norm > best.norm) best = g;
      }
  const auto at = [&](int y, int x) {
    return y < 0 || x < 0 || y >= in.rows || x >= in.cols
               ? Gradient{}
               : gradients[static_cast<std::size_t>(y * in.cols + x)];
  };

  const double low_norm = std::floor(l2 ? low * low : low);
  const double high_norm = std::floor(l2 ? high * high : high);
  cv::Mat candidates = cv::Mat::zeros(in.rows, in.cols, CV_8U);
  cv::Mat edges = cv::Mat::zeros(in.rows, in.cols, CV_8U);
  std::vector<cv::Point> stack;
  for (int y = 0; y < in.rows; ++y)
    for (int x = 0; x < in.cols; ++x) {
      const Gradient g = at(y, x);
      const auto m = g.norm;
      if (!(static_cast<double>(m) > low_norm)) continue;
      const std::int64_t gx = std::abs(g.x), gy = std::abs(g.y) << 15, tangent = gx * 13573;
      bool largest;
      if (gy < tangent) {
        largest = m > at(y, x - 1).norm && m >= at(y, x + 1).norm;
      } else if (gy > tangent + (gx << 16)) {
        largest = m > at(y - 1, x).norm && m >= at(y + 1, x).norm;
      } else {
        const int s = (g.x < 0) != (g.y < 0) ? -1 : 1;
        largest = m > at(y - 1, x - s).norm && m > at(y + 1, x + s).norm;
      }
      if (!largest) continue;
      candidates.at<std::uint8_t>(y, x) = 1;
      if (static_cast<double>(m) > high_norm) stack.emplace_back(x, y);
    }
  while (!stack.empty()) {
    const cv::Point p = stack.back();
    stack.pop_back();
    if (edges.at<std::uint8_t>(p) != 0) continue;
    edges.at<std::uint8_t>(p) = 255;
    for (int y = std::max(p.y - 1, 0); y <= std::min(p.y + 1, in.rows - 1); ++y)
      for (int x = std::max(p.x - 1, 0); x <= std::min(p.x + 1, in.cols - 1); ++x)
        if (candidates.at<std::uint8_t>(y, x) != 0) stack.emplace_back(x, y);
  }
  return edges;
}

/// Connected components, numbered in the order of their first pixels.
inline cv::Mat plain_components(const cv::Mat& in, int connectivity) {
  cv::Mat labels;
  const int count = cv::connectedComponents(in, labels, connectivity, CV_32S);
  std::vector<int> number(static_cast<std::size_t>(count));
  int next = 0;
  for (int y = 0; y < labels.rows; ++y)
    for (int x = 0; x < labels.cols; ++x) {
      int& label = labels.at<int>(y, x);
      if (label == 0) continue;
      int& n = number[static_cast<std::size_t>(label)];
      if (n == 0) n = ++next;
      label = n;
    }
  return labels;
}

}  // namespace tine::image
