// min, max, first and last: one of the values.
#include <limits>
#include <string>
#include <string_view>

#include "accumulator.hpp"
#include "columns.hpp"
#include "presence.hpp"

namespace tine::mining {

namespace {

// Whether a value takes the place of the one that was chosen so far.
template <AggregateKind kind, class T>
bool replaces(const T& value, const T& chosen) {
  if constexpr (kind == AggregateKind::min) return value < chosen;
  if constexpr (kind == AggregateKind::max) return value > chosen;
  return kind == AggregateKind::last;
}

// Of numbers: as integers in the same order.
template <AggregateKind kind>
class Chosen final : public Accumulator {
 public:
  explicit Chosen(Type type) : type_(type) {}

  void grow(std::size_t groups) override {
    // What every value takes the place of, or none of the same worth.
    constexpr auto none = kind == AggregateKind::min ? std::numeric_limits<std::int64_t>::max()
                                                     : std::numeric_limits<std::int64_t>::min();
    values_.resize(groups, none);
    present_.grow(groups);
  }
  void add(const GroupedRows& rows, const Vector* arguments) override {
    const std::int64_t* const values = as_integers(*arguments, rows.rows, room_);
    std::int64_t* const chosen = values_.data();
    if constexpr (kind == AggregateKind::first) {
      each_value(rows, arguments->nulls, [&](std::uint32_t g, std::size_t i) {
        if (present_[g]) return;
        chosen[g] = values[i];
        present_.mark(g);
      });
    } else {
      each_value(rows, arguments->nulls, [=](std::uint32_t g, std::size_t i) {
        chosen[g] = replaces<kind>(values[i], chosen[g]) ? values[i] : chosen[g];
      });
      present_.mark(rows, arguments->nulls);
    }
  }
  void write(BlobWriter& to, std::span<const std::uint32_t> groups) override {
    write_some(to, values_, groups);
    present_.write(to, groups);
  }
  void merge(std::span<const std::uint32_t> groups, BlobReader& from) override {
    const auto values = read_column<std::int64_t>(from, groups.size());
    const auto present = read_column<std::uint8_t>(from, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i)
      if (present[i] != 0) {
        const std::uint32_t g = groups[i];
        if (!present_[g] || replaces<kind>(values[i], values_[g])) values_[g] = values[i];
        present_.mark(g);
      }
  }
  ResultColumn finish(std::span<const std::uint32_t> groups, const PoolWith*) override {
    ResultColumn column = missing_column(type_, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (!present_[groups[i]]) continue;
      column.nulls[i] = 0;
      if (type_ == Type::real)
        column.reals[i] = from_ordered(values_[groups[i]]);
      else
        column.integers[i] = values_[groups[i]];
    }
    return column;
  }
  std::size_t bytes() const override {
    return values_.capacity() * sizeof(values_[0]) + present_.bytes();
  }

 private:
  Type type_;
  std::vector<std::int64_t> values_;
  Presence present_;
  std::vector<std::int64_t> room_;
};

template <AggregateKind kind>
class ChosenText final : public Accumulator {
 public:
  void grow(std::size_t groups) override {
    texts_.resize(groups);
    present_.resize(groups);
  }
  void add(const GroupedRows& rows, const Vector* arguments) override {
    const auto* values = arguments->as<std::string_view>();
    each_value(rows, arguments->nulls,
               [&](std::uint32_t g, std::size_t i) { choose(g, values[i]); });
  }
  void write(BlobWriter& to, std::span<const std::uint32_t> groups) override {
    for (const std::uint32_t g : groups) {
      to.value(present_[g]);
      if (present_[g] != 0) to.text(texts_[g]);
    }
  }
  void merge(std::span<const std::uint32_t> groups, BlobReader& from) override {
    for (const std::uint32_t g : groups) {
      if (from.value<std::uint8_t>() != 0) {
        const std::string_view text = from.text();
        if (from.good()) choose(g, text);
      }
      if (!from.good()) broken_groups();
    }
  }
  ResultColumn finish(std::span<const std::uint32_t> groups, const PoolWith*) override {
    ResultColumn column = missing_column(Type::text, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      column.nulls[i] = present_[groups[i]] == 0;
      column.texts[i] = texts_[groups[i]];
    }
    return column;
  }
  std::size_t bytes() const override { return bytes_ + texts_.capacity() * sizeof(texts_[0]); }

 private:
  void choose(std::uint32_t g, std::string_view value) {
    if (present_[g] == 0 || replaces<kind>(value, std::string_view(texts_[g]))) {
      bytes_ += value.size() - texts_[g].size();
      texts_[g] = value;
    }
    present_[g] = 1;
  }

  std::vector<std::string> texts_;
  std::vector<std::uint8_t> present_;
  std::size_t bytes_ = 0;  // of all texts
};

template <AggregateKind kind>
std::unique_ptr<Accumulator> make(Type type) {
  if (type == Type::text) return std::make_unique<ChosenText<kind>>();
  return std::make_unique<Chosen<kind>>(type);
}

}  // namespace

std::unique_ptr<Accumulator> make_chosen(const Aggregate& aggregate) {
  switch (aggregate.kind) {
    case AggregateKind::min:
      return make<AggregateKind::min>(aggregate.types[0]);
    case AggregateKind::max:
      return make<AggregateKind::max>(aggregate.types[0]);
    case AggregateKind::first:
      return make<AggregateKind::first>(aggregate.types[0]);
    default:
      return make<AggregateKind::last>(aggregate.types[0]);
  }
}

}  // namespace tine::mining
