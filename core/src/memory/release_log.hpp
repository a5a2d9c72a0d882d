// Which runs are no more.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tine::detail {

/// Runs that were released, for workers to forget what they know of them: the pages may now belong
/// to something they are not told of. The last `capacity` are kept; who is further behind forgets
/// everything.
struct ReleaseLog {
  static constexpr std::uint64_t capacity = 64;
  std::uint64_t count = 0;
  struct {
    std::byte* begin;
    std::size_t bytes;
  } run[capacity];

  void add(std::byte* begin, std::size_t bytes) { run[count++ % capacity] = {begin, bytes}; }
};

}  // namespace tine::detail
