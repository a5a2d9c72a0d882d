// What operations that take pixels from between those of their input have in common.
#pragma once

#include <opencv2/core.hpp>

#include "operations/all.hpp"

namespace tine::image {

inline constexpr Choice interpolations[] = {{"nearest", cv::INTER_NEAREST},
                                            {"linear", cv::INTER_LINEAR},
                                            {"cubic", cv::INTER_CUBIC},
                                            {"lanczos4", cv::INTER_LANCZOS4}};
inline constexpr Parameter interpolation_parameter{"interpolation",
                                                   "how a value between pixels is made",
                                                   "",
                                                   0,
                                                   4,
                                                   cv::INTER_LINEAR,
                                                   Parameter::Kind::choice,
                                                   interpolations};

/// What is beyond the edges of the input.
inline constexpr Choice warp_borders[] = {{"constant", cv::BORDER_CONSTANT},
                                          {"replicate", cv::BORDER_REPLICATE},
                                          {"reflect", cv::BORDER_REFLECT},
                                          {"reflect101", cv::BORDER_REFLECT_101},
                                          {"wrap", cv::BORDER_WRAP}};
inline constexpr Parameter warp_border_parameter{"border",
                                                 "what is beyond the edges; constant: black",
                                                 "",
                                                 0,
                                                 4,
                                                 cv::BORDER_CONSTANT,
                                                 Parameter::Kind::choice,
                                                 warp_borders};

/// All rows: what a warp makes its output from.
inline Range all_rows(const Values&, const Place& whole, Range) {
  return {0, static_cast<std::size_t>(whole.input.rows)};
}

/// Throws InvalidArgument for images with more pixels in a row or column than cv::remap can count.
cv::Size warpable(cv::Size size, const char* operation);

/// Rows of cv::warpAffine(), given all of its input. `forward` maps positions in the input to
/// positions in the output.
void warp_affine(const cv::Mat& in, cv::Mat& out, const Place& place, const cv::Matx23d& forward,
                 int interpolation, int border);

}  // namespace tine::image
