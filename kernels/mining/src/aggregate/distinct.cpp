// How many different values there are: each is kept once.
#include <algorithm>
#include <array>
#include <numeric>

#include <tine/for_each_slice.hpp>

#include "accumulator.hpp"
#include "columns.hpp"
#include "hash.hpp"
#include "selection.hpp"
#include "text_set.hpp"
#include "value_lists.hpp"
#include "value_sets.hpp"

namespace tine::mining {

namespace {

// Values that are very many are written dealt out by their hashes, so that each part can be counted by another
// worker.
constexpr std::size_t part_count = 64;
std::size_t part_of(std::uint64_t value) {
  return hash_value(value) >> 58;
}

struct GroupPiece {
  Piece piece;
  std::uint32_t group;
};

// Counts different values of each group in some pieces, all of one part. Where there is room, it gets the values.
void count(std::span<const GroupPiece> pieces, std::span<std::uint64_t> counts,
           std::span<std::uint64_t> room) {
  // In smaller parts, each of which fits into a core's cache.
  constexpr std::size_t buckets = 256;
  const bool one_group = counts.size() == 1;
  const auto each = [&](auto f) {
    for (const GroupPiece& p : pieces)
      for (std::uint64_t i = 0; i < p.piece.count; ++i) {
        std::uint64_t value;
        std::memcpy(&value, p.piece.at + i * sizeof value, sizeof value);
        f(p.group, value, hash_value(value) >> 50 & (buckets - 1));
      }
  };
  std::array<std::size_t, buckets + 1> next{};
  each([&](std::uint32_t, std::uint64_t, std::size_t bucket) { ++next[bucket + 1]; });
  for (std::size_t b = 0; b < buckets; ++b) next[b + 1] += next[b];
  const auto begins = next;
  std::vector<std::uint64_t> values(begins[buckets]);
  std::vector<std::uint32_t> groups(one_group ? 0 : values.size());
  each([&](std::uint32_t group, std::uint64_t value, std::size_t bucket) {
    // What the pieces say may have changed meanwhile, if something writes over them.
    const std::size_t at = next[bucket];
    if (at >= begins[bucket + 1] || group >= counts.size()) return;
    ++next[bucket];
    values[at] = value;
    if (!one_group) groups[at] = group;
  });
  // The different ones move to the front.
  std::ranges::fill(counts, 0);
  std::size_t different = 0;
  ValueSet set;
  PairSet pairs;
  for (std::size_t b = 0; b < buckets; ++b) {
    const std::size_t size = next[b] - begins[b];
    if (one_group) set.clear(size);
    if (!one_group) pairs.clear(size);
    for (std::size_t i = begins[b]; i < next[b]; ++i) {
      if (one_group ? !set.add(values[i]) : !pairs.add(groups[i], values[i])) continue;
      values[different] = values[i];
      if (!one_group) groups[different] = groups[i];
      ++different;
      ++counts[one_group ? 0 : groups[i]];
    }
  }
  if (room.size() < different) return;
  std::vector<std::size_t> to(counts.size());
  for (std::size_t g = 1; g < counts.size(); ++g) to[g] = to[g - 1] + counts[g - 1];
  for (std::size_t i = 0; i < different; ++i) room[to[one_group ? 0 : groups[i]]++] = values[i];
}

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
    if (type_ == Type::real) {
      // -0 is 0.
      const std::int64_t minus_zero = ordered(-0.0);
      for (std::int64_t& value : room_) value = value == minus_zero ? 0 : value;
    }
    // Where most values are new, to look for them takes longer than to write some twice.
    constexpr std::size_t trial = 1 << 14;
    if (tried_ >= trial && values_.size() > tried_ / 2) {
      values_.add(rows, reinterpret_cast<const std::uint64_t*>(values), arguments->nulls);
      return;
    }
    tried_ += rows.rows;
    each_value(rows, arguments->nulls, [&](std::uint32_t g, std::size_t i) {
      add(g, static_cast<std::uint64_t>(values[i]));
    });
  }
  void write(BlobWriter& to, std::span<const std::uint32_t> groups) override {
    absorb();
    values_.arrange(groups_);
    std::size_t total = 0;
    for (const std::uint32_t g : groups) total += values_.of(g).size();
    const bool in_parts = type_ != Type::text && total > (1 << 12) && total > 256 * groups.size();
    to.value(static_cast<std::uint8_t>(in_parts));
    for (const std::uint32_t g : groups) to.value(std::uint64_t{values_.of(g).size()});
    for (const std::uint32_t g : groups) {
      if (in_parts)
        write_parts(to, values_.of(g));
      else if (type_ == Type::text)
        for (const std::uint64_t text : values_.of(g)) to.text(texts_[text]);
      else
        to.bytes(values_.of(g).data(), values_.of(g).size_bytes());
    }
  }
  void merge(std::span<const std::uint32_t> groups, BlobReader& from) override {
    const bool in_parts = from.value<std::uint8_t>() != 0;
    const auto sizes = read_column<std::uint64_t>(from, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (type_ == Type::text) {
        for (std::uint64_t k = 0; k < sizes[i]; ++k) {
          const std::string_view text = from.text();
          if (!from.good()) broken_groups();
          add(groups[i], texts_.add(text));
        }
      } else if (in_parts) {
        const auto counts = read_column<std::uint32_t>(from, part_count);
        pieces_.resize(part_count);
        for (std::size_t p = 0; p < part_count; ++p) {
          const auto bytes = from.bytes(std::size_t{counts[p]} * 8);
          if (!from.good()) broken_groups();
          if (counts[p] != 0) pieces_[p].push_back({{bytes.data(), counts[p]}, groups[i]});
          outside_ = true;
        }
      } else {
        for (const std::uint64_t value : read_column<std::uint64_t>(from, sizes[i]))
          add(groups[i], value);
      }
    }
  }
  bool looks_back() const override { return outside_; }
  void compact(const PoolWith& on) override {
    if (pieces_.empty()) return;
    std::vector<std::size_t> bounds;
    auto found = count_by(on, true, bounds);
    // Room was made for as many as there could be.
    const std::uint64_t* const data = found.data();
    std::size_t total = 0;
    for (std::size_t p = 0; p < part_count; ++p)
      total += std::accumulate(data + bounds[p], data + bounds[p] + groups_, std::uint64_t{0});
    if (total > found.size()) broken_groups();
    auto exact = on.pool.array<std::uint64_t>(total);
    std::uint64_t* to = exact.data();
    for (std::size_t p = 0; p < part_count; ++p) {
      pieces_[p].clear();
      const std::uint64_t* from = data + bounds[p] + groups_;
      for (std::uint32_t g = 0; g < groups_; ++g) {
        const std::uint64_t count = data[bounds[p] + g];
        if (count == 0) continue;
        if (count > static_cast<std::size_t>(data + bounds[p + 1] - from) ||
            count > static_cast<std::size_t>(exact.end() - to))
          broken_groups();
        pieces_[p].push_back({{reinterpret_cast<const std::byte*>(to), count}, g});
        to = std::copy_n(from, count, to);
        from += count;
      }
    }
    outside_ = false;
    own_.clear();
    own_.push_back(std::move(exact));
  }
  ResultColumn finish(std::span<const std::uint32_t> groups, const PoolWith* on) override {
    ResultColumn column = missing_column(Type::integer, groups.size());
    if (on == nullptr) absorb();
    std::vector<std::uint64_t> counts(groups_);
    if (pieces_.empty()) {
      values_.arrange(groups_);
      for (std::uint32_t g = 0; g < groups_; ++g) counts[g] = values_.of(g).size();
    } else {
      std::vector<std::size_t> bounds;
      const auto found = count_by(*on, false, bounds);
      for (std::size_t p = 0; p < part_count; ++p)
        for (std::size_t g = 0; g < groups_; ++g) counts[g] += found[bounds[p] + g];
    }
    for (std::size_t i = 0; i < groups.size(); ++i) {
      column.nulls[i] = 0;
      column.integers[i] = static_cast<std::int64_t>(counts[groups[i]]);
    }
    return column;
  }
  std::size_t bytes() const override {
    std::size_t bytes = set_.bytes() + values_.bytes() + texts_.bytes();
    for (const auto& pieces : pieces_) bytes += pieces.capacity() * sizeof(GroupPiece);
    for (const auto& own : own_) bytes += own.size() * sizeof(own[0]);
    return bytes;
  }

