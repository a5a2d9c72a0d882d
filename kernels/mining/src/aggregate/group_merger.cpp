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
  std::vector<Array<std::byte>> kept{};  // what the groups look into
  std::uint64_t kept_bytes = 0;
  std::unique_ptr<ManyGroups> many{};

  // Whether what slices wrote is looked at again in the end.
  bool keeps() const {
    return std::ranges::any_of(aggregates, [](const Aggregate& a) {
      return a.kind == AggregateKind::quantile || a.kind == AggregateKind::distinct;
    });
  }
  void check_memory(std::uint64_t bytes) const {
    if (memory == 0 || bytes <= memory) return;
    throw OutOfMemory("tine::mining: " + std::to_string(groups.size()) +
                          (groups.size() == 1 ? " group" : " groups") +
                          (keeps() ? ", with the values of quantiles and distinct()," : "") +
                          " need more memory than is allowed; --memory raises it",
                      bytes, memory, "--memory");
  }
  // A copy of the bytes of slices, made by workers.
  std::vector<std::span<const std::byte>> keep(std::span<const std::span<const std::byte>> slices) {
    auto begins = on.pool.array<std::size_t>(slices.size() + 1);
    for (std::size_t i = 0; i < slices.size(); ++i) begins[i + 1] = begins[i] + slices[i].size();
    check_memory(kept_bytes + groups.bytes() + begins[slices.size()]);
    kept_bytes += begins[slices.size()];
    auto& copy = kept.emplace_back(on.pool.array<std::byte>(begins[slices.size()]));
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
  Array<std::byte> in_parts(GroupSet& set) {
    BlobWriter size({});
    write_parts(set, part_count, size);
    auto bytes = on.pool.array<std::byte>(size.used());
    BlobWriter to(bytes.span());
    write_parts(set, part_count, to);
    return bytes;
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
  std::vector<std::span<const std::byte>> copies;
  if (s.many == nullptr && s.keeps() && !slices.empty()) {
    copies = s.keep(slices);
    slices = copies;
  }
  std::size_t done = 0;
  for (; s.many == nullptr && done < slices.size(); ++done) {
    for (const auto part : read_parts(slices[done])) s.groups.merge(part);
    s.check_memory(s.groups.bytes() + s.kept_bytes);
    if (s.groups.size() > State::few)
      s.many = std::make_unique<ManyGroups>(s.on, s.keys, s.aggregates, s.memory);
  }
  if (s.many == nullptr) return;
  std::vector<Array<std::byte>> memory;
  std::vector<Parts> parts;
  const auto deal_out = [&](GroupSet& groups) {
    memory.push_back(s.in_parts(groups));
    parts.push_back(read_parts(memory.back().span()));
  };
  if (s.groups.size() != 0) {
    deal_out(s.groups);
    s.groups = GroupSet(s.keys, s.aggregates);
  }
  for (; done < slices.size(); ++done) {
    parts.push_back(read_parts(slices[done]));
    if (parts.back().size() == part_count) continue;
    GroupSet one(s.keys, s.aggregates);
    one.merge(parts.back()[0]);
    parts.pop_back();
    deal_out(one);
  }
  s.many->merge(parts);
  s.kept.clear();
}

Result GroupMerger::finish() {
  return state_->many != nullptr ? state_->many->finish() : state_->groups.finish(&state_->on);
}

}  // namespace tine::mining
