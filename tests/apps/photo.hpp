// A picture to work on.
#pragma once

#include <opencv2/core.hpp>

namespace tine_test {

inline cv::Mat photo(int rows, int columns, int type = CV_8UC3) {
  cv::Mat image(rows, columns, type);
  cv::RNG random(static_cast<std::uint64_t>(rows + columns));
  for (int y = 0; y < rows; ++y)
    for (std::size_t x = 0; x < static_cast<std::size_t>(columns) * image.elemSize(); ++x)
      image.ptr(y)[x] = static_cast<std::uint8_t>((y * 3 + int(x)) / 4 + random.uniform(0, 20));
  return image;
}

}  // namespace tine_test
