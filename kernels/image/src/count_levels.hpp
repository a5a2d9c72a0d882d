// How many values of an image have each level.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <opencv2/core.hpp>

namespace tine::image {

/// Four counters for each level of a byte: neighbours are often equal, and would wait for each other.
using FourCounts = std::array<std::array<std::uint32_t, 256>, 4>;

/// Adds how often each level is there, every `step` bytes.
inline void count_bytes(const std::uint8_t* from, std::size_t count, std::size_t step,
                        FourCounts& of) {
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4, from += 4 * step) {
    // All are read before the first is counted: for all the compiler knows, a byte is part of a counter.
    const std::size_t a = from[0], b = from[step], c = from[2 * step], d = from[3 * step];
    ++of[0][a];
    ++of[1][b];
    ++of[2][c];
    ++of[3][d];
  }
  for (; i < count; ++i, from += step) ++of[0][*from];
}

/// Adds to `counts`: for each channel of the image, 4 at most, as many as a T has levels.
template <class T>
void count_levels(const cv::Mat& image, std::uint32_t* counts) {
  constexpr std::size_t levels = std::size_t{1} << (8 * sizeof(T));
  const auto channels = static_cast<std::size_t>(image.channels());
  const auto columns = static_cast<std::size_t>(image.cols);
  if constexpr (sizeof(T) == 1) {
    std::array<FourCounts, 4> part{};
    for (int y = 0; y < image.rows; ++y)
      for (std::size_t c = 0; c < channels; ++c)
        count_bytes(image.ptr(y) + c, columns, channels, part[c]);
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t i = 0; i < levels; ++i)
        for (const auto& quarter : part[c]) counts[c * levels + i] += quarter[i];
  } else {
    for (int y = 0; y < image.rows; ++y) {
      const T* row = image.ptr<T>(y);
      for (std::size_t x = 0; x < columns; ++x)
        for (std::size_t c = 0; c < channels; ++c) ++counts[c * levels + *row++];
    }
  }
}

}  // namespace tine::image
