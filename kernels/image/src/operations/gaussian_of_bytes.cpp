// OpenCV's Gaussian weights for bytes are multiples of 1/256 that add up to 1, so that sums are exact:
// of 16 bits down a column, and of 24 bits when these are summed along a row. To stay in 16 bits, the
// sums of columns go on as two bytes. With H and L the weighted sums of the upper and of the lower
// ones, the result is (256 H + L + 2^15) >> 16 = (H + (L >> 8) + 128) >> 8.
//
// Columns first: then nothing is kept from row to row, and no row is computed twice.
#include "operations/gaussian_of_bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "operations/rows_around.hpp"

namespace tine::image {

namespace {

// The same on both sides.
struct Weights {
  struct Pair {
    int distance;
    std::uint16_t weight;
  };
  std::uint16_t middle = 256;
  std::vector<Pair> pairs;  // those that are not 0: many are, for a large sigma
};

// OpenCV is asked for them: it rounds them so that they add up to 1. Kept from band to band.
const Weights& weights_of(double sigma, int radius) {
  thread_local double last = 0;
  thread_local Weights weights;
  if (last == sigma) return weights;
  cv::Mat_<std::uint8_t> white_dot(1, 2 * radius + 1, std::uint8_t{0}), blurred;
  white_dot(0, radius) = 255;
  cv::GaussianBlur(white_dot, blurred, {}, sigma, 0, cv::BORDER_REPLICATE);
  weights = {};
  for (int distance = 1; distance <= radius; ++distance) {
    // (255 * weight + 128) >> 8 is the weight itself up to 128.
    const std::uint16_t weight = blurred(0, radius + distance);
    if (weight > 0) weights.pairs.push_back({distance, weight});
    weights.middle = static_cast<std::uint16_t>(weights.middle - 2 * weight);
  }
  last = sigma;
  return weights;
}

// Where the bytes are that are summed.
struct Pair {
  const std::uint8_t *before, *after;
  std::uint16_t weight;
};
struct Terms {
  const std::uint8_t* middle;
  std::uint16_t middle_weight;
  const Pair* pairs;
  std::size_t count;
};

// Sums of one byte, and of several vectors of bytes, which then stay in registers. Vectors are words of
// two bytes, 256 b + a: when the weighted sums of words, modulo 2^16, and of the bytes b are known,
// those of the bytes a are, too.
[[gnu::always_inline]] inline std::uint16_t sum_of(const Terms& terms, std::ptrdiff_t at) {
  int sum = terms.middle[at] * terms.middle_weight;
  for (std::size_t k = 0; k < terms.count; ++k)
    sum += (terms.pairs[k].before[at] + terms.pairs[k].after[at]) * terms.pairs[k].weight;
  return static_cast<std::uint16_t>(sum);
}

template <class Words, int vectors>
struct Sums {
  Words a[vectors], b[vectors];

