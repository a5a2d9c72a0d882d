// integral: sums of all that is above and to the left (F. Crow, Summed-area tables for texture mapping,
// SIGGRAPH 1984).
//
// The first phase sums each band's columns, the second makes from that the row of sums just above each
// band, and finish goes on from there. Not for floats: OpenCV adds row to row from the top of the
// image, and sums of bands would be rounded differently.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include <opencv2/core/hal/intrin.hpp>
#include <opencv2/imgproc.hpp>

#include "operations/all.hpp"
#include "operations/phases.hpp"
#include "wide.hpp"

namespace tine::image {

namespace {

// 8-bit images are summed modulo 2^32, as OpenCV does it, and 16-bit ones exactly.
template <class T>
using Sum = std::conditional_t<sizeof(T) == 1, std::uint32_t, double>;
// Sums of one column in one band fit in 32 bits, up to 65,536 rows.
constexpr int rows_at_once = 1 << 16;

template <class F>
void for_depth(const PhaseInput& input, F f) {
  if (input.image.depth() == CV_8U)
    f(std::uint8_t{});
  else
    f(std::uint16_t{});
}

std::size_t sums(const PhaseInput& input) {
  return static_cast<std::size_t>(input.image.cols) *
         static_cast<std::size_t>(input.image.channels());
}

// Channels of the table's first column, which are zero.
std::size_t margin(const PhaseInput& input) {
  return static_cast<std::size_t>(input.image.channels());
}

std::size_t element(const PhaseInput& input) {
  return input.image.depth() == CV_8U ? sizeof(std::uint32_t) : sizeof(double);
}

template <class T>
TINE_IMAGE_WIDE void add_row(const T* __restrict row, std::uint32_t* __restrict sum,
                             std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) sum[i] += row[i];
}

// Four rows, `step` values apart.
template <class T>
TINE_IMAGE_WIDE void add_rows(const T* __restrict row, std::size_t step,
                              std::uint32_t* __restrict sum, std::size_t n) {
  using Four = std::conditional_t<sizeof(T) == 1, std::uint16_t, std::uint32_t>;
  const T* a = row;
  const T* b = a + step;
  const T* c = b + step;
  const T* d = c + step;
  for (std::size_t i = 0; i < n; ++i)
    sum[i] += static_cast<Four>(static_cast<Four>(a[i] + b[i]) + static_cast<Four>(c[i] + d[i]));
}

// Adds rows to the sums of their columns.
template <class T>
void add_all(const cv::Mat& image, int begin, int end, std::uint32_t* sum, std::size_t n) {
  int y = begin;
  for (; y + 4 <= end; y += 4) add_rows(image.ptr<T>(y), image.step1(), sum, n);
  for (; y < end; ++y) add_row(image.ptr<T>(y), sum, n);
}

TINE_IMAGE_WIDE void add_sums(std::uint32_t* __restrict from, double* __restrict sum,
                              std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    sum[i] += from[i];
    from[i] = 0;
  }
}

void sum_columns(const PhaseInput& input, std::size_t slice, std::uint8_t* record) {
  const Slice band = input.bands.slice(slice);
  const auto begin = static_cast<int>(band.begin), end = static_cast<int>(band.end);
  const std::size_t n = sums(input);
  for_depth(input, [&]<class T>(T) {
    if constexpr (sizeof(T) == 1) {
      add_all<T>(input.image, begin, end, reinterpret_cast<std::uint32_t*>(record), n);
    } else {
      std::vector<std::uint32_t> part(n);
      for (int y = begin; y < end; y += rows_at_once) {
        add_all<T>(input.image, y, std::min(y + rows_at_once, end), part.data(), n);
        add_sums(part.data(), reinterpret_cast<double*>(record), n);
      }
    }
  });
}

