// integral: sums of all that is above and to the left (F. Crow, Summed-area tables for texture mapping,
// SIGGRAPH 1984).
//
// The first phase sums each band's columns, the second sums what is above each band, and finish goes on from
// there, row by row. Not for floats: OpenCV adds row to row from the top of the
// image, and sums of bands would be rounded differently.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
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
// Sums along a row.
template <class T>
using Along = std::conditional_t<sizeof(T) == 1, std::uint32_t, std::int64_t>;
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

// Rows of the table: what is in the row above them, and the sums along each row of the image. As many as
// have their sums in registers, since each one is added to what has just been made of the one above.
template <class T, std::size_t channels, std::size_t count>
void table_rows(const std::array<const T*, count>& rows, const Sum<T>* above,
                const std::array<Sum<T>*, count>& to, std::size_t columns) {
  std::array<std::array<Along<T>, channels>, count> along{};
  std::size_t x = 0;
  for (Sum<T>* row : to) std::fill_n(row, channels, Sum<T>{});
#if CV_SIMD128
  if constexpr (sizeof(T) == 1 && channels == 1) {
    cv::v_uint32x4 before[count];
    for (auto& sum : before) sum = cv::v_setzero_u32();
    for (; x + 8 <= columns; x += 8) {
      cv::v_uint32x4 low = cv::v_load(above + x + 1), high = cv::v_load(above + x + 5);
      for (std::size_t r = 0; r < count; ++r) {
        cv::v_uint16x8 eight = cv::v_load_expand(rows[r] + x);
        eight += cv::v_rotate_left<1>(eight);
        eight += cv::v_rotate_left<2>(eight);
        eight += cv::v_rotate_left<4>(eight);
        cv::v_uint32x4 four, next;
        cv::v_expand(eight, four, next);
        low += four + before[r];
        high += next + before[r];
        before[r] += cv::v_broadcast_element<3>(next);
        cv::v_store(to[r] + x + 1, low);
        cv::v_store(to[r] + x + 5, high);
      }
    }
    for (std::size_t r = 0; r < count; ++r) along[r][0] = before[r].get0();
  } else if constexpr (sizeof(T) == 1 && channels > 1) {
    // A pixel at a time; the last of four lanes may be the next one's, which is written again.
    cv::v_uint32x4 sum[count];
    for (auto& pixel : sum) pixel = cv::v_setzero_u32();
    for (; x + 1 < columns; ++x) {
      const std::size_t at = (x + 1) * channels;
      cv::v_uint32x4 all = cv::v_load(above + at);
      for (std::size_t r = 0; r < count; ++r) {
        std::uint32_t four;
        std::memcpy(&four, rows[r] + x * channels, sizeof four);
        cv::v_uint16x8 wide, again;
        cv::v_expand(cv::v_reinterpret_as_u8(cv::v_setall_u32(four)), wide, again);
        cv::v_uint32x4 pixel, same;
        cv::v_expand(wide, pixel, same);
        sum[r] += pixel;
        all += sum[r];
        cv::v_store(to[r] + at, all);
      }
    }
    for (std::size_t r = 0; r < count; ++r) {
      std::uint32_t lanes[4];
      cv::v_store(lanes, sum[r]);
      std::copy_n(lanes, channels, along[r].begin());
    }
  }
#endif
  for (; x < columns; ++x)
    for (std::size_t c = 0; c < channels; ++c) {
      const std::size_t at = (x + 1) * channels + c;
      Sum<T> all = above[at];
      for (std::size_t r = 0; r < count; ++r) {
        along[r][c] += rows[r][x * channels + c];
        to[r][at] = all += static_cast<Sum<T>>(along[r][c]);
      }
    }
}

// The second phase is cut into columns (and channels), for which it has the sums above each band. There is
// one more, should the table's last row begin a band.
constexpr std::size_t columns_at_once = 1024;

std::size_t column_slices(const PhaseInput& input) {
  return (sums(input) + columns_at_once - 1) / columns_at_once;
}

std::size_t above_bytes(const PhaseInput& input) {
  return (input.bands.size() + 1) * columns_at_once * element(input);
}

void sum_above(const PhaseInput& input, std::size_t slice, std::uint8_t* record) {
  const std::size_t begin = slice * columns_at_once;
  const std::size_t n = std::min(columns_at_once, sums(input) - begin);
  for_depth(input, [&]<class T>(T) {
    auto* above = reinterpret_cast<Sum<T>*>(record);
    for (std::size_t b = 0; b < input.bands.size(); ++b, above += columns_at_once) {
      const auto* band = input.found[0].of<Sum<T>>(b) + begin;
      std::transform(above, above + n, band, above + columns_at_once, std::plus<>{});
    }
  });
}

// The first row of a band of the table.
template <class T, std::size_t channels>
void first_row(const PhaseInput& input, std::size_t band, Sum<T>* to) {
  std::fill_n(to, channels, Sum<T>{});
  for (std::size_t begin = 0; begin < sums(input); begin += columns_at_once) {
    const std::size_t n = std::min(columns_at_once, sums(input) - begin);
    const auto* above = input.found[1].of<Sum<T>>(begin / columns_at_once) + band * columns_at_once;
    for (std::size_t i = begin; i < begin + n; ++i) to[i + channels] = to[i] + above[i - begin];
  }
}

template <class T, std::size_t channels>
void make_rows(const PhaseInput& input, const Range& rows, cv::Mat& out) {
  const auto columns = static_cast<std::size_t>(input.image.cols);
  const auto to = [&](int y) { return out.ptr<Sum<T>>(y); };
  const auto from = [&](int y) { return input.image.ptr<T>(static_cast<int>(rows.begin) + y - 1); };
  first_row<T, channels>(input, rows.begin / input.bands.grain, to(0));
  int y = 1;
  for (; y + 4 <= out.rows; y += 4)
    table_rows<T, channels, 4>({from(y), from(y + 1), from(y + 2), from(y + 3)}, to(y - 1),
                               {to(y), to(y + 1), to(y + 2), to(y + 3)}, columns);
  for (; y < out.rows; ++y) table_rows<T, channels, 1>({from(y)}, to(y - 1), {to(y)}, columns);
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
    {.slices = column_slices, .bytes = above_bytes, .run = sum_above},
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
