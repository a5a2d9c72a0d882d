// affine, perspective, lens: pixels come from between those of the input.
//
// cv::warpAffine() and cv::warpPerspective() compute for each pixel of the output where it comes
// from, in 1/32 of a pixel, and pass that to cv::remap(). So do these, from the number that a row
// has in the whole output; the bits are the same, and cv::remap() does most of the work.
#include "operations/warp.hpp"
#include "wide.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <climits>
#include <cstdint>
#include <string>
#include <vector>

#include <opencv2/imgproc.hpp>

#include <tine/error.hpp>

namespace tine::image {

namespace {

constexpr int tile_columns = 512;  // positions of a tile stay in cache
constexpr int longest_side = SHRT_MAX - 1;

// Positions as cv::remap() takes them: whole pixels, and 1/32 of pixels.
struct Tile {
  cv::Mat pixels, fractions;

  Tile(int rows, int columns) : pixels(rows, columns, CV_16SC2), fractions(rows, columns, CV_16U) {}

  // Sets a row to positions in 1/32 of a pixel, or in pixels when only the nearest is wanted.
  void set_row(int row, const int* xs, const int* ys, bool nearest) {
    auto* p = pixels.ptr<std::int16_t>(row);
    const int shift = nearest ? 0 : 5;
    for (int i = 0; i < pixels.cols; ++i) {
      p[2 * i] = short_of(xs[i] >> shift);
      p[2 * i + 1] = short_of(ys[i] >> shift);
    }
    if (nearest) return;
    auto* f = fractions.ptr<std::uint16_t>(row);
    for (int i = 0; i < pixels.cols; ++i)
      f[i] = static_cast<std::uint16_t>((ys[i] & 31) * 32 + (xs[i] & 31));
  }

 private:
  static std::int16_t short_of(int value) {
    return static_cast<std::int16_t>(std::clamp<int>(value, SHRT_MIN, SHRT_MAX));
  }
};

// Makes `out` tile by tile; `locate(tile, row, first column)` fills a row of a tile, both counted in
// `out`.
template <class Locate>
void remap_tiles(const cv::Mat& in, cv::Mat& out, int interpolation, int border, Locate locate) {
  for (int x = 0; x < out.cols; x += tile_columns) {
    cv::Mat part = out.colRange(x, std::min(out.cols, x + tile_columns));
    Tile tile(part.rows, part.cols);
    for (int y = 0; y < part.rows; ++y) locate(tile, y, x);
    cv::remap(in, part, tile.pixels,
              interpolation == cv::INTER_NEAREST ? cv::Mat() : tile.fractions, interpolation,
              border);
  }
}

// The inverse, with the roundings of cv::warpAffine().
cv::Matx23d inverse(cv::Matx23d m) {
  double d = m(0, 0) * m(1, 1) - m(0, 1) * m(1, 0);
  d = d != 0 ? 1. / d : 0;
  const double a = m(1, 1) * d, b = m(0, 0) * d;
  m(0, 0) = a;
  m(0, 1) *= -d;
  m(1, 0) *= -d;
  m(1, 1) = b;
  const double x = -m(0, 0) * m(0, 2) - m(0, 1) * m(1, 2);
  const double y = -m(1, 0) * m(0, 2) - m(1, 1) * m(1, 2);
  m(0, 2) = x;
  m(1, 2) = y;
  return m;
}

cv::Matx23d affine_of(const Values& v) {
  return {v[0], v[1], v[2], v[3], v[4], v[5]};
}

cv::Matx33d perspective_of(const Values& v) {
  return {v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], 1};
}

template <std::size_t width>
cv::Size size_or_same(const Values& v, cv::Size size) {
  return {v[width] > 0 ? int(v[width]) : size.width,
          v[width + 1] > 0 ? int(v[width + 1]) : size.height};
}

// To the nearest, halves to even, for values that an int holds: the sum has a unit of 1 in its last
// place, and compilers make vectors of it.
int rounded(double value) {
  return static_cast<int>(std::bit_cast<std::int64_t>(value + 6755399441055744.0));
}

// Positions for `count` columns of a row, beginning with the one `first` after column `begin`.
TINE_IMAGE_WIDE void project(const double* m, double begin, double y, double unit, int first,
                             int count, int* __restrict xs, int* __restrict ys) {
  const double x0 = m[0] * begin + m[1] * y + m[2], dx = m[0];
  const double y0 = m[3] * begin + m[4] * y + m[5], dy = m[3];
  const double w0 = m[6] * begin + m[7] * y + m[8], dw = m[6];
  for (int i = 0; i < count; ++i) {
    const double column = first + i;
    const double w = w0 + dw * column;
    const double scale = w != 0 ? unit / w : 0;
    const double x = (x0 + dx * column) * scale, at_y = (y0 + dy * column) * scale;
    xs[i] = rounded(std::max<double>(INT_MIN, std::min<double>(INT_MAX, x)));
    ys[i] = rounded(std::max<double>(INT_MIN, std::min<double>(INT_MAX, at_y)));
  }
}

void warp_perspective(const cv::Mat& in, cv::Mat& out, const Place& place, const Values& v) {
  cv::Mat inverted;
  cv::invert(cv::Mat(perspective_of(v)), inverted);
  const double* m = inverted.ptr<double>();
  const int interpolation = int(v[10]);
  const bool nearest = interpolation == cv::INTER_NEAREST;
  // cv::warpPerspective() adds up from the first column of its own tiles, which shows in last bits.
  const int height = std::min(16, place.output.rows);
  const int span = std::min(32 * 32 / height, place.output.columns);
  std::array<int, tile_columns> xs{}, ys{};
  remap_tiles(in, out, interpolation, int(v[11]), [&](Tile& tile, int row, int first) {
    for (int column = 0, count = 0; column < tile.pixels.cols; column += count) {
      const int in_span = (first + column) % span;
      count = std::min(span - in_span, tile.pixels.cols - column);
      project(m, first + column - in_span, place.output_row + row, nearest ? 1 : 32, in_span, count,
              xs.data() + column, ys.data() + column);
    }
    tile.set_row(row, xs.data(), ys.data(), nearest);
  });
}

// Where a lens has put what would be at (x, y): further out by 1 + k1 r^2 + k2 r^4, with r = 1 in the
// corners. D. C. Brown, Close-range camera calibration, Photogrammetric Engineering 37 (1971).
class Lens {
 public:
  Lens(const Values& v, const Shape& image)
      : k1_(v[0]),
        k2_(v[1]),
        middle_x_((image.columns - 1) / 2.),
        middle_y_((image.rows - 1) / 2.),
        corner_(std::max(1., middle_x_ * middle_x_ + middle_y_ * middle_y_)) {}

