// Sets of transactions as bits, all of equal length, one after the other.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tine::mining {

/// Lengths in words are multiples of it, so that vectors need no loop for a rest.
constexpr std::size_t bit_set_step = 8;

/// Which of some sets has enough in common with another one.
struct Intersection {
  std::uint32_t which, count;
};

/// Intersects `set` with the `count` sets that begin at `others`. Intersections of at least `least` elements are
/// written to `to`, and which they are of to `found`; there must be room for all of them. Returns how many there
/// are.
std::size_t intersect(const std::uint64_t* set, const std::uint64_t* others, std::size_t count,
                      std::size_t words, std::uint64_t least, std::uint64_t* to,
                      Intersection* found);

}  // namespace tine::mining
