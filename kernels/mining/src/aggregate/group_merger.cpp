#include <algorithm>

#include <tine/error.hpp>
#include <tine/for_each_slice.hpp>

#include "columns.hpp"
#include "group_set.hpp"
#include "groups.hpp"
#include "many_groups.hpp"
#include "parts.hpp"

namespace tine::mining {

namespace {

using Parts = std::vector<std::span<const std::byte>>;

}  // namespace

struct GroupMerger::State {
  // Above, workers merge.
  static constexpr std::size_t few = std::size_t{1} << 14;

  PoolWith on;
  std::vector<Type> keys;
  std::vector<Aggregate> aggregates;
  std::uint64_t memory;
  GroupSet groups{keys, aggregates};
  std::unique_ptr<ManyGroups> many{};
  std::vector<Parts> waiting{};          // to be merged with the many
  std::vector<Array<std::byte>> kept{};  // what they, or the few groups, look into
  std::uint64_t kept_bytes = 0;

  bool has(AggregateKind kind) const {
    return std::ranges::find(aggregates, kind, &Aggregate::kind) != aggregates.end();
  }
  void check_memory(std::uint64_t bytes) const {
    if (memory == 0 || bytes <= memory) return;
    const bool values = has(AggregateKind::quantile) || has(AggregateKind::distinct);
    too_much_memory(std::to_string(groups.size()) + (groups.size() == 1 ? " group" : " groups") +
                        (values ? ", with the values of quantiles and distinct()," : ""),
                    bytes, memory);
  }
  Array<std::byte>& room(std::size_t bytes) {
    kept_bytes += bytes;
    check_memory(kept_bytes + groups.bytes());
    return kept.emplace_back(on.pool.array<std::byte>(bytes));
  }
  void let_go() {
    kept.clear();
    kept_bytes = 0;
  }
  // A copy of the bytes of slices, made by workers.
  std::vector<std::span<const std::byte>> keep(std::span<const std::span<const std::byte>> slices) {
    auto begins = on.pool.array<std::size_t>(slices.size() + 1);
    for (std::size_t i = 0; i < slices.size(); ++i) begins[i + 1] = begins[i] + slices[i].size();
    auto& copy = room(begins[slices.size()]);
    const auto from = on.pool.array_from(slices);
    for_each_slice(
        on, cut(begins),
        [](Slice s, std::span<std::byte> to, auto bytes) {
          std::memcpy(to.data(), bytes[s.index].data(), std::min(to.size(), bytes[s.index].size()));
        },
        out(copy), whole(from));
    std::vector<std::span<const std::byte>> result;
    for (std::size_t i = 0; i < slices.size(); ++i)
      result.emplace_back(std::as_const(copy).data() + begins[i], slices[i].size());
    return result;
  }

  // The same groups in parts, in shared memory.
  Parts deal_out(GroupSet& set) {
    BlobWriter size({});
    write_parts(set, part_count, size);
    auto& bytes = room(size.used());
    BlobWriter to(bytes.span());
    write_parts(set, part_count, to);
    return read_parts(std::as_const(bytes).span());
  }

  // Merges slices until there are many groups; how many slices that were.
  std::size_t merge_few(std::span<const std::span<const std::byte>> slices) {
    std::size_t done = 0;
    while (done < slices.size() && groups.size() <= few) {
      for (const auto part : read_parts(slices[done])) groups.merge(part);
      check_memory(groups.bytes() + kept_bytes);
      ++done;
    }
    return done;
  }
  void merge_waiting() {
    if (!waiting.empty()) many->merge(waiting);
    waiting.clear();
    let_go();
  }
};

GroupMerger::GroupMerger(PoolWith on, std::vector<Type> keys, std::vector<Aggregate> aggregates,
                         std::uint64_t memory) {
  // A part that is left out would make all that is known wrong; and of these jobs nobody needs to hear.
  on.policy.on_failure = OnFailure::fail;
  on.policy.progress = {};
  on.policy.report = nullptr;
  state_ =
      std::make_unique<State>(State{std::move(on), std::move(keys), std::move(aggregates), memory});
}

GroupMerger::~GroupMerger() = default;

void GroupMerger::add(std::span<const std::span<const std::byte>> slices) {
  State& s = *state_;
  if (slices.empty()) return;
  std::vector<std::span<const std::byte>> copies;
  const auto keep = [&] {
    if (copies.empty()) slices = copies = s.keep(slices);
  };
  std::uint64_t bytes = s.kept_bytes;
  for (const auto& slice : slices) bytes += slice.size();
  if (s.many == nullptr) {
    // Quantiles need all values in the end; what others look back at is gone through once it is as much as what they
    // know.
    const bool quantile = s.has(AggregateKind::quantile);
    const bool enough = !quantile && bytes >= s.groups.bytes();
    if (!enough && (quantile || s.has(AggregateKind::distinct))) keep();
    slices = slices.subspan(s.merge_few(slices));
    if (s.groups.size() <= State::few) {
      if (enough) s.groups.compact(s.on);
      if (!s.groups.looks_back()) s.let_go();
      return;
    }
    s.many = std::make_unique<ManyGroups>(s.on, s.keys, s.aggregates, s.memory);
    s.waiting.push_back(s.deal_out(s.groups));
    s.groups = GroupSet(s.keys, s.aggregates);
  }
  // All groups are gone through by a merge, so slices wait until they are as much.
  bytes = s.kept_bytes;
  for (const auto& slice : slices) bytes += slice.size();
  const bool enough = bytes >= s.many->bytes();
  if (!enough && !slices.empty()) keep();
  for (const auto& slice : slices) {
    Parts parts = read_parts(slice);
    if (parts.size() != part_count) {
      GroupSet one(s.keys, s.aggregates);
      one.merge(parts[0]);
      parts = s.deal_out(one);
    }
    s.waiting.push_back(std::move(parts));
  }
  if (enough) s.merge_waiting();
}

Result GroupMerger::finish() {
  State& s = *state_;
  if (s.many == nullptr) return s.groups.finish(&s.on);
  s.merge_waiting();
  return s.many->finish();
}

}  // namespace tine::mining
