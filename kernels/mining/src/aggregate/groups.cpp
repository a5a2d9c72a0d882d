#include "groups.hpp"

#include "group_set.hpp"
#include "parts.hpp"

namespace tine::mining {

struct Groups::State {
  GroupSet groups;
};

Groups::Groups(std::span<const Type> keys, std::span<const Aggregate> aggregates)
    : state_(std::make_unique<State>(State{GroupSet(keys, aggregates)})) {}

Groups::~Groups() = default;

void Groups::add(std::size_t rows, std::span<const Vector> keys,
                 std::span<const Vector> arguments) {
  state_->groups.add(rows, keys, arguments);
}

void Groups::write(BlobWriter& to) const {
  write_parts(state_->groups, to);
}

}  // namespace tine::mining
