#include "groups.hpp"

#include "dealt_rows.hpp"
#include "group_set.hpp"
#include "parts.hpp"

namespace tine::mining {

struct Groups::State {
  GroupSet groups;
  std::size_t grouped = 0;  // rows
  DealtRows rows{};         // that came after these, once it did not help

  // Whether most keys are new, and more than what a core's cache has room for.
  bool helps() const { return groups.size() < 1 << 14 || groups.size() < grouped / 4 * 3; }
};

Groups::Groups(std::span<const Type> keys, std::span<const Aggregate> aggregates)
    : state_(std::make_unique<State>(State{GroupSet(keys, aggregates)})) {}

Groups::~Groups() = default;

void Groups::add(std::size_t rows, std::span<const Vector> keys,
                 std::span<const Vector> arguments) {
  State& s = *state_;
  if (!s.rows.empty() || !s.helps()) return s.rows.add(rows, keys, arguments);
  s.groups.add(rows, keys, arguments);
  s.grouped += rows;
}

void Groups::write(BlobWriter& to) const {
  if (state_->rows.empty())
    write_parts(state_->groups, to);
  else
    write_parts(state_->groups, state_->rows, to);
}

}  // namespace tine::mining
