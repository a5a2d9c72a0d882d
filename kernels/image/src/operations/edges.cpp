// sobel, scharr, laplacian.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "operations/all.hpp"
#include "operations/rows_around.hpp"
#include "streaming.hpp"
#include "wide.hpp"

namespace tine::image {

namespace {

// One row of (|gx| + |gy|) / 2 for 8-bit images, from the rows above, at and below it. `vertical`
// and `difference` have room for columns + 2. All in 16 bits, which compilers turn into vectors;
// the results are those of OpenCV's four passes, since integers do not round.
TINE_IMAGE_WIDE void sobel_row(const std::uint8_t* above, const std::uint8_t* at,
                               const std::uint8_t* below, std::uint8_t* out, std::int16_t* vertical,
                               std::int16_t* difference, int columns) {
  for (int x = 0; x < columns; ++x) {
    vertical[x + 1] = static_cast<std::int16_t>(above[x] + 2 * at[x] + below[x]);
    difference[x + 1] = static_cast<std::int16_t>(below[x] - above[x]);
  }
  const int beyond_left = columns > 1 ? 2 : 1, beyond_right = columns > 1 ? columns - 1 : 1;
  vertical[0] = vertical[beyond_left];
  difference[0] = difference[beyond_left];
  vertical[columns + 1] = vertical[beyond_right];
  difference[columns + 1] = difference[beyond_right];
  for (int x = 0; x < columns; ++x) {
    const auto gx = static_cast<std::int16_t>(vertical[x + 2] - vertical[x]);
    const auto gy =
        static_cast<std::int16_t>(difference[x] + 2 * difference[x + 1] + difference[x + 2]);
    const auto ax = static_cast<std::int16_t>(gx < 0 ? -gx : gx);
    const auto ay = static_cast<std::int16_t>(gy < 0 ? -gy : gy);
    const auto sum = static_cast<std::int16_t>((ax < 255 ? ax : 255) + (ay < 255 ? ay : 255));
    out[x] = static_cast<std::uint8_t>((sum + ((sum >> 1) & 1)) >> 1);  // halves go to even
  }
}

void sobel_8(const cv::Mat& in, cv::Mat& out) {
  const RowsAround<std::uint8_t> row(in, cv::BORDER_REFLECT_101);
  std::vector<std::int16_t> scratch(2 * (static_cast<std::size_t>(in.cols) + 2));
  for (int y = 0; y < in.rows; ++y)
    sobel_row(row(y - 1), row(y), row(y + 1), out.ptr(y), scratch.data(),
              scratch.data() + in.cols + 2, in.cols);
}

// A pixel's absolute Laplacian from itself and its neighbours: with those beside it, above and below, or,
// twice, with those at the corners. 8-bit images; in 16 bits.
template <bool corners>
inline std::uint8_t laplacian_of(int a, int b, int c, int d, int middle) {
  const auto sum = static_cast<std::int16_t>(a + b + c + d - 4 * middle);
  const auto twice = static_cast<std::int16_t>(corners ? 2 * sum : sum);
  const auto size = static_cast<std::int16_t>(twice < 0 ? -twice : twice);
  return static_cast<std::uint8_t>(size < 255 ? size : 255);
}

// Pixels that have neighbours to the left and to the right.
template <bool corners>
TINE_IMAGE_WIDE void laplacian_row(const std::uint8_t* above, const std::uint8_t* at,
                                   const std::uint8_t* below, std::uint8_t* __restrict out,
                                   int columns) {
  for (int x = 1; x < columns - 1; ++x)
    out[x] = corners
                 ? laplacian_of<true>(above[x - 1], above[x + 1], below[x - 1], below[x + 1], at[x])
                 : laplacian_of<false>(above[x], below[x], at[x - 1], at[x + 1], at[x]);
}

template <bool corners>
void laplacian_8(const cv::Mat& in, cv::Mat& out, const Values& v) {
  const int border = int(v[1]);
  const RowsAround<std::uint8_t> row(in, border);
  const auto value = [&](const std::uint8_t* of, int x) -> int {
    x = cv::borderInterpolate(x, in.cols, border);
    return x < 0 ? 0 : of[x];
  };
  RowOutput output(v.streams);
  for (int y = 0; y < in.rows; ++y) {
    const std::uint8_t* const above = row(y - 1);
    const std::uint8_t* const at = row(y);
    const std::uint8_t* const below = row(y + 1);
    output.make(out.ptr(y), static_cast<std::size_t>(in.cols), [&](std::uint8_t* to) {
      laplacian_row<corners>(above, at, below, to, in.cols);
      for (const int x : {0, in.cols - 1})
        to[x] = corners ? laplacian_of<true>(value(above, x - 1), value(above, x + 1),
                                             value(below, x - 1), value(below, x + 1), at[x])
                        : laplacian_of<false>(above[x], below[x], value(at, x - 1),
                                              value(at, x + 1), at[x]);
    });
  }
}

// The magnitude of a gradient: half the sum of the absolute values of what `derive` makes in x and y.
template <class Derive>
void magnitude(const cv::Mat& in, cv::Mat& out, Derive derive) {
  const cv::Mat plane = to_gray(in);
  const int depth = plane.depth() == CV_8U ? CV_16S : CV_32F;
  cv::Mat gx, gy;
  derive(plane, gx, depth, 1, 0);
  derive(plane, gy, depth, 0, 1);
  if (depth == CV_16S) {
    cv::convertScaleAbs(gx, gx);
    cv::convertScaleAbs(gy, gy);
    cv::addWeighted(gx, 0.5, gy, 0.5, 0, out);
  } else {
    cv::addWeighted(cv::abs(gx), 0.5, cv::abs(gy), 0.5, 0, out, plane.depth());
  }
}

void sobel_reference(const cv::Mat& in, cv::Mat& out, const Values& v) {
  magnitude(in, out, [&](const cv::Mat& from, cv::Mat& to, int depth, int dx, int dy) {
    cv::Sobel(from, to, depth, dx, dy, int(v[0]), 1, 0, int(v[1]));
  });
}

constexpr Parameter sobel_parameters[] = {
    {"size", "side of the kernel", "pixels", 1, 7, 3, Parameter::Kind::odd},
    border_parameter,
};
constexpr Parameter scharr_parameters[] = {border_parameter};
constexpr Parameter laplacian_parameters[] = {
    {"size", "side of the kernel", "pixels", 1, 31, 3, Parameter::Kind::odd},
    border_parameter,
};

int derivative_halo(const Values& v, int) {
  return std::max(int(v[0]) / 2, 1);
}

void laplacian_reference(const cv::Mat& in, cv::Mat& out, const Values& v) {
  const cv::Mat plane = to_gray(in);
  cv::Mat second;
  cv::Laplacian(plane, second, plane.depth() == CV_8U ? CV_16S : CV_32F, int(v[0]), 1, 0,
                int(v[1]));
  if (plane.depth() == CV_8U)
    cv::convertScaleAbs(second, out);
  else
    cv::Mat(cv::abs(second)).convertTo(out, plane.depth());
}

void filter_bytes(const cv::Mat& in, cv::Mat& out, const Values& v) {
  cv::Mat around = in;
  around.adjustROI(1, 1, 0, 0);  // where there are such rows
  const cv::Mat plane = to_gray(around);
  cv::Size whole;
  cv::Point offset;
  in.locateROI(whole, offset);
  const int first = std::min(offset.y, 1);
  (v[0] == 3 ? laplacian_8<true> : laplacian_8<false>)(plane.rowRange(first, first + in.rows), out,
                                                       v);
}

// With kernels of 3 x 3 weights; larger ones stay with OpenCV.
constinit const Operation laplacian_of_bytes{
    .name = "laplacian",
    .help = "the same of 8-bit images",
    .accepts = always<depth_8, any_channels>,
    .output_type = gray_type,
    .halo = derivative_halo,
    .run = filter_bytes,
    .reads_around = true,
    .reference = laplacian_reference,
};

}  // namespace

constinit const Operation sobel_operation{
    .name = "sobel",
    .help = "edges: magnitude of the gradient, in gray",
    .parameters = sobel_parameters,
    .accepts = always<all_depths, any_channels>,
    .output_type = gray_type,
    .halo = derivative_halo,
    .run =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          if (in.type() == CV_8UC1 && v[0] == 3 && int(v[1]) == cv::BORDER_REFLECT_101)
            sobel_8(in, out);
          else
            sobel_reference(in, out, v);
        },
    .reference = sobel_reference,
};

constinit const Operation scharr_operation{
    .name = "scharr",
    .help = "edges: as sobel, with a kernel that favours no direction",
    .parameters = scharr_parameters,
    .accepts = always<all_depths, any_channels>,
    .output_type = gray_type,
    .halo = [](const Values&, int) { return 1; },
    .run =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          magnitude(in, out, [&](const cv::Mat& from, cv::Mat& to, int depth, int dx, int dy) {
            cv::Scharr(from, to, depth, dx, dy, 1, 0, int(v[0]));
          });
        },
};

constinit const Operation laplacian_operation{
    .name = "laplacian",
    .help = "edges and specks: absolute value of the Laplacian, in gray",
    .parameters = laplacian_parameters,
    .variant = [](const Values& v, int type) -> const Operation* {
      return CV_MAT_DEPTH(type) == CV_8U && v[0] <= 3 ? &laplacian_of_bytes : nullptr;
    },
    .accepts = always<all_depths, any_channels>,
    .output_type = gray_type,
    .halo = derivative_halo,
    .run = laplacian_reference,
};

}  // namespace tine::image
