// The operations, one file for each kind of them, and what their descriptions share.
#pragma once

#include <tine/image/operation.hpp>

namespace tine::image {

extern const Operation bilateral_operation;
extern const Operation box_operation;
extern const Operation dilate_operation;
extern const Operation equalize_operation;
extern const Operation erode_operation;
extern const Operation gaussian_operation;
extern const Operation gray_operation;
extern const Operation invert_operation;
extern const Operation laplacian_operation;
extern const Operation median_operation;
extern const Operation nlmeans_operation;
extern const Operation resize_operation;
extern const Operation sharpen_operation;
extern const Operation sobel_operation;
extern const Operation threshold_operation;
extern const Operation threshold_otsu_operation;

inline constexpr unsigned depth_8 = 1u << CV_8U, depth_16 = 1u << CV_16U,
                          depth_float = 1u << CV_32F;
inline constexpr unsigned all_depths = depth_8 | depth_16 | depth_float;
inline constexpr unsigned gray_only = 1u << 1, gray_or_colour = gray_only | 1u << 3,
                          any_channels = gray_or_colour | 1u << 4;

template <unsigned depths, unsigned channels>
constexpr Accepts always(const Values&) {
  return {depths, channels};
}

inline int gray_type(int type) {
  return CV_MAKETYPE(CV_MAT_DEPTH(type), 1);
}

/// The gray version of an image: the image itself if it is gray.
cv::Mat to_gray(const cv::Mat& in);

/// The value of white.
inline double white(int type) {
  switch (CV_MAT_DEPTH(type)) {
    case CV_8U:
      return 255;
    case CV_16U:
      return 65535;
    default:
      return 1;
  }
}

}  // namespace tine::image