 private:
  void add(std::uint32_t group, std::uint64_t value) {
    if (set_.add(group, value)) values_.add(group, value);
  }
  void absorb() {
    for (const auto& pieces : pieces_)
      for (const GroupPiece& p : pieces) {
        BlobReader from({p.piece.at, p.piece.count * 8});
        while (!from.empty()) add(p.group, from.value<std::uint64_t>());
      }
    pieces_.clear();
    outside_ = false;
  }

  static void write_parts(BlobWriter& to, std::span<const std::uint64_t> values) {
    std::array<std::uint32_t, part_count> counts{};
    for (const std::uint64_t value : values) ++counts[part_of(value)];
    std::array<std::size_t, part_count> next{};
    for (std::size_t p = 1; p < part_count; ++p) next[p] = next[p - 1] + counts[p - 1];
    std::vector<std::uint64_t> dealt(values.size());
    for (const std::uint64_t value : values) dealt[next[part_of(value)]++] = value;
    to.value(counts);
    write_column(to, dealt);
  }

  // Each part by one worker: counts of all groups, and if they are to be kept, the values after them.
  Array<std::uint64_t> count_by(const PoolWith& on, bool keep, std::vector<std::size_t>& bounds) {
    deal_out_own(on);
    std::vector<GroupPiece> all;
    std::vector<std::size_t> begins{0};
    bounds.assign(1, 0);
    for (const auto& pieces : pieces_) {
      all.insert(all.end(), pieces.begin(), pieces.end());
      begins.push_back(all.size());
      std::size_t size = groups_;
      if (keep)
        for (const GroupPiece& p : pieces) size += p.piece.count;
      bounds.push_back(bounds.back() + size);
    }
    const auto table = on.pool.array_from(all);
    const auto first = on.pool.array_from(begins);
    const auto cuts = on.pool.array_from(bounds);
    auto found = on.pool.array<std::uint64_t>(bounds.back());
    for_each_slice(
        on, cut(cuts),
        [groups = groups_](Slice s, std::span<std::uint64_t> to, auto table_, auto first_) {
          count(table_.subspan(first_[s.index], first_[s.index + 1] - first_[s.index]),
                to.first(groups), to.subspan(groups));
        },
        out(found), whole(table), whole(first));
    return found;
  }