  void locate(int x, int y, float& from_x, float& from_y) const {
    const double dx = x - middle_x_, dy = y - middle_y_;
    const double r2 = (dx * dx + dy * dy) / corner_;
    const double factor = 1 + r2 * (k1_ + k2_ * r2);
    from_x = static_cast<float>(middle_x_ + dx * factor);
    from_y = static_cast<float>(middle_y_ + dy * factor);
  }

 private:
  double k1_, k2_, middle_x_, middle_y_, corner_;
};

void correct_lens(const cv::Mat& in, cv::Mat& out, const Place& place, const Values& v) {
  const Lens lens(v, place.input);
  cv::Mat xs(out.size(), CV_32F), ys(out.size(), CV_32F);
  for (int y = 0; y < out.rows; ++y)
    for (int x = 0; x < out.cols; ++x)
      lens.locate(x, place.output_row + y, xs.at<float>(y, x), ys.at<float>(y, x));
  cv::remap(in, out, xs, ys, int(v[2]), int(v[3]));
}

constexpr Parameter width_parameter{"width",
                                    "columns of the output; 0: as many as the input has",
                                    "pixels",
                                    0,
                                    longest_side,
                                    0,
                                    Parameter::Kind::integer};
constexpr Parameter height_parameter{"height",
                                     "rows of the output; 0: as many as the input has",
                                     "pixels",
                                     0,
                                     longest_side,
                                     0,
                                     Parameter::Kind::integer};
constexpr Parameter affine_parameters[] = {
    {"xx", "x in the output for x in the input", "", -1e6, 1e6, 1},
    {"xy", "x for y", "", -1e6, 1e6, 0},
    {"x", "is added to x", "pixels", -1e6, 1e6, 0},
    {"yx", "y for x", "", -1e6, 1e6, 0},
    {"yy", "y for y", "", -1e6, 1e6, 1},
    {"y", "is added to y", "pixels", -1e6, 1e6, 0},
    width_parameter,
    height_parameter,
    interpolation_parameter,
    warp_border_parameter,
};
constexpr Parameter perspective_parameters[] = {
    {"xx", "x in the output for x in the input", "", -1e6, 1e6, 1},
    {"xy", "x for y", "", -1e6, 1e6, 0},
    {"x", "is added to x", "pixels", -1e6, 1e6, 0},
    {"yx", "y for x", "", -1e6, 1e6, 0},
    {"yy", "y for y", "", -1e6, 1e6, 1},
    {"y", "is added to y", "pixels", -1e6, 1e6, 0},
    {"wx", "what x and y are divided by is 1 and this for x", "", -1e6, 1e6, 0},
    {"wy", "and this for y", "", -1e6, 1e6, 0},
    width_parameter,
    height_parameter,
    interpolation_parameter,
    warp_border_parameter,
};
constexpr Parameter lens_parameters[] = {
    {"k1", "how much further out (above 0) or in a corner is than it should be", "", -1, 1, 0},
    {"k2", "the same with the fourth power of the distance", "", -1, 1, 0},
    interpolation_parameter,
    warp_border_parameter,
};

}  // namespace

