#include <tine/error.hpp>

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
  std::size_t done = 0;
  for (; s.many == nullptr && done < slices.size(); ++done) {
    for (const auto part : read_parts(slices[done])) s.groups.merge(part);
    if (const std::size_t bytes = s.groups.bytes(); s.memory != 0 && bytes > s.memory)
      throw OutOfMemory("tine::mining: " + std::to_string(s.groups.size()) +
                            (s.groups.size() == 1 ? " group needs" : " groups need") +
                            " more memory than is allowed; --memory raises it",
                        bytes, s.memory, "--memory");
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
}

Result GroupMerger::finish() {
  return state_->many != nullptr ? state_->many->finish() : state_->groups.finish();
}

}  // namespace tine::mining