  [[gnu::always_inline]] Sums(const Terms& terms, std::ptrdiff_t at) {
    for (int i = 0; i < vectors; ++i) {
      Words middle;
      std::memcpy(&middle, terms.middle + at + i * sizeof middle, sizeof middle);
      a[i] = middle * terms.middle_weight;
      b[i] = (middle >> 8) * terms.middle_weight;
    }
    for (std::size_t k = 0; k < terms.count; ++k) {
      const Pair pair = terms.pairs[k];
      for (int i = 0; i < vectors; ++i) {
        Words before, after;
        std::memcpy(&before, pair.before + at + i * sizeof before, sizeof before);
        std::memcpy(&after, pair.after + at + i * sizeof after, sizeof after);
        a[i] += (before + after) * pair.weight;
        b[i] += ((before >> 8) + (after >> 8)) * pair.weight;
      }
    }
    for (int i = 0; i < vectors; ++i) a[i] -= b[i] << 8;
  }
};

// The last vectors overlap those before them. Of columns several vectors at once: rows of a length that
// is divisible by 4096 meet in the same few lines of the L1 cache, and these should be used up.
template <class Words>
[[gnu::always_inline]] inline void sum_columns(const Terms& terms, std::ptrdiff_t count,
                                               std::uint8_t* high, std::uint8_t* low) {
  constexpr int vectors = 4;
  constexpr std::ptrdiff_t step = vectors * sizeof(Words);
  if (count < step) {
    for (std::ptrdiff_t at = 0; at < count; ++at) {
      const std::uint16_t sum = sum_of(terms, at);
      high[at] = static_cast<std::uint8_t>(sum >> 8);
      low[at] = static_cast<std::uint8_t>(sum);
    }
    return;
  }
  for (std::ptrdiff_t next = 0; next < count; next += step) {
    const std::ptrdiff_t at = std::min(next, count - step);
    const Sums<Words, vectors> sums(terms, at);
    for (std::size_t i = 0; i < vectors; ++i) {
      const Words upper = (sums.a[i] >> 8) | (sums.b[i] & 0xff00);
      const Words lower = (sums.a[i] & 0xff) | (sums.b[i] << 8);
      std::memcpy(high + at + i * sizeof upper, &upper, sizeof upper);
      std::memcpy(low + at + i * sizeof lower, &lower, sizeof lower);
    }
  }
}

template <class Words>
[[gnu::always_inline]] inline void sum_row(const Terms& high, const Terms& low,
                                           std::ptrdiff_t count, std::uint8_t* out) {
  constexpr std::ptrdiff_t step = sizeof(Words);
  if (count < step) {
    for (std::ptrdiff_t at = 0; at < count; ++at)
      out[at] = static_cast<std::uint8_t>((sum_of(high, at) + (sum_of(low, at) >> 8) + 128) >> 8);
    return;
  }
  for (std::ptrdiff_t next = 0; next < count; next += step) {
    const std::ptrdiff_t at = std::min(next, count - step);
    const Sums<Words, 1> upper(high, at), lower(low, at);
    const Words a = upper.a[0] + (lower.a[0] >> 8) + 128;
    const Words b = upper.b[0] + (lower.b[0] >> 8) + 128;
    const Words result = (a >> 8) | (b & 0xff00);
    std::memcpy(out + at, &result, sizeof result);
  }
}

template <class Words>
[[gnu::always_inline]] inline void blur(const cv::Mat& in, cv::Mat& out, const Weights& weights,
                                        int radius, int border) {
  const std::size_t pairs = weights.pairs.size();
  const RowsAround<std::uint8_t> rows(in, border);
  const int channels = in.channels(), values = in.cols * channels, reach = radius * channels;
  // Strips so narrow that all rows that are summed fit in an L2.
  constexpr int cache = 1 << 19, grain = 768;  // divisible by any number of channels
  const int strip = std::max(cache / (2 * radius + 1) / grain, 1) * grain;

  const int room = std::min(strip, values) + 2 * reach;
  std::vector<std::uint8_t> high(static_cast<std::size_t>(room)), low(high);
  std::vector<Pair> down(pairs), along_high(pairs), along_low(pairs);
  for (std::size_t k = 0; k < pairs; ++k) {
    const auto [distance, weight] = weights.pairs[k];
    const int step = distance * channels;
    along_high[k] = {high.data() + reach - step, high.data() + reach + step, weight};
    along_low[k] = {low.data() + reach - step, low.data() + reach + step, weight};
  }
  for (int begin = 0; begin < values; begin += strip) {
    const int end = std::min(begin + strip, values);
    const int left = std::max(begin - reach, 0), right = std::min(end + reach, values);
    const auto row = [&](int y) { return rows(y) + left; };
    std::uint8_t* const planes[] = {high.data() + reach - begin, low.data() + reach - begin};
    for (int y = 0; y < in.rows; ++y) {
      for (std::size_t k = 0; k < pairs; ++k)
        down[k] = {row(y - weights.pairs[k].distance), row(y + weights.pairs[k].distance),
                   weights.pairs[k].weight};
      sum_columns<Words>({row(y), weights.middle, down.data(), pairs}, right - left,
                         planes[0] + left, planes[1] + left);
      const auto extend = [&](int from, int to) {  // columns beyond the edges
        for (int x = from; x < to; x += channels) {
          const int source = cv::borderInterpolate(x / channels, in.cols, border) * channels;
          for (std::uint8_t* plane : planes)
            for (int c = 0; c < channels; ++c) plane[x + c] = source < 0 ? 0 : plane[source + c];
        }
      };
      extend(begin - reach, left);
      extend(right, end + reach);
      sum_row<Words>({high.data() + reach, weights.middle, along_high.data(), pairs},
                     {low.data() + reach, weights.middle, along_low.data(), pairs}, end - begin,
                     out.ptr(y) + begin);
    }
  }
}

using Blur = void(const cv::Mat&, cv::Mat&, const Weights&, int radius, int border);

using Words16 [[gnu::vector_size(16)]] = std::uint16_t;
void blur_16(const cv::Mat& in, cv::Mat& out, const Weights& weights, int radius, int border) {
  blur<Words16>(in, out, weights, radius, border);
}

#if defined(__x86_64__)
using Words32 [[gnu::vector_size(32)]] = std::uint16_t;
[[gnu::target("avx2")]] void blur_32(const cv::Mat& in, cv::Mat& out, const Weights& weights,
                                     int radius, int border) {
  blur<Words32>(in, out, weights, radius, border);
}

using Words64 [[gnu::vector_size(64)]] = std::uint16_t;
[[gnu::target("avx512bw")]] void blur_64(const cv::Mat& in, cv::Mat& out, const Weights& weights,
                                         int radius, int border) {
  blur<Words64>(in, out, weights, radius, border);
}

Blur* widest_blur() {
  if (__builtin_cpu_supports("avx512bw")) return blur_64;
  return __builtin_cpu_supports("avx2") ? blur_32 : blur_16;
}
#else
Blur* widest_blur() {
  return blur_16;
}
#endif

}  // namespace

void gaussian_of_bytes(const cv::Mat& in, cv::Mat& out, double sigma, int radius, int border) {
  static Blur* const widest = widest_blur();
  widest(in, out, weights_of(sigma, radius), radius, border);
}

}  // namespace tine::image
