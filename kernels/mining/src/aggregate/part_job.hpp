// A job that makes bytes, part by part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <tine/for_each_slice.hpp>

#include "../blob.hpp"
#include "columns.hpp"

namespace tine::mining {

/// Runs `write(part, writer, arguments...)` in a worker for each part. What they wrote lies in the result.
/// @param sizes  of what they are likely to write; where it is more, all is done once more
template <class F, class... Access>
Array<std::byte> for_each_part(const PoolWith& on, std::vector<std::size_t> sizes,
                               std::vector<std::span<const std::byte>>& parts, F write,
                               const Access&... accesses) {
  // How much a part wrote comes before it.
  constexpr std::size_t head = sizeof(std::uint64_t);
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto bounds = on.pool.array<std::size_t>(sizes.size() + 1);
    for (std::size_t p = 0; p < sizes.size(); ++p) bounds[p + 1] = bounds[p] + head + sizes[p];
    auto result = on.pool.array<std::byte>(bounds[sizes.size()]);
    try {
      for_each_slice(
          on, cut(bounds),
          [write](Slice s, std::span<std::byte> room, const auto&... arguments) {
            BlobWriter to(room.subspan(head));
            write(s.index, to, arguments...);
            const std::uint64_t used = to.used();
            std::memcpy(room.data(), &used, head);
          },
          out(result), accesses...);
    } catch (const KernelError& error) {
      throw Error(error.message());
    }
    parts.clear();
    bool fits = true;
    const std::byte* const data = result.data();
    for (std::size_t p = 0; p < sizes.size(); ++p) {
      std::uint64_t used = 0;
      std::memcpy(&used, data + bounds[p], head);
      parts.emplace_back(data + bounds[p] + head, used);
      fits &= used <= sizes[p];
      sizes[p] = used;
    }
    if (fits) return result;
  }
  broken_groups();
}

}  // namespace tine::mining
