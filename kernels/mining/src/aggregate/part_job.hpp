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

/// Runs `write(part, writer, arguments...)` in a worker for each part, which may take so many bytes. What they
/// wrote lies in the result.
template <class F, class... Access>
Array<std::byte> for_each_part(const PoolWith& on, const std::vector<std::size_t>& most,
                               std::vector<std::span<const std::byte>>& parts, F write,
                               const Access&... accesses) {
  // How much a part wrote comes before it.
  constexpr std::size_t head = sizeof(std::uint64_t);
  auto bounds = on.pool.array<std::size_t>(most.size() + 1);
  for (std::size_t p = 0; p < most.size(); ++p) bounds[p + 1] = bounds[p] + head + most[p];
  auto result = on.pool.array<std::byte>(bounds[most.size()]);
  try {
    for_each_slice(
        on, cut(bounds),
        [write](Slice s, std::span<std::byte> room, const auto&... arguments) {
          BlobWriter to(room.subspan(head));
          write(s.index, to, arguments...);
          if (!to.fits()) broken_groups();
          const std::uint64_t used = to.used();
          std::memcpy(room.data(), &used, head);
        },
        out(result), accesses...);
  } catch (const KernelError& error) {
    throw Error(error.message());
  }
  parts.clear();
  const std::byte* const data = result.data();
  for (std::size_t p = 0; p < most.size(); ++p) {
    std::uint64_t used = 0;
    std::memcpy(&used, data + bounds[p], head);
    if (used > most[p]) broken_groups();
    parts.emplace_back(data + bounds[p] + head, used);
  }
  return result;
}

}  // namespace tine::mining
