// Each row of the input that is needed goes through three steps, once: it is turned into floats; its
// pixels are weighed into as many as a row of the output has; and rows of the output are weighed from
// those. The inner loops work on four values at a time, the channels of a pixel. Four rows of a gray
// image take the first two steps together, as one row with four channels.
//
// Floats also for 8-bit images: weights are whole numbers there, and all sums less than 2^24, which
// makes them as exact as the integers of cv::resize. Where floats do round, sums are made in its
// order. That differs between the vectors and the rest at the end of a row: `body_of()`. Two taps of
// 8-bit images stay integers, since there is too little to do to make up for the floats.
#include "resize/rows.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <opencv2/core/hal/intrin.hpp>

namespace tine::image {

namespace {

// Into the clones of resize_band(), whose instructions they may then use.
#define TINE_INLINE [[gnu::always_inline]] inline

constexpr int padding = 8;  // pixels before and after a row, equal to its first and last one
constexpr int slack = 4;    // values after a row, since four are stored at a time

using Lanes = float __attribute__((vector_size(16)));
using WholeLanes = std::int32_t __attribute__((vector_size(16)));

struct Columns : Weights {
  std::vector<std::uint32_t> pairs;  // the weights again, two in 16 bits each, if there are two
};

TINE_INLINE Lanes load(const float* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

// What a row of the input has become after its pixels were weighed. 8-bit images: for two taps the
// sixteenth part, since cv::resize drops the last four bits then; for eight whole numbers.
template <class T, int taps>
using Weighed =
    std::conditional_t<!std::is_same_v<T, std::uint8_t>, float,
                       std::conditional_t<taps == 2, std::int16_t,
                                          std::conditional_t<taps == 8, std::int32_t, float>>>;

template <class R>
TINE_INLINE void store(R* to, Lanes lanes) {
  if constexpr (std::is_same_v<R, float>) {
    std::memcpy(to, &lanes, sizeof lanes);
  } else {
    const auto whole = __builtin_convertvector(lanes, WholeLanes);
    std::memcpy(to, &whole, sizeof whole);
  }
}

// Weighs pixels of `stride` channels; taps = 0: any number of them.
template <int taps, int stride, class R>
TINE_INLINE void weigh_pixels(const float* row, const Columns& columns, R* out) {
  const int count = static_cast<int>(columns.first.size());
  const int* first = columns.first.data();
  const int* begin = columns.begin.data();
  const float* w = columns.weights.data();
  for (int x = 0; x < count; ++x) {
    const float* from = row + first[x] * stride;
    const int neighbours = taps > 0 ? taps : begin[x + 1] - begin[x];
    Lanes sum;
    if constexpr (taps > 0)
      sum = load(from) * w[0];
    else
      sum = Lanes{} + load(from) * w[0];
    for (int k = 1; k < neighbours; ++k) sum += load(from + k * stride) * w[k];
    w += neighbours;
    store(out + x * stride, sum);
  }
}

// Two taps of the pixel of an 8-bit row that `from` points to, eight bytes of it.
template <int stride>
TINE_INLINE cv::v_int32x4 weigh_pair(const std::uint8_t* from, std::uint32_t weights) {
  const cv::v_uint8x16 pixels = cv::v_load_low(from);
  cv::v_uint8x16 both, none;
  cv::v_zip(pixels, cv::v_rotate_right<stride>(pixels), both, none);
  return cv::v_dotprod(cv::v_reinterpret_as_s16(cv::v_expand_low(both)),
                       cv::v_reinterpret_as_s16(cv::v_setall_u32(weights))) >>
         4;
}

// Two taps of the pixels of an 8-bit row of `length` bytes.
template <int stride>
TINE_INLINE void weigh_bytes(const std::uint8_t* row, int length, const Columns& columns,
                             std::int16_t* __restrict out) {
  const int* first = columns.first.data();
  const std::uint32_t* pairs = columns.pairs.data();
  const int count = static_cast<int>(columns.pairs.size());
  int fast = count;  // those after which there are eight bytes
  while (fast > 0 && first[fast - 1] * stride + 8 > length) --fast;
  int x = 0;
  for (; x + 2 <= fast; x += 2) {
    const cv::v_int16x8 two =
        cv::v_pack(weigh_pair<stride>(row + first[x] * stride, pairs[x]),
                   weigh_pair<stride>(row + first[x + 1] * stride, pairs[x + 1]));
    cv::v_store_low(out + x * stride, two);
    cv::v_store_high(out + (x + 1) * stride, two);
  }
  for (; x < count; ++x)
    for (int c = 0; c < stride; ++c) {
      const std::uint8_t* from = row + first[x] * stride + c;
      const float* w = columns.weights.data() + 2 * x;
      const int next = w[1] > 0 ? from[stride] * static_cast<int>(w[1]) : 0;
      out[x * stride + c] =
          static_cast<std::int16_t>((from[0] * static_cast<int>(w[0]) + next) >> 4);
    }
}

// At the edges cv::resize takes another path. It makes a difference for infinities and for -0.
template <int taps, int stride>
TINE_INLINE void weigh_edges(const float* row, const Columns& columns, float* out) {
  const int count = static_cast<int>(columns.first.size());
  for (int x = 0; x < count; x = x + 1 == columns.inside_begin ? columns.inside_end : x + 1) {
    if (x == 0 && columns.inside_begin == 0) x = columns.inside_end;
    if (x >= count) break;
    for (int c = 0; c < stride; ++c) {
      if constexpr (taps > 2)
        out[x * stride + c] += 0.f;
      else if (x >= columns.inside_end)
        out[x * stride + c] = row[columns.first[static_cast<std::size_t>(x)] * stride + c];
    }
  }
}

template <class T>
TINE_INLINE void to_floats(const T* from, int count, float* to) {
  for (int i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]);
}

template <class T, class To>
TINE_INLINE void interleave(const T* __restrict a, const T* __restrict b, const T* __restrict c,
                            const T* __restrict d, int count, To* __restrict to) {
  for (int i = 0; i < count; ++i) {
    to[4 * i] = static_cast<To>(a[i]);
    to[4 * i + 1] = static_cast<To>(b[i]);
    to[4 * i + 2] = static_cast<To>(c[i]);
    to[4 * i + 3] = static_cast<To>(d[i]);
  }
}

template <class R>
TINE_INLINE void separate(const R* __restrict from, int count, R* __restrict a, R* __restrict b,
                          R* __restrict c, R* __restrict d) {
  for (int i = 0; i < count; ++i) {
    a[i] = from[4 * i];
    b[i] = from[4 * i + 1];
    c[i] = from[4 * i + 2];
    d[i] = from[4 * i + 3];
  }
}

template <int stride>
TINE_INLINE void pad(float* row, int columns) {
  for (int i = 0; i < padding * stride; ++i) {
    row[-1 - i] = row[stride - 1 - i % stride];
    row[columns * stride + i] = row[(columns - 1) * stride + i % stride];
  }
}

// To the nearest integer, halves to even; for values below 2^22.
TINE_INLINE int rounded(float value) {
  return std::bit_cast<std::int32_t>(value + 12582912.f) - std::bit_cast<std::int32_t>(12582912.f);
}

template <class T>
TINE_INLINE T saturated(int value) {
  constexpr int top = std::is_same_v<T, std::uint8_t> ? 255 : 65535;
  return static_cast<T>(value < 0 ? 0 : value > top ? top : value);
}

template <class T>
TINE_INLINE T pixel_from(float value) {
  if constexpr (std::is_same_v<T, float>)
    return value;
  else
    return saturated<T>(rounded(value));
}

// How many values of a row cv::resize makes with vectors that sum rows from the last to the first.
template <class T, int taps>
constexpr int body_of(int count) {
  if (std::is_same_v<T, std::uint16_t> && taps == 8) return 0;
  return count - count % (std::is_same_v<T, float> ? 4 : 8);
}

// Sums of rows: from the last to the first in vectors, from the first to the last after them.
template <int taps>
TINE_INLINE float sum_upwards(const float* const* rows, const float* w, int x) {
  float sum = rows[taps - 1][x] * w[taps - 1];
  for (int k = taps - 2; k >= 0; --k) sum = rows[k][x] * w[k] + sum;
  return sum;
}

template <int taps>
TINE_INLINE float sum_downwards(const float* const* rows, const float* w, int x) {
  float sum = rows[0][x] * w[0];
  for (int k = 1; k < taps; ++k) sum += rows[k][x] * w[k];
  return sum;
}

template <class T, int taps>
TINE_INLINE void weigh_rows(const float* const* rows, const float* w, int count,
                            T* __restrict out) {
  int x = 0;
  for (const int body = body_of<T, taps>(count); x < body; ++x)
    out[x] = pixel_from<T>(sum_upwards<taps>(rows, w, x));
  for (; x < count; ++x) out[x] = pixel_from<T>(sum_downwards<taps>(rows, w, x));
}

// Two taps for 8-bit images: all in 16 bits.
TINE_INLINE void weigh_rows_8(const std::int16_t* const* rows, const float* w, int count,
                              std::uint8_t* __restrict out) {
  const auto upper = static_cast<std::int16_t>(w[0]), lower = static_cast<std::int16_t>(w[1]);
  const std::int16_t *a = rows[0], *b = rows[1];
  for (int x = 0; x < count; ++x) {
    const auto above = static_cast<std::int16_t>((a[x] * upper) >> 16);
    const auto below = static_cast<std::int16_t>((b[x] * lower) >> 16);
    out[x] = static_cast<std::uint8_t>(static_cast<std::int16_t>(above + below + 2) >> 2);
  }
}

// Four: floats in vectors, integers after them.
TINE_INLINE void weigh_rows_8(const float* const* rows, const float* w, int count,
                              std::uint8_t* __restrict out) {
  constexpr float one = 1 << 22;
  const float part[] = {w[0] / one, w[1] / one, w[2] / one, w[3] / one};
  int x = 0;
  for (const int body = body_of<std::uint8_t, 4>(count); x < body; ++x)
    out[x] = pixel_from<std::uint8_t>(sum_upwards<4>(rows, part, x));
  for (; x < count; ++x) {
    int sum = 1 << 21;
    for (int k = 0; k < 4; ++k) sum += static_cast<int>(rows[k][x]) * static_cast<int>(w[k]);
    out[x] = saturated<std::uint8_t>(sum >> 22);
  }
}

// Eight: integers, which may wrap around.
TINE_INLINE void weigh_rows_8(const std::int32_t* const* rows, const float* w, int count,
                              std::uint8_t* __restrict out) {
  std::uint32_t weight[8];
  for (int k = 0; k < 8; ++k)
    weight[k] = static_cast<std::uint32_t>(static_cast<std::int32_t>(w[k]));
  for (int x = 0; x < count; ++x) {
    std::uint32_t sum = 1u << 21;
    for (int k = 0; k < 8; ++k) sum += static_cast<std::uint32_t>(rows[k][x]) * weight[k];
    out[x] = saturated<std::uint8_t>(static_cast<std::int32_t>(sum) >> 22);
  }
}

struct Work {
  Way way;
  const cv::Mat& in;
  cv::Mat& out;
  int input_row, input_rows;  // of the whole image: its first in `in`, and how many it has
  const Columns& columns;
  const Weights& rows;
  std::vector<int> needed;  // rows of the input, from the first to the last
  std::vector<std::uint8_t>& memory;
};

// The rows of the input that were needed last, each with its pixels weighed.
template <class T, int taps, bool gray>
class Weighing {
 public:
  using R = Weighed<T, taps>;
  static constexpr bool bytes = std::is_same_v<R, std::int16_t>;
  using In = std::conditional_t<bytes, std::uint8_t, float>;

