/// The batch: photographs to half their size, sharpened and written as JPEGs, one process per CPU and
/// one file after another in each.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "compare.hpp"

namespace bench {

/// Registers the comparison of `tine image` (the program at this path) with OpenCV in forked
/// processes, vipsthumbnail and ImageMagick's mogrify under GNU parallel, on so many files.
void register_batch(const std::string& tine, std::size_t files, const How& how);

/// What the program does when it is started as a side of that comparison: arguments are a folder
/// of inputs, one for outputs, a number of processes, and how to decode.
int run_opencv_batch(const std::vector<std::string>& arguments);

/// Of the commands that are used, the Debian packages of those that are not there.
std::vector<std::string> missing_batch_packages();

}  // namespace bench
