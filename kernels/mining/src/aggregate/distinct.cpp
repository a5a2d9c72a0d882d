// How many different values there are: each is kept once.
#include "accumulator.hpp"
#include "columns.hpp"
#include "hash.hpp"
#include "text_set.hpp"
#include "value_lists.hpp"

namespace tine::mining {

namespace {

// Pairs of a group and a value.
class PairSet {
 public:
  // Whether it was not there.
  bool add(std::uint32_t group, std::uint64_t value) {
    if (2 * size_ >= slots_.size()) grow();
    Slot& slot = find(group, value);
    if (slot.taken != 0) return false;
    slot = {value, group, 1};
    ++size_;
    return true;
  }
  std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint64_t value = 0;
    std::uint32_t group = 0, taken = 0;
  };
  Slot& find(std::uint32_t group, std::uint64_t value) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = mix(value, group) & mask;
    while (slots_[at].taken != 0 && (slots_[at].value != value || slots_[at].group != group))
      at = (at + 1) & mask;
    return slots_[at];
  }
  void grow() {
    std::vector<Slot> old(std::max<std::size_t>(64, 2 * slots_.size()));
    old.swap(slots_);
    for (const Slot& s : old)
      if (s.taken != 0) find(s.group, s.value) = s;
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

class Distinct final : public Accumulator {
 public:
  explicit Distinct(Type type) : type_(type) {}

  void grow(std::size_t groups) override { groups_ = groups; }
  void add(const GroupedRows& rows, const Vector* arguments) override {
    if (type_ == Type::text) {
      const auto* values = arguments->as<std::string_view>();
      each_value(rows, arguments->nulls,
                 [&](std::uint32_t g, std::size_t i) { add(g, texts_.add(values[i])); });
      return;
    }
    const std::int64_t* values = as_integers(*arguments, rows.rows, room_);
    // -0 is 0.
    const std::int64_t minus_zero = type_ == Type::real ? ordered(-0.0) : 0;
    each_value(rows, arguments->nulls, [&](std::uint32_t g, std::size_t i) {
      add(g, static_cast<std::uint64_t>(values[i] == minus_zero ? 0 : values[i]));
    });
  }
  void write(BlobWriter& to, std::span<const std::uint32_t> groups) override {
    values_.arrange(groups_);
    for (const std::uint32_t g : groups) to.value(std::uint64_t{values_.of(g).size()});
    for (const std::uint32_t g : groups) {
      if (type_ == Type::text)
        for (const std::uint64_t text : values_.of(g)) to.text(texts_[text]);
      else
        to.bytes(values_.of(g).data(), values_.of(g).size_bytes());
    }
  }
  void merge(std::span<const std::uint32_t> groups, BlobReader& from) override {
    const auto sizes = read_column<std::uint64_t>(from, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (type_ == Type::text) {
        for (std::uint64_t k = 0; k < sizes[i]; ++k) {
          const std::string_view text = from.text();
          if (!from.good()) broken_groups();
          add(groups[i], texts_.add(text));
        }
      } else {
        for (const std::uint64_t value : read_column<std::uint64_t>(from, sizes[i]))
          add(groups[i], value);
      }
    }
  }
  ResultColumn finish(std::span<const std::uint32_t> groups) override {
    ResultColumn column = missing_column(Type::integer, groups.size());
    values_.arrange(groups_);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      column.nulls[i] = 0;
      column.integers[i] = static_cast<std::int64_t>(values_.of(groups[i]).size());
    }
    return column;
  }
  std::size_t bytes() const override { return set_.bytes() + values_.bytes() + texts_.bytes(); }

 private:
  void add(std::uint32_t group, std::uint64_t value) {
    if (set_.add(group, value)) values_.add(group, value);
  }

  Type type_;
  std::size_t groups_ = 0;
  PairSet set_;
  ValueLists<std::uint64_t> values_;
  TextSet texts_;
  std::vector<std::int64_t> room_;
};

}  // namespace

std::unique_ptr<Accumulator> make_distinct(const Aggregate& aggregate) {
  return std::make_unique<Distinct>(aggregate.types[0]);
}

std::unique_ptr<Accumulator> make_accumulator(const Aggregate& aggregate) {
  switch (aggregate.kind) {
    case AggregateKind::count:
    case AggregateKind::sum:
    case AggregateKind::mean:
      return make_sum(aggregate);
    case AggregateKind::variance:
    case AggregateKind::stddev:
    case AggregateKind::correlation:
      return make_moments(aggregate);
    case AggregateKind::quantile:
      return make_quantile(aggregate);
    case AggregateKind::distinct:
      return make_distinct(aggregate);
    default:
      return make_chosen(aggregate);
  }
}

}  // namespace tine::mining