  TINE_INLINE explicit Weighing(Work& work) : work_(work) {
    const int columns = static_cast<int>(work.columns.first.size());
    length_ = columns * work.in.channels();
    pitch_ = static_cast<std::size_t>(length_ + slack + 15) / 16 * 16;
    const std::size_t row = static_cast<std::size_t>(work.in.cols + 2 * padding) * lanes + slack;
    const std::size_t group = gray ? static_cast<std::size_t>(columns) * lanes + slack : 0;
    const std::size_t size = row * sizeof(In) + (group + kept * pitch_) * sizeof(R);
    if (work.memory.size() < size) work.memory.resize(size);
    row_ = reinterpret_cast<In*>(work.memory.data()) + padding * lanes;
    group_ = reinterpret_cast<R*>(row_ + row - padding * lanes);
    results_ = group_ + group;
    held_.fill(-1);
  }

  int length() const { return length_; }

  TINE_INLINE const R* row(int y) {
    for (std::size_t i = 0; i < kept; ++i)
      if (held_[i] == y) return results_ + i * pitch_;
    const std::size_t slot = slot_;
    make();
    return results_ + slot * pitch_;
  }

 private:
  static constexpr int lanes = 4;  // at most
  static constexpr std::size_t kept = (taps > 0 ? taps : 1) + 4;

