/// What tine's image operations are compared with. All of it runs in this process, warm, with its own
/// threads on, and gets its memory warm: see keep_memory().
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include <tine/image/chain.hpp>

#include "compare.hpp"

namespace bench {

/// A chain as OpenCV calls one after another on the whole image.
class OpenCv {
 public:
  OpenCv(const tine::image::Chain& chain, cv::Mat in);
  void operator()(int threads);
  const cv::Mat& result() const { return result_; }

 private:
  std::vector<tine::image::Chain> steps_;
  cv::Mat in_, result_;
};

/// libvips' operations, as its command line has them ("gaussblur sigma=8", several separated by |), on
/// an 8-bit image; none if libvips was not there when this was built, or without `operations`.
std::optional<Side> libvips(const std::string& operations, const cv::Mat& in, cv::Size result);

/// The same for the options of ImageMagick's `convert`: "-blur 0x8".
std::optional<Side> image_magick(const std::string& options, const cv::Mat& in, cv::Size result);

/// From now on what is freed stays with the process, as tine's arrays do, so that no peer waits for fresh
/// pages in each call.
void keep_memory();

/// Of the peers above, the Debian packages that were not there when this was built.
std::vector<std::string> missing_packages();

}  // namespace bench
