// Minima and maxima of squares, and what is made of them.
#pragma once

#include <opencv2/imgproc.hpp>

namespace tine::image {

/// cv::morphologyEx(in, out, type, a square of `size` x `size` pixels, {-1, -1}, 1, border) for 8-bit
/// and 16-bit images. `size` is odd and at least 3. Given some rows of a larger image, it looks at the rows
/// around them. `streams` as in Values.
void morphology_of_squares(const cv::Mat& in, cv::Mat& out, cv::MorphTypes type, int size,
                           int border, bool streams);

}  // namespace tine::image
