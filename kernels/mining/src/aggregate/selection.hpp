// The values at a place in the order of very many.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <tine/pool.hpp>

namespace tine::mining {

/// Numbers somewhere in a blob, not aligned.
struct Piece {
  const std::byte* at = nullptr;
  std::uint64_t count = 0;
};

/// The value that `rank` others come before in ascending order, and the one after it (itself when it is the last).
using TwoValues = std::pair<std::int64_t, std::int64_t>;

TwoValues select(std::span<const Piece> pieces, std::uint64_t rank);
/// The same by workers: pieces are in shared memory. They are counted by their upper digits until those that
/// are left are few.
TwoValues select(const PoolWith& on, std::span<const Piece> pieces, std::uint64_t rank);

}  // namespace tine::mining