cv::Size warpable(cv::Size size, const char* operation) {
  if (std::max(size.width, size.height) > longest_side)
    throw InvalidArgument(std::string(operation) + " takes images of at most " +
                          std::to_string(longest_side) + " x " + std::to_string(longest_side) +
                          " pixels, not " + std::to_string(size.width) + " x " +
                          std::to_string(size.height) + "; crop or resize it before");
  return size;
}

void warp_affine(const cv::Mat& in, cv::Mat& out, const Place& place, const cv::Matx23d& forward,
                 int interpolation, int border) {
  const cv::Matx23d m = inverse(forward);
  const bool nearest = interpolation == cv::INTER_NEAREST;
  // Positions in 1/1024 of a pixel. What depends on the column alone is computed once.
  constexpr int bits = 10, one = 1 << bits;
  const auto count = static_cast<std::size_t>(out.cols);
  std::vector<int> x_of(count), y_of(count);
  for (std::size_t x = 0; x < count; ++x) {
    x_of[x] = cv::saturate_cast<int>(m(0, 0) * static_cast<double>(x) * one);
    y_of[x] = cv::saturate_cast<int>(m(1, 0) * static_cast<double>(x) * one);
  }
  const int half = nearest ? one / 2 : one / 32 / 2;
  std::array<int, tile_columns> xs{}, ys{};
  remap_tiles(in, out, interpolation, border, [&](Tile& tile, int row, int first) {
    const double y = place.output_row + row;
    const int x0 = cv::saturate_cast<int>((m(0, 1) * y + m(0, 2)) * one) + half;
    const int y0 = cv::saturate_cast<int>((m(1, 1) * y + m(1, 2)) * one) + half;
    const int shift = nearest ? bits : bits - 5;
    for (std::size_t i = 0; i < static_cast<std::size_t>(tile.pixels.cols); ++i) {
      const std::size_t x = static_cast<std::size_t>(first) + i;
      xs[i] = (x0 + x_of[x]) >> shift;
      ys[i] = (y0 + y_of[x]) >> shift;
    }
    tile.set_row(row, xs.data(), ys.data(), nearest);
  });
}

constinit const Operation affine_operation{
    .name = "affine",
    .help = "shifts, scales, turns and shears, by a matrix",
    .parameters = affine_parameters,
    .scope = Operation::Scope::mapped,
    .accepts = always<all_depths, any_channels>,
    .output_size = [](const Values& v,
                      cv::Size size) { return size_or_same<6>(v, warpable(size, "affine")); },
    .validate =
        [](const Values& v) {
          if (v[0] * v[4] == v[1] * v[3])
            throw InvalidArgument("affine: the matrix has no inverse: xx * yy must not be xy * yx");
        },
    .source_rows = all_rows,
    .run_at =
        [](const cv::Mat& in, cv::Mat& out, const Place& place, const Values& v) {
          warp_affine(in, out, place, affine_of(v), int(v[8]), int(v[9]));
        },
    .reference =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          cv::warpAffine(in, out, affine_of(v), out.size(), int(v[8]), int(v[9]));
        },
};

constinit const Operation perspective_operation{
    .name = "perspective",
    .help = "looks at the image from elsewhere, by a matrix: straightens pages and walls",
    .parameters = perspective_parameters,
    .scope = Operation::Scope::mapped,
    .accepts = always<all_depths, any_channels>,
    .output_size = [](const Values& v,
                      cv::Size size) { return size_or_same<8>(v, warpable(size, "perspective")); },
    .validate =
        [](const Values& v) {
          if (cv::determinant(perspective_of(v)) == 0)
            throw InvalidArgument("perspective: the matrix has no inverse");
        },
    .source_rows = all_rows,
    .run_at = warp_perspective,
    .reference =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          cv::warpPerspective(in, out, perspective_of(v), out.size(), int(v[10]), int(v[11]));
        },
};

constinit const Operation lens_operation{
    .name = "lens",
    .help = "takes back what a lens has bent: barrel or pincushion distortion",
    .parameters = lens_parameters,
    .scope = Operation::Scope::mapped,
    .accepts = always<all_depths, any_channels>,
    .output_size = [](const Values&, cv::Size size) { return warpable(size, "lens"); },
    .source_rows = all_rows,
    .run_at = correct_lens,
    .reference =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          const Shape shape{in.rows, in.cols, in.type()};
          correct_lens(in, out, {shape, shape}, v);
        },
};

}  // namespace tine::image
