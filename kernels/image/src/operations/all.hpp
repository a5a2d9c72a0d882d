// The operations, one file for each kind of them, and what their descriptions share.
#pragma once

#include <opencv2/imgproc.hpp>

#include <tine/image/operation.hpp>

namespace tine::image {

extern const Operation affine_operation;
extern const Operation bilateral_operation;
extern const Operation blackhat_operation;
extern const Operation box_operation;
extern const Operation canny_operation;
extern const Operation clahe_operation;
extern const Operation close_operation;
extern const Operation components_operation;
extern const Operation convert_operation;
extern const Operation corners_operation;
extern const Operation crop_operation;
extern const Operation dilate_operation;
extern const Operation distance_operation;
extern const Operation equalize_operation;
extern const Operation erode_operation;
extern const Operation fast_operation;
extern const Operation filter2d_kernel_operation;
extern const Operation filter2d_operation;
extern const Operation flip_operation;
extern const Operation gamma_operation;
extern const Operation gaussian_operation;
extern const Operation gradient_operation;
extern const Operation gray_operation;
extern const Operation guided_operation;
extern const Operation histogram_operation;
extern const Operation integral_operation;
extern const Operation invert_operation;
extern const Operation laplacian_operation;
extern const Operation lens_operation;
extern const Operation levels_operation;
extern const Operation match_operation;
extern const Operation median_operation;
extern const Operation nlmeans_operation;
extern const Operation normalize_operation;
extern const Operation open_operation;
extern const Operation orb_operation;
extern const Operation perspective_operation;
extern const Operation pyrdown_operation;
extern const Operation pyrup_operation;
extern const Operation remap_operation;
extern const Operation resize_operation;
extern const Operation rotate_operation;
extern const Operation scharr_operation;
extern const Operation sharpen_operation;
extern const Operation sobel_operation;
extern const Operation threshold_operation;
extern const Operation threshold_adaptive_operation;
extern const Operation threshold_otsu_operation;
extern const Operation tophat_operation;

inline constexpr unsigned depth_8 = 1u << CV_8U, depth_16 = 1u << CV_16U,
                          depth_float = 1u << CV_32F;
inline constexpr unsigned all_depths = depth_8 | depth_16 | depth_float;
inline constexpr unsigned gray_only = 1u << 1, gray_or_colour = gray_only | 1u << 3,
                          any_channels = gray_or_colour | 1u << 4;

template <unsigned depths, unsigned channels>
constexpr Accepts always(const Values&) {
  return {depths, channels};
}

constexpr int largest_side = 1 << 26;  ///< pixels; the bytes of a row then fit an int

/// What OpenCV's filters can take for the pixels beyond the edges: their mirror image without and
/// with the edge itself, the edge again and again, or zeros.
inline constexpr Choice borders[] = {{"reflect101", cv::BORDER_REFLECT_101},
                                     {"reflect", cv::BORDER_REFLECT},
                                     {"replicate", cv::BORDER_REPLICATE},
                                     {"constant", cv::BORDER_CONSTANT}};
inline constexpr Parameter border_parameter{
    "border", "what is beyond the edges", "", 0, 4, cv::BORDER_REFLECT_101, Parameter::Kind::choice,
    borders};

inline int gray_type(int type) {
  return CV_MAKETYPE(CV_MAT_DEPTH(type), 1);
}

/// Gives `out` the transparency of `in`, if the images have one.
void keep_alpha(const cv::Mat& in, cv::Mat& out);

/// White above a level, black elsewhere; `streams` as in Values.
void cut_at(const cv::Mat& in, cv::Mat& out, double level, bool streams);

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
