// resize.
//
// cv::resize computes the position of each row of the output in the input as a float, so a call on a
// band that begins elsewhere has weights which differ in their last bits. Therefore rows are weighed
// here, except where each is made of whole rows.
#include <algorithm>
#include <cstring>
#include <vector>

#include <tine/error.hpp>
#include <tine/image/filters.hpp>

#include "operations/all.hpp"
#include "resize/halve.hpp"
#include "resize/rows.hpp"
#include "resize/weights.hpp"
#include "text.hpp"

namespace tine::image {

namespace {

constexpr Choice methods[] = {
    {"auto", by_size},          {"area", cv::INTER_AREA},         {"linear", cv::INTER_LINEAR},
    {"cubic", cv::INTER_CUBIC}, {"lanczos4", cv::INTER_LANCZOS4}, {"nearest", cv::INTER_NEAREST}};
constexpr Parameter parameters[] = {
    {"scale", "factor for both sides", "", 0, 32, 0},
    {"width", "columns; 0: in proportion", "pixels", 0, 65500, 0, Parameter::Kind::integer},
    {"height", "rows; 0: in proportion", "pixels", 0, 65500, 0, Parameter::Kind::integer},
    {"method", "auto: area when shrinking, cubic when enlarging", "", by_size, cv::INTER_LANCZOS4,
     by_size, Parameter::Kind::choice, methods},
};

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

cv::Size size_of(const Shape& shape) {
  return {shape.columns, shape.rows};
}

int method_of(const Values& v, cv::Size in, cv::Size out) {
  const int method = int(v[3]);
  if (method != by_size) return method;
  return out.width <= in.width && out.height <= in.height ? cv::INTER_AREA : cv::INTER_CUBIC;
}

Way chosen_way(const Values& v, const Place& place) {
  const cv::Size in = size_of(place.input), out = size_of(place.output);
  return way_of(method_of(v, in, out), in, out);
}

// Pixels at these offsets in bytes.
template <std::size_t size>
void take_pixels(const std::uint8_t* from, const std::vector<std::ptrdiff_t>& offsets,
                 std::uint8_t* to) {
  for (const std::ptrdiff_t offset : offsets) {
    std::memcpy(to, from + offset, size);
    to += size;
  }
}

void take_nearest(const cv::Mat& in, cv::Mat& out, const Place& place) {
  std::vector<std::ptrdiff_t> offsets(static_cast<std::size_t>(out.cols));
  const double step = Side{in.cols, out.cols}.step();
  for (int x = 0; x < out.cols; ++x)
    offsets[static_cast<std::size_t>(x)] =
        static_cast<std::ptrdiff_t>(in.elemSize()) * nearest_to(x, step, in.cols);
  const auto take = [size = in.elemSize()] {
    switch (size) {
      case 1:
        return take_pixels<1>;
      case 2:
        return take_pixels<2>;
      case 3:
        return take_pixels<3>;
      case 4:
        return take_pixels<4>;
      case 6:
        return take_pixels<6>;
      case 8:
        return take_pixels<8>;
      case 12:
        return take_pixels<12>;
      default:
        return take_pixels<16>;
    }
  }();
  const double row_step = Side{place.input.rows, place.output.rows}.step();
  int before = -1;
  for (int y = 0; y < out.rows; ++y) {
    const int row = nearest_to(place.output_row + y, row_step, place.input.rows);
    if (row == before)
      std::memcpy(out.ptr(y), out.ptr(y - 1), offsets.size() * in.elemSize());
    else
      take(in.ptr(row - place.input_row), offsets, out.ptr(y));
    before = row;
  }
}

void resize_band(const cv::Mat& in, cv::Mat& out, const Place& place, const Values& v) {
  switch (const Way way = chosen_way(v, place)) {
    case Way::copy:
      in.copyTo(out);
      break;
    case Way::nearest:
      take_nearest(in, out, place);
      break;
    case Way::cells:
      if (in.depth() == CV_8U && in.rows == 2 * out.rows && in.cols == 2 * out.cols)
        halve(in, out);
      else
        cv::resize(in, out, out.size(), 0, 0, cv::INTER_AREA);
      break;
    default:
      resize_rows(way, in, out, place);
  }
}

}  // namespace

constinit const Operation resize_operation{
    .name = "resize",
    .help = "another size: scale, or width or height or both",
    .parameters = parameters,
    .scope = Operation::Scope::mapped,
    .accepts = always<all_depths, any_channels>,
    .output_size = size_after,
    .validate =
        [](const Values& v) {
          const bool size = v[1] > 0 || v[2] > 0;
          if ((v[0] > 0) == size)
            throw InvalidArgument(
                "resize needs either a scale, or a width or a height or both: resize scale=0.5");
        },
    .source_rows =
        [](const Values& v, const Place& whole, Range want) {
          return sources_of(chosen_way(v, whole), {whole.input.rows, whole.output.rows}, want);
        },
    .run_at = resize_band,
    .reference =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          cv::resize(in, out, out.size(), 0, 0, method_of(v, in.size(), out.size()));
        },
};

}  // namespace tine::image
