// erode, dilate.
#include <opencv2/imgproc.hpp>

#include "operations/all.hpp"

namespace tine::image {

namespace {

constexpr Parameter parameters[] = {
    {"size", "side of the square", "pixels", 1, 255, 3, Parameter::Kind::odd},
};

int halo(const Values& v, int) {
  return int(v[0]) / 2;
}

cv::Mat square(const Values& v) {
  return cv::Mat::ones(int(v[0]), int(v[0]), CV_8U);
}

}  // namespace

constinit const Operation erode_operation{
    .name = "erode",
    .help = "minimum of a square: bright areas shrink",
    .parameters = parameters,
    .accepts = always<all_depths, any_channels>,
    .halo = halo,
    .run = [](const cv::Mat& in, cv::Mat& out, const Values& v) { cv::erode(in, out, square(v)); },
};

constinit const Operation dilate_operation{
    .name = "dilate",
    .help = "maximum of a square: bright areas grow",
    .parameters = parameters,
    .accepts = always<all_depths, any_channels>,
    .halo = halo,
    .run = [](const cv::Mat& in, cv::Mat& out, const Values& v) { cv::dilate(in, out, square(v)); },
};

}  // namespace tine::image
