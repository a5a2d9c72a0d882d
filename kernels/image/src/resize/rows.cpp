// Each row of the input that is needed goes through three steps, once: it is turned into floats; its
// pixels are weighed into as many as a row of the output has (pixels.hpp); and rows of the output are
// weighed from those (sums.hpp).
//
// Floats also for 8-bit images: weights are whole numbers there, and all sums less than 2^24, which
// makes them as exact as the integers of cv::resize. Two taps of 8-bit images stay integers, since
// there is too little to do to make up for the floats.
#include "resize/rows.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "resize/pixels.hpp"
#include "resize/sums.hpp"
#include "wide.hpp"

namespace tine::image {

namespace {

using namespace resizing;

// What a row of the input has become after its pixels were weighed. 8-bit images: for two taps the
// sixteenth part, since cv::resize drops the last four bits then; for eight whole numbers.
template <class T, int taps>
using Weighed =
    std::conditional_t<!std::is_same_v<T, std::uint8_t>, float,
                       std::conditional_t<taps == 2, std::int16_t,
                                          std::conditional_t<taps == 8, std::int32_t, float>>>;

struct Work {
  Way way;
  const cv::Mat& in;
  cv::Mat& out;
  int input_row, input_rows;  // of the whole image: its first in `in`, and how many it has
  const Weights& columns;
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

TINE_IMAGE_WIDE void resize_band(Work& work) {
  if (work.in.depth() == CV_8U)
    resize_band_of<std::uint8_t>(work);
  else if (work.in.depth() == CV_16U)
    resize_band_of<std::uint16_t>(work);
  else
    resize_band_of<float>(work);
}

// The same for all bands, and sines take time.
const Weights& columns_of(Way way, Side side, bool fixed_point) {
  struct Kept {
    Way way = Way::copy;
    Side side{0, 0};
    bool fixed_point = false;
    Weights columns;
  };
  thread_local Kept kept;
  if (kept.way != way || kept.side != side || kept.fixed_point != fixed_point)
    kept = {way, side, fixed_point, column_weights(way, side, fixed_point)};
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
