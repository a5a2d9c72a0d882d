// flip, rotate, crop: pixels move and keep their values.
#include <string>

#include <tine/error.hpp>

#include "operations/all.hpp"
#include "text.hpp"

namespace tine::image {

namespace {

constexpr Choice directions[] = {{"horizontal", 1}, {"vertical", 0}, {"both", -1}};
constexpr Parameter flip_parameters[] = {
    {"direction", "left and right, top and bottom, or both change places", "", -1, 1, 1,
     Parameter::Kind::choice, directions},
};
constexpr Choice angles[] = {{"90", cv::ROTATE_90_CLOCKWISE},
                             {"180", cv::ROTATE_180},
                             {"270", cv::ROTATE_90_COUNTERCLOCKWISE}};
constexpr Parameter rotate_parameters[] = {
    {"angle", "degrees, clockwise", "", 0, 2, cv::ROTATE_90_CLOCKWISE, Parameter::Kind::choice,
     angles},
};
constexpr Parameter crop_parameters[] = {
    {"x", "first column", "pixels", 0, 65500, 0, Parameter::Kind::integer},
    {"y", "first row", "pixels", 0, 65500, 0, Parameter::Kind::integer},
    {"width", "columns; 0: to the right edge", "pixels", 0, 65500, 0, Parameter::Kind::integer},
    {"height", "rows; 0: to the lower edge", "pixels", 0, 65500, 0, Parameter::Kind::integer},
};

cv::Size cropped(const Values& v, cv::Size size) {
  const double width = v[2] > 0 ? v[2] : size.width - v[0];
  const double height = v[3] > 0 ? v[3] : size.height - v[1];
  if (width < 1 || height < 1 || v[0] + width > size.width || v[1] + height > size.height)
    throw InvalidArgument("crop: " + number_text(v[2]) + " x " + number_text(v[3]) + " at " +
                          number_text(v[0]) + ", " + number_text(v[1]) +
                          " does not lie in an image of " + std::to_string(size.width) + " x " +
                          std::to_string(size.height));
  return {int(width), int(height)};
}

// The rows of an image that are `r` when they are counted from the other end.
Range mirrored(const Range& r, int rows) {
  return {static_cast<std::size_t>(rows) - r.end, static_cast<std::size_t>(rows) - r.begin};
}

}  // namespace

constinit const Operation flip_operation{
    .name = "flip",
    .help = "the mirror image",
    .parameters = flip_parameters,
    .scope = Operation::Scope::mapped,
    .accepts = always<all_depths, any_channels>,
    .source_rows =
        [](const Values& v, const Place& whole, Range want) {
          return int(v[0]) > 0 ? want : mirrored(want, whole.input.rows);
        },
    .run_at = [](const cv::Mat& in, cv::Mat& out, const Place&,
                 const Values& v) { cv::flip(in, out, int(v[0])); },
    .reference = [](const cv::Mat& in, cv::Mat& out,
                    const Values& v) { cv::flip(in, out, int(v[0])); },
};

constinit const Operation rotate_operation{
    .name = "rotate",
    .help = "turns the image by a right angle",
    .parameters = rotate_parameters,
    .scope = Operation::Scope::mapped,
    .accepts = always<all_depths, any_channels>,
    .output_size =
        [](const Values& v, cv::Size size) {
          return int(v[0]) == cv::ROTATE_180 ? size : cv::Size{size.height, size.width};
        },
    .source_rows =
        [](const Values& v, const Place& whole, Range want) {
          return int(v[0]) == cv::ROTATE_180 ? mirrored(want, whole.input.rows)
                                             : Range{0, static_cast<std::size_t>(whole.input.rows)};
        },
    .run_at =
        [](const cv::Mat& in, cv::Mat& out, const Place& place, const Values& v) {
          const int angle = int(v[0]);
          if (angle == cv::ROTATE_180) {
            cv::rotate(in, out, angle);
            return;
          }
          // Rows of the output are columns of the input, counted from the right for 270 degrees.
          const int first = angle == cv::ROTATE_90_CLOCKWISE
                                ? place.output_row
                                : in.cols - place.output_row - out.rows;
          cv::rotate(in.colRange(first, first + out.rows), out, angle);
        },
    .reference = [](const cv::Mat& in, cv::Mat& out,
                    const Values& v) { cv::rotate(in, out, int(v[0])); },
};

constinit const Operation crop_operation{
    .name = "crop",
    .help = "a part of the image",
    .parameters = crop_parameters,
    .scope = Operation::Scope::mapped,
    .accepts = always<all_depths, any_channels>,
    .output_size = cropped,
    .source_rows =
        [](const Values& v, const Place&, Range want) {
          const auto y = static_cast<std::size_t>(v[1]);
          return Range{want.begin + y, want.end + y};
        },
    .run_at = [](const cv::Mat& in, cv::Mat& out, const Place&,
                 const Values& v) { in.colRange(int(v[0]), int(v[0]) + out.cols).copyTo(out); },
    .reference =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          in(cv::Rect(int(v[0]), int(v[1]), out.cols, out.rows)).copyTo(out);
        },
};

}  // namespace tine::image
