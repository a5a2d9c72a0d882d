#include "many_groups.hpp"

#include "columns.hpp"
#include "part_job.hpp"
#include "result_order.hpp"

namespace tine::mining {

namespace {

using Bytes = std::span<const std::byte>;

}  // namespace

ManyGroups::ManyGroups(PoolWith on, std::span<const Type> keys,
                       std::span<const Aggregate> aggregates, std::uint64_t memory)
    : on_(std::move(on)),
      key_count_(keys.size()),
      keys_(on_.pool.array_from(keys)),
      aggregates_(on_.pool.array_from(aggregates)),
      memory_(memory) {}

void ManyGroups::merge(std::span<const std::vector<Bytes>> slices) {
  // What each part is merged from, in order.
  std::vector<std::vector<Bytes>> from(part_count);
  std::vector<std::size_t> sizes(part_count);
  std::size_t total = 0;
  for (std::size_t p = 0; p < part_count; ++p) {
    if (!parts_.empty()) from[p].push_back(parts_[p]);
    for (const auto& slice : slices) from[p].push_back(slice[p]);
    for (const Bytes& bytes : from[p]) sizes[p] += bytes.size();
    total += sizes[p];
  }
  const std::size_t count = from[0].size();
  check_memory(state_.size() + total);
  auto table = on_.pool.array<Bytes>(part_count * count);
  for (std::size_t p = 0; p < part_count; ++p) std::ranges::copy(from[p], table.data() + p * count);
  auto merged = for_each_part(
      on_, sizes, parts_,
      [count](std::size_t part, BlobWriter& to, auto keys, auto aggregates, auto pieces) {
        GroupSet groups(keys, aggregates);
        for (const Bytes& bytes : pieces.subspan(part * count, count)) groups.merge(bytes);
        std::vector<std::uint32_t> all(groups.size());
        for (std::uint32_t g = 0; g < all.size(); ++g) all[g] = g;
        groups.write(to, all);
      },
      whole(keys_), whole(aggregates_), whole(table));
  state_ = std::move(merged);
}

std::size_t ManyGroups::groups() const {
  std::size_t groups = 0;
  for (const Bytes& part : parts_) groups += BlobReader(part).value<std::uint64_t>();
  return groups;
}

void ManyGroups::check_memory(std::uint64_t bytes) const {
  if (memory_ != 0 && bytes > memory_)
    too_much_memory("more than " + std::to_string(groups()) + " groups, and what is kept of them,",
                    bytes, memory_);
}

Result ManyGroups::finish() {
  const std::size_t columns = key_count_ + aggregates_.size();
  std::vector<std::size_t> most(part_count);
  std::size_t total = 0;
  for (std::size_t p = 0; p < part_count; ++p) {
    const std::size_t rows = BlobReader(parts_[p]).value<std::uint64_t>();
    // A worker may have written anything; of each group at least a byte for each key was.
    if (rows > parts_[p].size()) broken_groups();
    // What is known of a group, and a value and a mark in each column.
    most[p] = parts_[p].size() + rows * columns * 16;
    total += most[p];
  }
  check_memory(state_.size() + total);
  auto table = on_.pool.array_from(parts_);
  std::vector<Bytes> written;
  const auto results = for_each_part(
      on_, most, written,
      [](std::size_t part, BlobWriter& to, auto keys, auto aggregates, auto parts) {
        GroupSet groups(keys, aggregates);
        groups.merge(parts[part]);
        write_result(to, groups.finish());
      },
      whole(keys_), whole(aggregates_), whole(table));
  Result result;
  for (const Type type : keys_) result.columns.push_back(missing_column(type, 0));
  for (const Aggregate& aggregate : aggregates_)
    result.columns.push_back(missing_column(result_type(aggregate), 0));
  for (const Bytes& part : written) append_result(result, part);
  sort_by_keys(result, key_count_);
  return result;
}

}  // namespace tine::mining
