// The ways of cv::resize that weigh pixels, for a band of rows.
#pragma once

#include <opencv2/core.hpp>

#include <tine/image/operation.hpp>

#include "resize/weights.hpp"

namespace tine::image {

/// Makes rows of the output from rows of the input, for Way::coverage, linear, linear_by_area, cubic
/// and lanczos4: bit for bit as cv::resize does on the whole image.
void resize_rows(Way way, const cv::Mat& in, cv::Mat& out, const Place& place);

}  // namespace tine::image
