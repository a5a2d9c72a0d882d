// remap: each pixel comes from a place of its own.
#include "operations/warp.hpp"

#include <opencv2/imgproc.hpp>

#include <tine/error.hpp>

namespace tine::image {

namespace {

constexpr Parameter remap_parameters[] = {
    {"maps",
     "where each pixel comes from, x and y: a float .npy with 2 channels, or red and green of a "
     ".tiff or .exr",
     "npy", 0, 0, 0, Parameter::Kind::file},
    interpolation_parameter,
    warp_border_parameter,
};

cv::Mat maps_of(const cv::Mat& image) {
  warpable(image.size(), "remap: the maps: it");
  if (image.type() == CV_32FC2) return image;
  if (image.type() != CV_32FC3)
    throw InvalidArgument(
        "remap takes maps that are float with 2 channels, or with 3 of which red is x "
        "and green is y");
  cv::Mat maps(image.size(), CV_32FC2);
  cv::mixChannels(image, maps, {2, 0, 1, 1});
  return maps;
}

}  // namespace

constinit const Operation remap_operation{
    .name = "remap",
    .help = "takes each pixel from the place that maps name for it",
    .parameters = remap_parameters,
    .scope = Operation::Scope::mapped,
    .operand = maps_of,
    .accepts = always<all_depths, any_channels>,
    .output_size =
        [](const Values& v, cv::Size size) {
          warpable(size, "remap");
          return cv::Size(v.operand.shape.columns, v.operand.shape.rows);
        },
    .source_rows = all_rows,
    .run_at =
        [](const cv::Mat& in, cv::Mat& out, const Place& place, const Values& v) {
          const int first = place.output_row;
          cv::remap(in, out, v.operand.mat().rowRange(first, first + out.rows), cv::noArray(),
                    int(v[1]), int(v[2]));
        },
    .reference =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          cv::remap(in, out, v.operand.mat(), cv::noArray(), int(v[1]), int(v[2]));
        },
};

}  // namespace tine::image
