// flip, rotate, crop.
#include <cmath>
#include <string>

#include <opencv2/imgproc.hpp>

#include <tine/error.hpp>

#include "operations/quarter_turn.hpp"
#include "operations/warp.hpp"
#include "streaming.hpp"
#include "text.hpp"

namespace tine::image {

namespace {

constexpr Choice directions[] = {{"horizontal", 1}, {"vertical", 0}, {"both", -1}};
constexpr Parameter flip_parameters[] = {
    {"direction", "left and right, top and bottom, or both change places", "", -1, 1, 1,
     Parameter::Kind::choice, directions},
};
constexpr Choice canvases[] = {{"grow", 1}, {"keep", 0}};
constexpr Parameter rotate_parameters[] = {
    {"angle", "clockwise; right angles keep all pixels as they are", "degrees", -360, 360, 90},
    interpolation_parameter,
    warp_border_parameter,
    {"canvas", "grows until the corners fit, or keeps its size", "", 0, 1, 1,
     Parameter::Kind::choice, canvases},
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

// 0 to 3 for angles that keep pixels as they are, clockwise; -1 for others.
int right_angles(const Values& v) {
  const bool keeps_size = v[3] == 0;
  const double quarters = v[0] / 90;
  if (quarters != std::floor(quarters) || (keeps_size && std::fmod(quarters, 2) != 0)) return -1;
  return (int(quarters) + 4) % 4;
}

cv::Size rotated_size(const Values& v, cv::Size size) {
  const int quarters = right_angles(v);
  if (quarters >= 0) return quarters % 2 == 0 ? size : cv::Size{size.height, size.width};
  warpable(size, "rotate");
  if (v[3] == 0) return size;
  const double angle = v[0] * CV_PI / 180;
  const double c = std::abs(std::cos(angle)), s = std::abs(std::sin(angle));
  // A sliver less than a pixel's hundredth is rounding.
  return warpable({int(std::ceil(size.width * c + size.height * s - 0.01)),
                   int(std::ceil(size.width * s + size.height * c - 0.01))},
                  "rotate");
}

// Turns about the middles of input and output.
cv::Matx23d rotation(const Values& v, cv::Size in, cv::Size out) {
  const double angle = v[0] * CV_PI / 180, c = std::cos(angle), s = std::sin(angle);
  const double x = (in.width - 1) / 2., y = (in.height - 1) / 2.;
  return {c, -s, (out.width - 1) / 2. - c * x + s * y, s, c, (out.height - 1) / 2. - s * x - c * y};
}

// All columns of `out` from column `x` of `in` on; the last row first, if `upside_down`. Reads ahead: that is
// what hardware foresees.
void copy_pixels(const cv::Mat& in, cv::Mat& out, int x, bool upside_down, const Values& v) {
  const RowOutput output(v.streams);
  for (int y = 0; y < out.rows; ++y)
    output.copy(in.ptr(y, x), out.ptr(upside_down ? out.rows - 1 - y : y),
                out.elemSize() * static_cast<std::size_t>(out.cols));
}

constexpr int cv_rotation[] = {-1, cv::ROTATE_90_CLOCKWISE, cv::ROTATE_180,
                               cv::ROTATE_90_COUNTERCLOCKWISE};

// Rows of the output from rows of the input; both from all rows for other angles than 0 and 180.
void rotate_rows(const cv::Mat& in, cv::Mat& out, const Place& place, const Values& v) {
  const int quarters = right_angles(v);
  if (quarters == 0) {
    copy_pixels(in, out, 0, false, v);
  } else if (quarters == 2) {
    cv::rotate(in, out, cv::ROTATE_180);
  } else if (quarters > 0) {
    turn_quarter(in, out, place.output_row, quarters == 1, v.streams);
  } else {
    const cv::Matx23d matrix = rotation(v, {place.input.columns, place.input.rows},
                                        {place.output.columns, place.output.rows});
    warp_affine(in, out, place, matrix, int(v[1]), int(v[2]));
  }
}

void rotate_whole(const cv::Mat& in, cv::Mat& out, const Values& v) {
  const int quarters = right_angles(v);
  if (quarters == 0)
    in.copyTo(out);
  else if (quarters > 0)
    cv::rotate(in, out, cv_rotation[quarters]);
  else
    cv::warpAffine(in, out, rotation(v, in.size(), out.size()), out.size(), int(v[1]), int(v[2]));
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
    .run_at =
        [](const cv::Mat& in, cv::Mat& out, const Place&, const Values& v) {
          if (v[0] == 0)
            copy_pixels(in, out, 0, true, v);
          else
            cv::flip(in, out, int(v[0]));
        },
    .reference = [](const cv::Mat& in, cv::Mat& out,
                    const Values& v) { cv::flip(in, out, int(v[0])); },
};

constinit const Operation rotate_operation{
    .name = "rotate",
    .help = "turns the image by any angle",
    .parameters = rotate_parameters,
    .scope = Operation::Scope::mapped,
    .accepts = always<all_depths, any_channels>,
    .output_size = rotated_size,
    .source_rows =
        [](const Values& v, const Place& whole, Range want) {
          const int quarters = right_angles(v);
          if (quarters == 0) return want;
          return quarters == 2 ? mirrored(want, whole.input.rows) : all_rows(v, whole, want);
        },
    .run_at = rotate_rows,
    .reference = rotate_whole,
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
                 const Values& v) { copy_pixels(in, out, int(v[0]), false, v); },
    .reference =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          in(cv::Rect(int(v[0]), int(v[1]), out.cols, out.rows)).copyTo(out);
        },
};

}  // namespace tine::image
