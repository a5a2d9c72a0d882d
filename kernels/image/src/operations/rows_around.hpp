// Rows of an image that kernels find above and below the part they get.
#pragma once

#include <cstddef>
#include <vector>

#include <opencv2/core.hpp>

namespace tine::image {

/// Rows by number, counted from the first one of a part of a larger image.
template <class T>
class RowsAround {
 public:
  /// With the border's rows beyond the whole image; zeros with cv::BORDER_CONSTANT.
  RowsAround(const cv::Mat& part, int border) : part_(part), border_(border) {
    part.locateROI(whole_, offset_);
    zeros_.resize(static_cast<std::size_t>(part.cols) * static_cast<std::size_t>(part.channels()));
  }

  const T* operator()(int y) const {
    const int row = cv::borderInterpolate(offset_.y + y, whole_.height, border_);
    if (row < 0) return zeros_.data();
    return reinterpret_cast<const T*>(part_.data + (row - offset_.y) *
                                                       static_cast<std::ptrdiff_t>(part_.step[0]));
  }

 private:
  const cv::Mat& part_;
  int border_;
  cv::Size whole_;
  cv::Point offset_;
  std::vector<T> zeros_;
};

}  // namespace tine::image
