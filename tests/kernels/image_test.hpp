// Images to test with, and how two are compared.
#pragma once

#include <cmath>
#include <cstring>
#include <ostream>
#include <vector>

#include <gtest/gtest.h>
#include <opencv2/core.hpp>

namespace tine::image {

/// Waves with noise on top, the same for the same arguments.
inline cv::Mat picture(int rows, int columns, int type) {
  cv::Mat image(rows, columns, type);
  const double top = image.depth() == CV_8U ? 255 : image.depth() == CV_16U ? 65535 : 1;
  cv::RNG random(static_cast<std::uint64_t>(rows * 1000 + columns * 10 + type));
  random.fill(image, cv::RNG::UNIFORM, 0, top * 0.3);
  for (int y = 0; y < rows; ++y)
    for (int x = 0; x < columns * image.channels(); ++x) {
      const double wave = top * 0.35 * (1 + std::sin(y * 0.05) * std::cos(x * 0.03));
      if (image.depth() == CV_8U)
        image.ptr<std::uint8_t>(y)[x] = cv::saturate_cast<std::uint8_t>(image.ptr(y)[x] + wave);
      else if (image.depth() == CV_16U)
        image.ptr<std::uint16_t>(y)[x] =
            cv::saturate_cast<std::uint16_t>(image.ptr<std::uint16_t>(y)[x] + wave);
      else
        image.ptr<float>(y)[x] += static_cast<float>(wave);
    }
  return image;
}

/// Whether two images have the same shape and the same bits.
inline testing::AssertionResult same_bits(const cv::Mat& got, const cv::Mat& expected) {
  if (got.size() != expected.size() || got.type() != expected.type())
    return testing::AssertionFailure() << got.size() << " of type " << got.type() << " instead of "
                                       << expected.size() << " of type " << expected.type();
  const std::size_t row = got.elemSize() * static_cast<std::size_t>(got.cols);
  for (int y = 0; y < got.rows; ++y)
    if (row > 0 && std::memcmp(got.ptr(y), expected.ptr(y), row) != 0)
      return testing::AssertionFailure() << "row " << y << " differs";
  return testing::AssertionSuccess();
}

}  // namespace tine::image