  const T* source(std::size_t i) const {
    return work_.in.ptr<T>(work_.needed[std::min(i, work_.needed.size() - 1)] - work_.input_row);
  }

  R* next_slot() {
    held_[slot_] = next_ < work_.needed.size() ? work_.needed[next_] : -1;
    ++next_;
    R* result = results_ + slot_ * pitch_;
    slot_ = (slot_ + 1) % kept;
    return result;
  }

  template <int stride>
  TINE_INLINE void weigh(R* out) {
    if constexpr (taps > 0) pad<stride>(row_, work_.in.cols);
    weigh_pixels<taps, stride>(row_, work_.columns, out);
    if constexpr (taps > 0 && std::is_same_v<R, float>)
      weigh_edges<taps, stride>(row_, work_.columns, out);
  }

  // The next row, or the next four of a gray image.
  TINE_INLINE void make() {
    const int columns = work_.in.cols, channels = work_.in.channels();
    if constexpr (gray) {
      interleave(source(next_), source(next_ + 1), source(next_ + 2), source(next_ + 3), columns,
                 row_);
      if constexpr (bytes)
        weigh_bytes<4>(row_, 4 * columns, work_.columns, group_);
      else
        weigh<4>(group_);
      R *a = next_slot(), *b = next_slot(), *c = next_slot(), *d = next_slot();
      separate(group_, length_, a, b, c, d);
    } else if constexpr (bytes) {
      const T* row = source(next_);
      R* out = next_slot();
      if (channels == 3)
        weigh_bytes<3>(row, 3 * columns, work_.columns, out);
      else
        weigh_bytes<4>(row, 4 * columns, work_.columns, out);
    } else {
      to_floats(source(next_), columns * channels, row_);
      R* out = next_slot();
      if (channels == 3)
        weigh<3>(out);
      else
        weigh<4>(out);
    }
  }