// One row of the table: what is in the row above it, and the sums along a row of the image.
template <class T, std::size_t channels>
void table_row(const T* row, const Sum<T>* above, Sum<T>* to, std::size_t columns) {
  using Along = std::conditional_t<sizeof(T) == 1, std::uint32_t, std::int64_t>;
  Along along[channels] = {};
  std::size_t x = 0;
  for (std::size_t c = 0; c < channels; ++c) to[c] = 0;
#if CV_SIMD128
  if constexpr (sizeof(T) == 1 && channels == 1) {
    cv::v_uint32x4 before = cv::v_setzero_u32();
    for (; x + 8 <= columns; x += 8) {
      cv::v_uint16x8 eight = cv::v_load_expand(row + x);
      eight += cv::v_rotate_left<1>(eight);
      eight += cv::v_rotate_left<2>(eight);
      eight += cv::v_rotate_left<4>(eight);
      cv::v_uint32x4 low, high;
      cv::v_expand(eight, low, high);
      low += before;
      high += before;
      before = cv::v_broadcast_element<3>(high);
      cv::v_store(to + x + 1, low + cv::v_load(above + x + 1));
      cv::v_store(to + x + 5, high + cv::v_load(above + x + 5));
    }
    along[0] = before.get0();
  } else if constexpr (sizeof(T) == 1 && channels > 1) {
    // A pixel at a time; the last of four lanes may be the next one's, which is written again.
    cv::v_uint32x4 sum = cv::v_setzero_u32();
    for (; x + 1 < columns; ++x) {
      std::uint32_t four;
      std::memcpy(&four, row + x * channels, sizeof four);
      cv::v_uint16x8 wide, again;
      cv::v_expand(cv::v_reinterpret_as_u8(cv::v_setall_u32(four)), wide, again);
      cv::v_uint32x4 pixel, same;
      cv::v_expand(wide, pixel, same);
      sum += pixel;
      const std::size_t at = (x + 1) * channels;
      cv::v_store(to + at, sum + cv::v_load(above + at));
    }
    std::uint32_t lanes[4];
    cv::v_store(lanes, sum);
    std::copy_n(lanes, channels, along);
  }
#endif
  for (; x < columns; ++x)
    for (std::size_t c = 0; c < channels; ++c) {
      along[c] += row[x * channels + c];
      const std::size_t at = (x + 1) * channels + c;
      to[at] = above[at] + static_cast<Sum<T>>(along[c]);
    }
}

// The same, of column sums.
template <class T>
void table_row(const Sum<T>* row, Sum<T>* to, std::size_t columns, std::size_t channels) {
  std::fill_n(to, channels, Sum<T>{});
  for (std::size_t i = 0; i < columns * channels; ++i) to[i + channels] = to[i] + row[i];
}

// A row of the table for each band, and the last one, should the image end with a whole band.
std::size_t table_bytes(const PhaseInput& input) {
  return (input.bands.size() + 1) * (sums(input) + margin(input)) * element(input);
}

void sum_bands(const PhaseInput& input, std::size_t, std::uint8_t* record) {
  const std::size_t n = sums(input), width = n + margin(input);
  for_depth(input, [&]<class T>(T) {
    auto* table = reinterpret_cast<Sum<T>*>(record);
    std::vector<Sum<T>> total(n);
    for (std::size_t b = 0; b < input.bands.size(); ++b) {
      const auto* columns = input.found[0].of<Sum<T>>(b);
      for (std::size_t i = 0; i < n; ++i) total[i] += columns[i];
      table_row<T>(total.data(), table + (b + 1) * width,
                   static_cast<std::size_t>(input.image.cols), margin(input));
    }
  });
}

template <class T, std::size_t channels>
void make_rows(const PhaseInput& input, const Range& rows, cv::Mat& out) {
  const auto columns = static_cast<std::size_t>(input.image.cols);
  const std::size_t width = (columns + 1) * channels;
  const auto* table = input.found[1].of<Sum<T>>(0) + rows.begin / input.bands.grain * width;
  std::copy_n(table, width, reinterpret_cast<Sum<T>*>(out.ptr(0)));
  for (int y = 1; y < out.rows; ++y)
    table_row<T, channels>(input.image.ptr<T>(static_cast<int>(rows.begin) + y - 1),
                           reinterpret_cast<const Sum<T>*>(out.ptr(y - 1)),
                           reinterpret_cast<Sum<T>*>(out.ptr(y)), columns);
}

void make_table(const PhaseInput& input, Range rows, cv::Mat& out) {
  for_depth(input, [&]<class T>(T) {
    switch (out.channels()) {
      case 1:
        return make_rows<T, 1>(input, rows, out);
      case 3:
        return make_rows<T, 3>(input, rows, out);
      default:
        return make_rows<T, 4>(input, rows, out);
    }
  });
}

constexpr Phase integral_phases[] = {
    {.bytes = [](const PhaseInput& input) { return sums(input) * element(input); },
     .run = sum_columns},
    {.slices = one_slice, .bytes = table_bytes, .run = sum_bands},
};

}  // namespace

constinit const Operation integral_operation{
    .name = "integral",
    .help = "for each pixel the sum of all that are above and to the left of it",
    .scope = Operation::Scope::phased,
    .accepts = always<depth_8 | depth_16, any_channels>,
    .output_type =
        [](int type) {
          return CV_MAKETYPE(CV_MAT_DEPTH(type) == CV_8U ? CV_32S : CV_64F, CV_MAT_CN(type));
        },
    .output_size = [](const Values&,
                      cv::Size size) { return cv::Size(size.width + 1, size.height + 1); },
    .phases = integral_phases,
    .finish = make_table,
    .reference = [](const cv::Mat& in, cv::Mat& out, const Values&) { cv::integral(in, out); },
};

}  // namespace tine::image
