// gray, invert, threshold with a given value: one pixel at a time.
#include <opencv2/imgproc.hpp>

#include "operations/all.hpp"

namespace tine::image {

cv::Mat to_gray(const cv::Mat& in) {
  if (in.channels() == 1) return in;
  cv::Mat gray;
  cv::cvtColor(in, gray, in.channels() == 4 ? cv::COLOR_BGRA2GRAY : cv::COLOR_BGR2GRAY);
  return gray;
}

namespace {

constexpr Parameter threshold_parameters[] = {
    {"value", "what is above it becomes white", "levels", 0, 65535, 127},
};

}  // namespace

constinit const Operation gray_operation{
    .name = "gray",
    .help = "colour to gray",
    .accepts = always<all_depths, any_channels>,
    .output_type = gray_type,
    .run =
        [](const cv::Mat& in, cv::Mat& out, const Values&) {
          if (in.channels() == 1)
            in.copyTo(out);
          else
            cv::cvtColor(in, out, in.channels() == 4 ? cv::COLOR_BGRA2GRAY : cv::COLOR_BGR2GRAY);
        },
};

constinit const Operation invert_operation{
    .name = "invert",
    .help = "the negative; transparency stays",
    .accepts = always<all_depths, any_channels>,
    .run =
        [](const cv::Mat& in, cv::Mat& out, const Values&) {
          const double top = white(in.type());
          if (in.depth() != CV_32F) {
            cv::bitwise_xor(in, cv::Scalar(top, top, top, 0), out);
            return;
          }
          cv::subtract(cv::Scalar::all(top), in, out);
          if (in.channels() == 4) {
            const int alpha[] = {3, 3};
            cv::mixChannels(&in, 1, &out, 1, alpha, 1);
          }
        },
};

constinit const Operation threshold_operation{
    .name = "threshold",
    .help = "black and white, cut at a given level",
    .parameters = threshold_parameters,
    .accepts = always<all_depths, any_channels>,
    .run =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          cv::threshold(in, out, v[0], white(in.type()), cv::THRESH_BINARY);
        },
};

}  // namespace tine::image
