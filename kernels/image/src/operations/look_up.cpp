// With AVX-512 VBMI the table is in four registers, and 64 bytes are looked up at once. Clang has another
// way to write that.
#include "operations/look_up.hpp"

#include <cstddef>
#include <cstring>

namespace tine::image {

namespace {

void look_up_each(const std::uint8_t* from, std::size_t count, const std::uint8_t* table,
                  std::uint8_t* to) {
  for (std::size_t i = 0; i < count; ++i) to[i] = table[from[i]];
}

#if defined(__x86_64__) && !defined(__clang__)
[[gnu::target("avx512bw,avx512vbmi")]] void look_up_64(const std::uint8_t* from, std::size_t count,
                                                       const std::uint8_t* table,
                                                       std::uint8_t* to) {
  using Bytes [[gnu::vector_size(64)]] = std::uint8_t;
  Bytes part[4];
  std::memcpy(&part, table, sizeof part);
  std::size_t i = 0;
  for (; i + sizeof(Bytes) <= count; i += sizeof(Bytes)) {
    Bytes level;
    std::memcpy(&level, from + i, sizeof level);
    const Bytes dark = __builtin_shuffle(part[0], part[1], level);  // by the lower seven bits
    const Bytes bright = __builtin_shuffle(part[2], part[3], level);
    const Bytes result = level > 127 ? bright : dark;
    std::memcpy(to + i, &result, sizeof result);
  }
  look_up_each(from + i, count - i, table, to + i);
}

auto best() {
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi") ? look_up_64
                                                                                    : look_up_each;
}
#else
auto best() {
  return look_up_each;
}
#endif

}  // namespace

void look_up(const cv::Mat& in, const std::uint8_t* table, cv::Mat& out) {
  static const auto look_up_row = best();
  const std::size_t bytes = in.elemSize() * static_cast<std::size_t>(in.cols);
  for (int y = 0; y < in.rows; ++y) look_up_row(in.ptr(y), bytes, table, out.ptr(y));
}

}  // namespace tine::image