  Work& work_;
  int length_;
  std::size_t pitch_;
  In* row_;
  R* group_;
  R* results_;
  std::array<int, kept> held_;
  std::size_t slot_ = 0, next_ = 0;
};

template <class T, int taps, bool gray>
TINE_INLINE void weigh_band(Work& work) {
  Weighing<T, taps, gray> weighing(work);
  for (int y = 0; y < work.out.rows; ++y) {
    const Weighed<T, taps>* rows[std::size_t{taps}];
    for (int k = 0; k < taps; ++k)
      rows[k] = weighing.row(
          std::clamp(work.rows.first[static_cast<std::size_t>(y)] + k, 0, work.input_rows - 1));
    const float* w = work.rows.weights.data() + y * taps;
    if constexpr (std::is_same_v<T, std::uint8_t>)
      weigh_rows_8(rows, w, weighing.length(), work.out.ptr<T>(y));
    else
      weigh_rows<T, taps>(rows, w, weighing.length(), work.out.ptr<T>(y));
  }
}

template <class T, bool gray>
TINE_INLINE void cover_band(Work& work) {
  Weighing<T, 0, gray> weighing(work);
  std::vector<float> sums(static_cast<std::size_t>(weighing.length()));
  float* sum = sums.data();
  for (int y = 0; y < work.out.rows; ++y) {
    const int begin = work.rows.begin[static_cast<std::size_t>(y)];
    const int end = work.rows.begin[static_cast<std::size_t>(y) + 1];
    for (int k = begin; k < end; ++k) {
      const float* row = weighing.row(work.rows.first[static_cast<std::size_t>(y)] + k - begin);
      const float w = work.rows.weights[static_cast<std::size_t>(k)];
      if (k == begin)
        for (int x = 0; x < weighing.length(); ++x) sum[x] = w * row[x];
      else
        for (int x = 0; x < weighing.length(); ++x) sum[x] += w * row[x];
    }
    T* __restrict out = work.out.ptr<T>(y);
    for (int x = 0; x < weighing.length(); ++x) out[x] = pixel_from<T>(sum[x]);
  }
}

template <class T, bool gray>
TINE_INLINE void resize_band_of(Work& work) {
  if (work.way == Way::coverage)
    cover_band<T, gray>(work);
  else if (work.way == Way::cubic)
    weigh_band<T, 4, gray>(work);
  else if (work.way == Way::lanczos4)
    weigh_band<T, 8, gray>(work);
  else
    weigh_band<T, 2, gray>(work);
}

template <class T>
TINE_INLINE void resize_band_of(Work& work) {
  if (work.in.channels() == 1)
    resize_band_of<T, true>(work);
  else
    resize_band_of<T, false>(work);
}

#if defined(__x86_64__) && defined(__gnu_linux__)
__attribute__((target_clones("avx2", "default")))
#endif
void resize_band(Work& work) {
  if (work.in.depth() == CV_8U)
    resize_band_of<std::uint8_t>(work);
  else if (work.in.depth() == CV_16U)
    resize_band_of<std::uint16_t>(work);
  else
    resize_band_of<float>(work);
}

// The same for all bands, and sines take time.
const Columns& columns_of(Way way, Side side, bool fixed_point) {
  struct Kept {
    Way way = Way::copy;
    Side side{0, 0};
    bool fixed_point = false;
    Columns columns;
  };
  thread_local Kept kept;
  if (kept.way == way && kept.side == side && kept.fixed_point == fixed_point) return kept.columns;
  kept = {way, side, fixed_point, {column_weights(way, side, fixed_point), {}}};
  if (fixed_point && (way == Way::linear || way == Way::linear_by_area))
    for (std::size_t i = 0; i < kept.columns.weights.size(); i += 2)
      kept.columns.pairs.push_back(static_cast<std::uint32_t>(kept.columns.weights[i]) |
                                   static_cast<std::uint32_t>(kept.columns.weights[i + 1]) << 16);
  return kept.columns;
}

}  // namespace

void resize_rows(Way way, const cv::Mat& in, cv::Mat& out, const Place& place) {
  thread_local std::vector<std::uint8_t> memory;  // fresh memory costs a page fault every 4 KiB
  const bool fixed_point = in.depth() == CV_8U;
  const auto first = static_cast<std::size_t>(place.output_row);
  const Weights rows =
      row_weights(way, {place.input.rows, place.output.rows},
                  {first, first + static_cast<std::size_t>(out.rows)}, fixed_point);
  Work work{way,
            in,
            out,
            place.input_row,
            place.input.rows,
            columns_of(way, {place.input.columns, place.output.columns}, fixed_point),
            rows,
            {},
            memory};
  for (std::size_t y = 0; y < rows.first.size(); ++y)
    for (int k = 0; k < rows.begin[y + 1] - rows.begin[y]; ++k) {
      const int row = std::clamp(rows.first[y] + k, 0, place.input.rows - 1);
      if (work.needed.empty() || row > work.needed.back()) work.needed.push_back(row);
    }
  resize_band(work);
}

}  // namespace tine::image
