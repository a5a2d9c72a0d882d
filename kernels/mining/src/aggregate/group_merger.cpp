#include "columns.hpp"
#include "group_set.hpp"
#include "groups.hpp"

namespace tine::mining {

struct GroupMerger::State {
  PoolWith on;
  std::vector<Type> keys;
  std::uint64_t memory;
  GroupSet groups;
};

GroupMerger::GroupMerger(PoolWith on, std::vector<Type> keys, std::vector<Aggregate> aggregates,
                         std::uint64_t memory) {
  GroupSet groups(keys, aggregates);
  state_ =
      std::make_unique<State>(State{std::move(on), std::move(keys), memory, std::move(groups)});
}

GroupMerger::~GroupMerger() = default;

void GroupMerger::add(std::span<const std::span<const std::byte>> slices) {
  for (const auto slice : slices) {
    BlobReader from(slice);
    state_->groups.merge(from);
    if (!from.empty()) broken_groups();
    const std::size_t bytes = state_->groups.bytes();
    if (state_->memory != 0 && bytes > state_->memory)
      throw OutOfMemory("tine::mining: " + std::to_string(state_->groups.size()) +
                            " groups need more memory than is allowed; --memory raises it",
                        bytes, state_->memory, "--memory");
  }
}

Result GroupMerger::finish() {
  return state_->groups.finish();
}

}  // namespace tine::mining
