// guided: K. He, J. Sun, X. Tang, Guided image filtering, IEEE Trans. PAMI 35 (2013), of an image
// guided by itself, each channel by itself.
//
// Around each pixel the image is taken for a * value + b, with a = variance / (variance + eps) and
// b = (1 - a) * mean; the result is mean(a) * value + mean(b). The means are of squares, whose sums
// have the same bits wherever a band begins. For integers they are exact, since a and b are rounded
// to multiples of 2^-32: so they are kept from row to row. For floats the rows of each square are
// added up anew. Along a row sums are kept in any case: rows are never cut.
#include <algorithm>
#include <array>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "operations/all.hpp"
#include "wide.hpp"

namespace tine::image {

namespace {

constexpr Parameter parameters[] = {
    {"radius", "half the side of the squares", "pixels", 1, 64, 4, Parameter::Kind::integer},
    {"eps", "variance up to which is smoothed, where white is 1", "", 1e-8, 10, 0.01},
};

using Line = std::vector<double>;

// Two quantities of each pixel of a row.
struct Lines {
  Line first, second;
  explicit Lines(std::size_t n = 0) : first(n), second(n) {}
};

int mirrored(int row, int rows) {
  return cv::borderInterpolate(row, rows, cv::BORDER_REFLECT);
}

// Sums of the 2 * radius + 1 rows around each row of an image, mirrored at its edges. `add(row, sign,
// sums)` adds or takes away a row.
class ColumnSums {
 public:
  ColumnSums(int rows, int radius, std::size_t values, bool exact)
      : sums_(values), rows_(rows), radius_(radius), exact_(exact) {}

  template <class Add>
  const Lines& around(int y, Add add) {
    if (exact_ && y == last_ + 1) {
      add(mirrored(y + radius_, rows_), 1, sums_);
      add(mirrored(y - radius_ - 1, rows_), -1, sums_);
    } else {
      std::fill(sums_.first.begin(), sums_.first.end(), 0);
      std::fill(sums_.second.begin(), sums_.second.end(), 0);
      for (int i = -radius_; i <= radius_; ++i) add(mirrored(y + i, rows_), 1, sums_);
    }
    last_ = y;
    return sums_;
  }

