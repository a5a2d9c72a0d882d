#include "parts.hpp"

#include <array>
#include <numeric>

#include "columns.hpp"

namespace tine::mining {

namespace {

void write(GroupSet& groups, const DealtRows* rows, std::size_t parts, BlobWriter& to) {
  std::vector<std::uint32_t> order(groups.size());
  std::vector<std::size_t> begins(parts + 1);
  if (parts == 1) {
    std::iota(order.begin(), order.end(), 0u);
    begins[1] = order.size();
  } else {
    std::vector<std::uint8_t> part(groups.size());
    for (std::uint32_t g = 0; g < groups.size(); ++g) {
      part[g] = static_cast<std::uint8_t>(groups.hash(g) % part_count);
      ++begins[part[g] + 1u];
    }
    std::partial_sum(begins.begin(), begins.end(), begins.begin());
    std::vector<std::size_t> next(begins.begin(), begins.end() - 1);
    for (std::uint32_t g = 0; g < groups.size(); ++g) order[next[part[g]]++] = g;
  }
  // Their sizes are at the end, when they are known.
  std::vector<std::uint64_t> sizes(parts);
  for (std::size_t p = 0; p < parts; ++p) {
    const std::size_t before = to.used();
    groups.write(to, std::span(order).subspan(begins[p], begins[p + 1] - begins[p]));
    if (rows != nullptr) rows->write(to, p);
    sizes[p] = to.used() - before;
  }
  write_column(to, sizes);
  to.value(std::uint64_t{parts});
}

}  // namespace

void write_parts(GroupSet& groups, BlobWriter& to) {
  constexpr std::size_t few = 4096;
  write(groups, nullptr, groups.size() > few ? part_count : 1, to);
}

void write_parts(GroupSet& groups, std::size_t parts, BlobWriter& to) {
  write(groups, nullptr, parts, to);
}

void write_parts(GroupSet& groups, DealtRows& rows, BlobWriter& to) {
  rows.arrange();
  write(groups, &rows, part_count, to);
}

std::vector<std::span<const std::byte>> read_parts(std::span<const std::byte> blob) {
  const auto end_with = [&](std::size_t size) {
    if (size > blob.size()) broken_groups();
    const auto end = blob.last(size);
    blob = blob.first(blob.size() - size);
    return BlobReader(end);
  };
  const auto parts = end_with(8).value<std::uint64_t>();
  if (parts != 1 && parts != part_count) broken_groups();
  BlobReader sizes = end_with(8 * parts);
  std::vector<std::span<const std::byte>> result;
  for (std::size_t p = 0; p < parts; ++p) {
    const auto size = sizes.value<std::uint64_t>();
    if (size > blob.size()) broken_groups();
    result.push_back(blob.first(size));
    blob = blob.subspan(size);
  }
  if (!blob.empty()) broken_groups();
  return result;
}

}  // namespace tine::mining
