#include "joined_source.hpp"

#include <algorithm>
#include <utility>

#include "../stored_column.hpp"

namespace tine::mining {

JoinedSource::JoinedSource(const PoolWith& on, Source& left, const Join& join)
    : on_(on), left_(left), join_(join) {
  try {
    prepare();
  } catch (const QueryError&) {  // by types that are guesses yet
    const Schema before = left_.schema();
    left_.infer(on);
    if (left_.schema() == before) throw;
    prepare();
  }
}

void JoinedSource::prepare() {
  const Schema& right = join_.right->schema();
  const std::vector<KeyColumns> before =
      std::exchange(keys_, key_columns(join_.on, left_.schema(), *join_.right));
  schema_ = left_.schema();
  right_.clear();
  for (std::size_t i = 0; i < right.size(); ++i) {
    const bool is_key = std::ranges::any_of(keys_, [&](const KeyColumns& key) {
      return key.right == i && left_.schema()[key.left].name == right[i].name;
    });
    if (is_key) continue;
    Field field = right[i];
    while (std::ranges::find(schema_, field.name, &Field::name) != schema_.end())
      field.name += "_right";
    schema_.push_back(std::move(field));
    right_.push_back(i);
  }
  if (!std::ranges::equal(before, keys_, {}, &KeyColumns::type, &KeyColumns::type))
    index_ = KeyIndex(on_, *join_.right, keys_);
}

void JoinedSource::infer(const PoolWith& on) {
  left_.infer(on);
  prepare();
}

Source::Outcome JoinedSource::accept(std::size_t slice, BlobReader& report) {
  const Outcome outcome = left_.accept(slice, report);
  if (outcome == Outcome::retyped) prepare();
  return outcome;
}

// The columns of the left stream: those that are asked for, then keys.
std::vector<std::byte> JoinedSource::description(std::span<const std::size_t> columns) const {
  std::vector<std::size_t> left;
  const auto place = [&](std::size_t column) {
    const auto found = std::ranges::find(left, column);
    if (found != left.end()) return static_cast<std::uint64_t>(found - left.begin());
    left.push_back(column);
    return static_cast<std::uint64_t>(left.size() - 1);
  };
  const std::size_t left_columns = left_.schema().size();
  const auto chosen = to_blob([&](BlobWriter& to) {
    left.clear();
    to.value<std::uint64_t>(columns.size());
    for (const std::size_t i : columns) {
      const bool is_left = i < left_columns;
      to.value(is_left);
      if (is_left)
        to.value(place(i));
      else
        to.value(stored(join_.right->column(right_[i - left_columns])));
    }
    to.value<std::uint64_t>(keys_.size());
    for (const KeyColumns& key : keys_) {
      to.value(place(key.left));
      to.value(key.type);
      to.value(stored(join_.right->column(key.right)));
    }
  });
  const auto description = left_.description(left);
  return to_blob([&](BlobWriter& to) {
    to.value(StreamKind::joined);
    to.value<std::uint64_t>(description.size());
    to.bytes(description.data(), description.size());
    to.value(join_.left);
    index_.write(to);
    to.bytes(chosen.data(), chosen.size());
  });
}

}  // namespace tine::mining