 private:
  Lines sums_;
  int rows_, radius_, last_ = -2;
  bool exact_;
};

// The sums of the pixels up to `radius` beside each one of a row, mirrored at its ends.
template <int channels>
void add_across(const Line& from, Line& to, Line& wide, int columns, int radius) {
  const auto place = [&](Line& line, int x) { return line.begin() + x * channels; };
  std::copy(from.begin(), from.end(), place(wide, radius));
  for (int x = 0; x < radius; ++x)
    for (int beyond : {-1 - x, columns + x})
      std::copy_n(from.begin() + mirrored(beyond, columns) * channels, channels,
                  place(wide, radius + beyond));
  std::array<double, channels> sum{};
  const double* next = wide.data();
  for (int x = 0; x < 2 * radius; ++x)
    for (double& s : sum) s += *next++;
  const double* gone = wide.data();
  double* out = to.data();
  for (int x = 0; x < columns; ++x)
    for (double& s : sum) {
      s += *next++;
      *out++ = s;
      s -= *gone++;
    }
}

void add_across(const Line& from, Line& to, Line& wide, int columns, int channels, int radius) {
  switch (channels) {
    case 1:
      return add_across<1>(from, to, wide, columns, radius);
    case 3:
      return add_across<3>(from, to, wide, columns, radius);
    default:
      return add_across<4>(from, to, wide, columns, radius);
  }
}

template <class T>
TINE_IMAGE_WIDE void add_values(const T* row, double sign, double* values, double* squares, int n) {
  for (int i = 0; i < n; ++i) {
    const double value = row[i];
    values[i] += sign * value;
    squares[i] += sign * (value * value);
  }
}

TINE_IMAGE_WIDE
void add_lines(const double* a, const double* b, double sign, double* a_sum, double* b_sum, int n) {
  for (int i = 0; i < n; ++i) {
    a_sum[i] += sign * a[i];
    b_sum[i] += sign * b[i];
  }
}

// a and b from sums of values and squares.
TINE_IMAGE_WIDE
void fit(const double* values, const double* squares, double per_pixel, double per_square,
         double eps, bool exact, double* a, double* b, int n) {
  // Adding what has no bits below 2^-32, and taking it away again, rounds to multiples of that.
  const double rounder = exact ? 1.5 * (1 << 20) : 0;
  for (int i = 0; i < n; ++i) {
    const double mean = values[i] * per_pixel;
    const double variance = std::max(squares[i] * per_square - mean * mean, 0.0);
    const double slope = variance / (variance + eps);
    a[i] = (slope + rounder) - rounder;
    b[i] = ((1 - slope) * mean + rounder) - rounder;
  }
}

template <class T>
void filter(const cv::Mat& in, cv::Mat& out, const Values& v) {
  constexpr bool exact = std::is_integral_v<T>;
  const int radius = int(v[0]), channels = in.channels(), n = in.cols * channels;
  const double top = white(in.type()), side = 2 * radius + 1, per_pixel = 1 / (side * side);
  const auto size = static_cast<std::size_t>(n);
  cv::Size whole;
  cv::Point offset;
  in.locateROI(whole, offset);
  Line wide(size + static_cast<std::size_t>(2 * radius * channels));
  Lines across(size);

  const auto source = [&](int y) {
    return reinterpret_cast<const T*>(in.data +
                                      (y - offset.y) * static_cast<std::ptrdiff_t>(in.step[0]));
  };
  ColumnSums image_sums(whole.height, radius, size, exact);
  // The last rows of a and b.
  const int kept = 2 * radius + 2;
  std::vector<Lines> fits(static_cast<std::size_t>(kept), Lines(size));
  std::vector<int> fitted(static_cast<std::size_t>(kept), -1);
  const auto fit_of = [&](int y) -> const Lines& {
    const auto slot = static_cast<std::size_t>(y % kept);
    if (fitted[slot] == y) return fits[slot];
    const Lines& sums = image_sums.around(y, [&](int row, double sign, Lines& to) {
      add_values(source(row), sign, to.first.data(), to.second.data(), n);
    });
    add_across(sums.first, across.first, wide, in.cols, channels, radius);
    add_across(sums.second, across.second, wide, in.cols, channels, radius);
    fit(across.first.data(), across.second.data(), per_pixel / top, per_pixel / (top * top), v[1],
        exact, fits[slot].first.data(), fits[slot].second.data(), n);
    fitted[slot] = y;
    return fits[slot];
  };

  ColumnSums fit_sums(whole.height, radius, size, exact);
  for (int y = 0; y < in.rows; ++y) {
    const Lines& sums = fit_sums.around(offset.y + y, [&](int row, double sign, Lines& to) {
      const Lines& line = fit_of(row);
      add_lines(line.first.data(), line.second.data(), sign, to.first.data(), to.second.data(), n);
    });
    add_across(sums.first, across.first, wide, in.cols, channels, radius);
    add_across(sums.second, across.second, wide, in.cols, channels, radius);
    const T* from = in.ptr<T>(y);
    T* to = out.ptr<T>(y);
    const double *a = across.first.data(), *b = across.second.data();
    for (int i = 0; i < n; ++i)
      to[i] = cv::saturate_cast<T>(a[i] * per_pixel * from[i] + b[i] * (per_pixel * top));
  }
}

}  // namespace

constinit const Operation guided_operation{
    .name = "guided",
    .help = "smooths areas and keeps edges, as fast for large squares: guided filter",
    .parameters = parameters,
    .accepts = always<all_depths, any_channels>,
    .halo = [](const Values& v, int) { return 2 * int(v[0]); },
    .run =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          switch (in.depth()) {
            case CV_8U:
              return filter<std::uint8_t>(in, out, v);
            case CV_16U:
              return filter<std::uint16_t>(in, out, v);
            default:
              return filter<float>(in, out, v);
          }
        },
    .reads_around = true,
};

}  // namespace tine::image
