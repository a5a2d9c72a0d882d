/// The pictures that image operations are measured on: a real photograph where one is installed.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <opencv2/core.hpp>

namespace bench {

enum class Picture {
  colour,           ///< 8192 x 8192 pixels of 8 bits, as the others that are not small
  gray,             ///< the same in gray
  black_and_white,  ///< the gray one, cut at its mean level
  small_colour,     ///< 1024 x 1024, for what takes seconds
  small_gray,
};

/// What follows the name of an operation that is measured on the picture: ", gray".
std::string_view suffix(Picture which);

/// The pictures in ordinary memory, each made at its first use.
class Pictures {
 public:
  /// With `quick`, the large ones have 2048 x 2048 pixels and the small ones 512 x 512.
  explicit Pictures(bool quick) : quick_(quick) {}
  const cv::Mat& operator[](Picture which);

 private:
  cv::Mat make(Picture which);

  bool quick_;
  std::map<Picture, cv::Mat> made_;
};

/// The photographs that are installed, of Debian's package lomiri-wallpapers-16.04.
std::vector<std::string> photographs();

/// One of them, counted round; without any, waves and noise.
cv::Mat photograph(std::size_t number);

}  // namespace bench
