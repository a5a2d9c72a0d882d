// How many different values there are: each is kept once. Those that lie near each other are bits. Of others slices
// write all, dealt out to parts, so that each part can be looked through by another worker.
#include <array>
#include <type_traits>

#include "accumulator.hpp"
#include "columns.hpp"
#include "value_bits.hpp"
#include "value_lists.hpp"
#include "value_parts.hpp"
#include "value_sets.hpp"

namespace tine::mining {

namespace {

template <class Kind>
class Distinct final : public Accumulator {
  static constexpr bool is_text = std::is_same_v<Kind, Texts>;

 public:
  void grow(std::size_t groups) override {
    groups_ = groups;
    bits_.grow(groups);
  }
  void add(const GroupedRows& rows, const Vector* arguments) override {
    const Vector& v = *arguments;
    const std::int64_t* values = nullptr;
    if constexpr (is_text) {
      room_.resize(rows.rows);
      kind_.set.add(rows.rows, v.as<std::string_view>(), v.nulls, room_.data());
      values = room_.data();
    } else {
      values = as_keys(v, rows.rows, room_);
    }
    rows_ += rows.rows;
    arranged_ = false;
    if (far_apart_) {
      list_.add(rows, reinterpret_cast<const std::uint64_t*>(values), v.nulls);
      return;
    }
    bits_.add(rows, values, v.nulls);
    // A block for nearly each row is not likely to become a block for many.
    far_apart_ = bits_.blocks() > 1000 + rows_ / 2;
    if (far_apart_) list_bits();
  }
  void write(BlobWriter& to, std::span<const std::uint32_t> groups) override {
    arrange();
    to.value(!bits_.empty());
    if (!bits_.empty()) bits_.write(to, groups);
    std::size_t total = 0;
    for (const std::uint32_t g : groups) total += list_.of(g).size();
    const bool in_parts = total > 1 << 13 && total > 2048 * groups.size();
    to.value(in_parts);
    if (in_parts) {
      for (const std::uint32_t g : groups) ValueParts<Kind>::write(to, kind_, list_.of(g));
      return;
    }
    for (const std::uint32_t g : groups) {
      BlobWriter size({});
      kind_.write(size, list_.of(g));
      to.value(std::uint64_t{size.used()});
    }
    for (const std::uint32_t g : groups) kind_.write(to, list_.of(g));
  }
  void merge(std::span<const std::uint32_t> groups, BlobReader& from) override {
    merged_ = true;
    arranged_ = false;
    if (from.value<std::uint8_t>() != 0) bits_.merge(groups, from);
    if (from.value<std::uint8_t>() != 0) {
      for (const std::uint32_t g : groups) parts_.add(g, from);
      return;
    }
    const auto sizes = read_column<std::uint64_t>(from, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const auto values = from.bytes(sizes[i]);
      if (!from.good()) broken_groups();
      add(groups[i], BlobReader(values));
    }
  }
  bool looks_back() const override { return parts_.looks_back(); }
  void compact(const PoolWith& on) override {
    if (looks_back()) parts_.merge(on, groups_);
  }
  ResultColumn finish(std::span<const std::uint32_t> groups, const PoolWith* on) override {
    std::vector<std::uint64_t> counts(groups_);
    take_list();
    if (on != nullptr && !parts_.empty()) {
      const auto own = deal_out(*on);
      counts = parts_.count_different(*on, groups_);
    } else {
      take_parts();
      if (set_.size() == 0)
        bits_.count(counts);
      else
        bits_.each([&](std::uint32_t g, std::uint64_t value) { set_.add(g, value); });
      set_.each([&](std::uint32_t g, std::uint64_t) { ++counts[g]; });
    }
    ResultColumn column = missing_column(Type::integer, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      column.nulls[i] = 0;
      column.integers[i] = static_cast<std::int64_t>(counts[groups[i]]);
    }
    return column;
  }
  std::size_t bytes() const override {
    std::size_t bytes = bits_.bytes() + list_.bytes() + set_.bytes() + parts_.bytes();
    if constexpr (is_text) bytes += kind_.set.bytes();
    return bytes;
  }

 private:
  void add(std::uint32_t group, BlobReader values) {
    std::array<std::uint64_t, 64> some;
    while (const std::size_t n = kind_.read(values, some))
      for (std::size_t i = 0; i < n; ++i) set_.add(group, some[i]);
  }

  // All that is written in the list, but for bits.
  void arrange() {
    if (arranged_) return;
    if (is_text) list_bits();
    if (merged_) take_list();
    take_parts();
    list_set();
    list_.arrange(groups_);
    arranged_ = true;
  }

  // From where values are to where they are needed.
  void list_bits() {
    bits_.each([&](std::uint32_t g, std::uint64_t value) { list_.add(g, value); });
    bits_ = {};
    bits_.grow(groups_);
  }
  void list_set() {
    set_.each([&](std::uint32_t g, std::uint64_t value) { list_.add(g, value); });
    set_ = {};
  }
  void take_list() {
    list_.arrange(groups_);
    for (std::uint32_t g = 0; g < groups_; ++g)
      for (const std::uint64_t value : list_.of(g)) set_.add(g, value);
    list_ = {};
  }
  void take_parts() {
    parts_.each([&](std::uint32_t g, BlobReader values) { add(g, values); });
    parts_ = {};
  }
  Array<std::byte> deal_out(const PoolWith& on) {
    list_bits();
    list_set();
    list_.arrange(groups_);
    const auto write_all = [&](BlobWriter& to) {
      for (std::uint32_t g = 0; g < groups_; ++g)
        if (!list_.of(g).empty()) ValueParts<Kind>::write(to, kind_, list_.of(g));
    };
    BlobWriter size({});
    write_all(size);
    auto own = on.pool.array<std::byte>(size.used());
    BlobWriter to(own.span());
    write_all(to);
    BlobReader from(std::as_const(own).span());
    for (std::uint32_t g = 0; g < groups_; ++g)
      if (!list_.of(g).empty()) parts_.add(g, from);
    list_ = {};
    return own;
  }

  Kind kind_;
  std::size_t groups_ = 0, rows_ = 0;
  // Of rows, and of slices if values are numbers. Texts are bits by their numbers.
  ValueBits bits_;
  bool far_apart_ = false;
  ValueLists<std::uint64_t> list_;
  std::vector<std::int64_t> room_;
  bool merged_ = false;  // then each value is to be there once
  bool arranged_ = false;
  // Of slices: their bits, their lists if they are short, and the others.
  PairSet set_;
  ValueParts<Kind> parts_;
};

}  // namespace

std::unique_ptr<Accumulator> make_distinct(const Aggregate& aggregate) {
  if (aggregate.types[0] == Type::text) return std::make_unique<Distinct<Texts>>();
  return std::make_unique<Distinct<Numbers>>();
}

}  // namespace tine::mining
