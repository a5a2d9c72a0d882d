// Files of what a chain has found in an image, when its last step gives a list: points, counts. A CSV file
// has a line for each and the names in the first; a JSON file is an object with an array for each name.
#pragma once

#include <string>

#include <tine/image/chain.hpp>

namespace tine::app {

/// Whether lists are written to a file of this name, by its extension.
bool is_list_file(const std::string& path);

/// What the serial OpenCV calls make of an image: another one, or the values of a list.
cv::Mat serially(const image::Chain& chain, const cv::Mat& image, bool listed);

/// Whether what has been made is that.
bool same(const cv::Mat& made, const cv::Mat& expected);

/// Writes to an open, empty file whose name has this extension (".csv"). Throws Failure.
void write_list(const image::Table& table, const std::string& extension, int descriptor);

}  // namespace tine::app
