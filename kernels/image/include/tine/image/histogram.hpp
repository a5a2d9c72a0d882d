/// @file
/// How many pixels of an image have each level.
#pragma once

#include <cstdint>
#include <vector>

#include <opencv2/core.hpp>

#include <tine/pool.hpp>

namespace tine::image {

/// Counts the levels of an image's channels in the pool's workers; the numbers of `cv::calcHist` with
/// one bin for each level, exact beyond the 2^24 that its floats hold. The list of the operation
/// "histogram", which ends a chain.
///
/// @param image  8-bit or 16-bit, with 1, 3 or 4 channels. In the pool's arena it is used in place,
///               otherwise it is copied once.
/// @returns      for each channel 256 or 65,536 counts, all of them zero for an image without pixels
/// @throws InvalidArgument  an image of another type; and what for_each_slice() throws
///
/// Linear in the number of pixels. Takes 32 partial histograms of the arena's memory, at most: 8 MiB
/// for each channel of a 16-bit image.
std::vector<std::vector<std::uint64_t>> histogram(const PoolWith& on, const cv::Mat& image);

}  // namespace tine::image
