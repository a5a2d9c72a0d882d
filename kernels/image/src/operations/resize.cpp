// resize.
//
// It runs on the whole image at once: OpenCV computes the position of each output row in the input
// as a float, so a band that begins elsewhere gets weights that differ in their last bits.
#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include <tine/error.hpp>

#include "operations/all.hpp"
#include "text.hpp"

namespace tine::image {

namespace {

constexpr Parameter parameters[] = {
    {"scale", "factor for both sides", "", 0, 32, 0},
    {"width", "columns; 0: in proportion", "pixels", 0, 65500, 0, Parameter::Kind::integer},
    {"height", "rows; 0: in proportion", "pixels", 0, 65500, 0, Parameter::Kind::integer},
};

constexpr double largest_side = 1 << 26;  // the bytes of a row then fit an int

cv::Size size_after(const Values& v, cv::Size size) {
  double width = v[1], height = v[2];
  if (v[0] > 0) {
    width = size.width * v[0];
    height = size.height * v[0];
  } else if (width == 0) {
    width = size.width * height / size.height;
  } else if (height == 0) {
    height = size.height * width / size.width;
  }
  if (std::max(width, height) > largest_side)
    throw InvalidArgument("resize would make " + number_text(width) + " x " + number_text(height) +
                          " pixels; a side has at most " + number_text(largest_side));
  return {std::max(1, cvRound(width)), std::max(1, cvRound(height))};
}

}  // namespace

constinit const Operation resize_operation{
    .name = "resize",
    .help = "another size: scale, or width or height or both",
    .parameters = parameters,
    .scope = Operation::Scope::whole,
    .accepts = always<all_depths, any_channels>,
    .output_size = size_after,
    .validate =
        [](const Values& v) {
          const bool size = v[1] > 0 || v[2] > 0;
          if ((v[0] > 0) == size)
            throw InvalidArgument(
                "resize needs either a scale, or a width or a height or both: resize scale=0.5");
        },
    .run =
        [](const cv::Mat& in, cv::Mat& out, const Values&) {
          const bool shrinks = out.cols <= in.cols && out.rows <= in.rows;
          cv::resize(in, out, out.size(), 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_CUBIC);
        },
};

}  // namespace tine::image
