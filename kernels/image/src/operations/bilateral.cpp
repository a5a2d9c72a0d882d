// bilateral.
#include <algorithm>
#include <array>

#include "operations/all.hpp"
#include "stage.hpp"

namespace tine::image {

namespace {

constexpr Parameter parameters[] = {
    {"d", "diameter of the neighbourhood", "pixels", 1, 51, 9, Parameter::Kind::integer},
    {"sigma_color", "difference in level up to which pixels are mixed", "levels", 0.001, 65535, 50},
    {"sigma_space", "standard deviation in the plane", "pixels", 0.1, 1000, 5},
    border_parameter,
};

int radius_of(const Values& v) {
  return std::max(int(v[0]) / 2, 1);
}

void filter(const cv::Mat& in, cv::Mat& out, const Values& v) {
  cv::bilateralFilter(in, out, int(v[0]), v[1], v[2], int(v[3]));
}

// On floats cv::bilateralFilter looks weights up in a table that it makes for the lowest and the
// highest value of the image it is given. So the first phase finds those of the whole image, and
// each band is filtered with two rows more that have them.
struct Span {
  double low, high;
};

Span span_of(const cv::Mat& image) {
  Span span{};
  cv::minMaxIdx(image.reshape(1), &span.low, &span.high);
  return span;
}

// The zeros beyond the edges are values like others. (OpenCV's table lacks them, and is read beyond
// its end, where they are not between the image's values.)
Span with_border(Span span, const Values& v) {
  if (int(v[3]) == cv::BORDER_CONSTANT) span = {std::min(span.low, 0.0), std::max(span.high, 0.0)};
  return span;
}

void filter_rows(const cv::Mat& image, Range rows, const Span& span, cv::Mat& out,
                 const Values& v) {
  const int radius = radius_of(v), count = static_cast<int>(rows.size());
  const int first = static_cast<int>(rows.begin) - radius, framed = count + 2 * radius;
  cv::Mat frame(framed + 2, image.cols, CV_MAKETYPE(CV_32F, image.channels()));
  for (int y = 0; y < framed; ++y) {
    const int source = cv::borderInterpolate(first + y, image.rows, int(v[3]));
    cv::Mat row = frame.row(y);
    if (source < 0)
      row.setTo(0);
    else
      image.row(source).convertTo(row, CV_32F);
  }
  frame.row(framed).setTo(cv::Scalar::all(span.low));
  frame.row(framed + 1).setTo(cv::Scalar::all(span.high));
  // The part is followed by the rows that it looks at, and those by the two.
  cv::Mat smooth;
  filter(frame.rowRange(radius, framed + 2), smooth, v);
  smooth.rowRange(0, count).convertTo(out, out.type());
}

const Phase phases[] = {{
    .bytes = [](const PhaseInput&) { return sizeof(Span); },
    .run =
        [](const PhaseInput& input, std::size_t slice, std::uint8_t* record) {
          const Slice s = input.bands.slice(slice);
          *reinterpret_cast<Span*>(record) = span_of(isolated(input.image, {s.begin, s.end}));
        },
}};

// 16-bit images, which OpenCV's does not take, are filtered as floats with the same values.
constinit const Operation on_floats{
    .name = "bilateral",
    .help = "the same on floats",
    .scope = Operation::Scope::phased,
    .accepts = always<depth_16 | depth_float, gray_or_colour>,
    .halo = [](const Values& v, int) { return radius_of(v); },
    .phases = phases,
    .finish =
        [](const PhaseInput& input, Range rows, cv::Mat& out) {
          Span span = *input.found[0].of<Span>(0);
          for (std::size_t i = 1; i < input.found[0].count; ++i) {
            const Span& other = *input.found[0].of<Span>(i);
            span = {std::min(span.low, other.low), std::max(span.high, other.high)};
          }
          filter_rows(input.image, rows, with_border(span, input.values), out, input.values);
        },
    .reference =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          cv::Mat values, smooth;
          in.convertTo(values, CV_32F);
          if (int(v[3]) == cv::BORDER_CONSTANT)  // one row of the zeros, which makes them values
            cv::copyMakeBorder(values, values, 0, 1, 0, 0, cv::BORDER_CONSTANT);
          filter(values, smooth, v);
          smooth.rowRange(0, in.rows).convertTo(out, out.type());
        },
};

}  // namespace

constinit const Operation bilateral_operation{
    .name = "bilateral",
    .help = "smooths areas and keeps edges",
    .parameters = parameters,
    .variant = [](const Values&,
                  int type) { return CV_MAT_DEPTH(type) == CV_8U ? nullptr : &on_floats; },
    .accepts = always<all_depths, gray_or_colour>,
    .halo = [](const Values& v, int) { return radius_of(v); },
    .run = filter,
    .reads_around = true,
};

}  // namespace tine::image