  // What the master has merged itself comes into pieces, too.
  void deal_out_own(const PoolWith& on) {
    if (values_.size() == 0) return;
    values_.arrange(groups_);
    auto own = on.pool.array<std::uint64_t>(values_.size());
    std::uint64_t* at = own.data();
    for (std::uint32_t g = 0; g < groups_; ++g) {
      std::array<std::size_t, part_count> its{};
      for (const std::uint64_t value : values_.of(g)) ++its[part_of(value)];
      std::array<std::uint64_t*, part_count> to;
      for (std::size_t p = 0; p < part_count; ++p) {
        if (its[p] != 0) pieces_[p].push_back({{reinterpret_cast<std::byte*>(at), its[p]}, g});
        to[p] = at;
        at += its[p];
      }
      for (const std::uint64_t value : values_.of(g)) *to[part_of(value)]++ = value;
    }
    own_.push_back(std::move(own));
    values_ = {};
    set_ = {};
  }

  Type type_;
  std::size_t groups_ = 0;
  PairSet set_;
  ValueLists<std::uint64_t> values_;
  TextSet texts_;
  std::size_t tried_ = 0;  // rows whose values were looked for
  // Of each part, what was merged and is not looked at yet: memory of others, or our own.
  std::vector<std::vector<GroupPiece>> pieces_;
  bool outside_ = false;
  std::vector<Array<std::uint64_t>> own_;
  std::vector<std::int64_t> room_;
};

}  // namespace

std::unique_ptr<Accumulator> make_distinct(const Aggregate& aggregate) {
  return std::make_unique<Distinct>(aggregate.types[0]);
}

}  // namespace tine::mining
