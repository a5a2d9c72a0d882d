/// @file
/// What takes a second image beside the one it works on, and so cannot be a step of a chain.
#pragma once

#include <opencv2/imgproc.hpp>

#include <tine/image/chain.hpp>

namespace tine::image {

/// Each pixel of `out` is the one of `in` at (xs, ys) for it; `cv::remap`, bit for bit, in the pool's
/// workers. As with chains, Mats that lie in the pool's arena are used in place.
///
/// @param xs, ys  CV_32FC1, as large as the output; or as `cv::convertMaps` makes them
/// @param interpolation  cv::INTER_NEAREST, INTER_LINEAR, INTER_CUBIC or INTER_LANCZOS4
/// @param border  cv::BORDER_CONSTANT (zeros), REPLICATE, REFLECT, REFLECT_101 or WRAP
/// @throws InvalidArgument  maps that do not fit each other, an image with sides over 32,766 pixels
/// @throws KernelError      an error in OpenCV; and what for_each_slice() throws
Report remap(const PoolWith& on, const cv::Mat& in, cv::Mat& out, const cv::Mat& xs,
             const cv::Mat& ys, int interpolation = cv::INTER_LINEAR,
             int border = cv::BORDER_CONSTANT);

/// How well a template fits at each place of an image; `cv::matchTemplate`. OpenCV computes it with
/// Fourier transforms of blocks, and so do these bands of the output: values are those of one call
/// for the whole image but for their last bits, the same on any number of workers.
///
/// @param in      8-bit or float
/// @param pattern of the same type, not larger than `in`
/// @param out     CV_32FC1, in.rows - pattern.rows + 1 by in.cols - pattern.cols + 1
/// @param method  cv::TM_CCOEFF_NORMED and its like
/// @throws InvalidArgument  types or sizes that do not fit each other
/// @throws KernelError      an error in OpenCV; and what for_each_slice() throws
Report match_template(const PoolWith& on, const cv::Mat& in, const cv::Mat& pattern, cv::Mat& out,
                      int method = cv::TM_CCOEFF_NORMED);

}  // namespace tine::image
