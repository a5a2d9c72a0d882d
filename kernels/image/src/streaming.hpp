// Rows that are written past the caches.
//
// An output that is larger than the caches has left them before it is read. An ordinary store reads the
// line that it changes from memory first; a streaming one does not, and leaves the caches to what is
// read again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <opencv2/core/hal/intrin.hpp>

namespace tine::image {

/// Writes rows; past the caches where `streams`.
class RowOutput {
 public:
  explicit RowOutput(bool streams) : streams_(streams) {}
  RowOutput(const RowOutput&) = delete;
  RowOutput& operator=(const RowOutput&) = delete;
  /// Streamed stores come in any order, but before all that follow.
  ~RowOutput() {
#if CV_SSE2
    if (streams_) _mm_sfence();
#endif
  }

  /// Makes bytes from bytes, 16 at a time: f(cv::v_uint8x16) is a cv::v_uint8x16. Elements must be
  /// aligned to their size, and no two of them depend on each other.
  template <class F>
  void transform(const std::uint8_t* from, std::uint8_t* to, std::size_t bytes, F f) const {
    std::size_t i = 0;
    if (streams_) {
      i = std::min(bytes, (width - reinterpret_cast<std::uintptr_t>(to) % width) % width);
      transform_few(from, to, i, f);
      for (; i + width <= bytes; i += width)
        cv::v_store_aligned_nocache(to + i, f(cv::v_load(from + i)));
    }
    for (; i + width <= bytes; i += width) cv::v_store(to + i, f(cv::v_load(from + i)));
    transform_few(from + i, to + i, bytes - i, f);
  }

  /// Has `make_row(T*)` make `count` elements: in their place, or first in memory that stays in the
  /// caches.
  template <class T, class F>
  void make(T* to, std::size_t count, F make_row) {
    if (!streams_) return make_row(to);
    made_.resize(count * sizeof(T));
    make_row(reinterpret_cast<T*>(made_.data()));
    copy(made_.data(), reinterpret_cast<std::uint8_t*>(to), made_.size());
  }

  void copy(const std::uint8_t* from, std::uint8_t* to, std::size_t bytes) const {
    if (streams_)
      transform(from, to, bytes, [](const cv::v_uint8x16& v) { return v; });
    else
      std::memcpy(to, from, bytes);
  }

 private:
  static constexpr std::size_t width = 16;

  template <class F>
  static void transform_few(const std::uint8_t* from, std::uint8_t* to, std::size_t bytes, F f) {
    std::uint8_t few[width] = {};
    std::memcpy(few, from, bytes);
    cv::v_store(few, f(cv::v_load(few)));
    std::memcpy(to, few, bytes);
  }

  bool streams_;
  std::vector<std::uint8_t> made_;
};

}  // namespace tine::image
