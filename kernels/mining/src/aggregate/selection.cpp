#include "selection.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <vector>

#include <tine/for_each_slice.hpp>

#include "columns.hpp"

namespace tine::mining {

namespace {

constexpr std::uint64_t digits = 16;  // bits that are counted at a time
constexpr std::uint64_t few = std::uint64_t{1} << 20;
constexpr std::size_t most_slices = 32;
constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();

// Unsigned numbers in the same order.
std::uint64_t biased(std::int64_t x) {
  return static_cast<std::uint64_t>(x) ^ std::uint64_t{1} << 63;
}
std::int64_t unbiased(std::uint64_t x) {
  return static_cast<std::int64_t>(x ^ std::uint64_t{1} << 63);
}

template <class F>
void each(const Piece& piece, F f) {
  for (std::uint64_t i = 0; i < piece.count; ++i) {
    std::int64_t value;
    std::memcpy(&value, piece.at + i * sizeof value, sizeof value);
    f(biased(value));
  }
}

// Those that begin with the digits that are known.
struct Prefix {
  std::uint64_t value = 0;
  unsigned shift = 64;  // bits that follow
  bool matches(std::uint64_t x) const { return shift == 64 || x >> shift == value; }
  bool precedes(std::uint64_t x) const { return shift != 64 && x >> shift > value; }
};

// Pieces of about the same sizes, as many as there are slices, cut by sizes alone.
std::vector<std::vector<Piece>> cut_pieces(std::span<const Piece> pieces) {
  std::uint64_t total = 0;
  for (const Piece& p : pieces) total += p.count;
  const std::uint64_t each_count = std::max<std::uint64_t>(1 << 16, total / most_slices + 1);
  std::vector<std::vector<Piece>> slices(1);
  std::uint64_t room = each_count;
  for (Piece p : pieces)
    while (p.count != 0) {
      if (room == 0) {
        slices.emplace_back();
        room = each_count;
      }
      const std::uint64_t count = std::min(room, p.count);
      slices.back().push_back({p.at, count});
      p = {p.at + count * sizeof(std::int64_t), p.count - count};
      room -= count;
    }
  return slices;
}

// The smallest but `rank`, and the next one or what is above all of them.
TwoValues choose(std::vector<std::uint64_t>& values, std::uint64_t rank, std::uint64_t above) {
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values.begin(), nth, values.end());
  const auto next = std::min_element(nth + 1, values.end());
  return {unbiased(*nth), unbiased(next != values.end() ? *next : above)};
}

}  // namespace

TwoValues select(std::span<const Piece> pieces, std::uint64_t rank) {
  std::uint64_t count = 0;
  for (const Piece& p : pieces) count += p.count;
  std::vector<std::uint64_t> values;
  values.reserve(count);
  for (const Piece& p : pieces) each(p, [&](std::uint64_t x) { values.push_back(x); });
  const bool last = rank + 1 == values.size();
  TwoValues two = choose(values, rank, 0);
  if (last) two.second = two.first;
  return two;
}

TwoValues select(const PoolWith& on, std::span<const Piece> pieces, std::uint64_t rank) {
  std::uint64_t total = 0;
  for (const Piece& p : pieces) total += p.count;
  const bool last = rank + 1 == total;
  const auto cut_up = cut_pieces(pieces);
  const std::size_t slice_count = cut_up.size();
  std::vector<Piece> all;
  std::vector<std::size_t> first{0};
  for (const auto& slice : cut_up) {
    all.insert(all.end(), slice.begin(), slice.end());
    first.push_back(all.size());
  }
  const auto table = on.pool.array_from(all);
  const auto begins = on.pool.array_from(first);
  auto counts = on.pool.array<std::uint32_t>(slice_count, std::size_t{1} << digits);

  Prefix prefix;
  std::uint64_t left = total;
  std::vector<std::uint64_t> of_slice(slice_count);  // of those that are left
  while (prefix.shift != 0 && (left > few || prefix.shift == 64)) {
    const unsigned shift = prefix.shift - digits;
    for_each_slice(
        on, slices(slice_count, 1),
        [=](Slice s, auto counted, auto table_, auto begins_) {
          std::uint32_t* const count = counted.data();
          std::fill_n(count, std::size_t{1} << digits, 0u);
          for (std::size_t i = begins_[s.index]; i < begins_[s.index + 1]; ++i)
            each(table_[i], [=](std::uint64_t x) {
              if (prefix.matches(x)) ++count[x >> shift & ((1 << digits) - 1)];
            });
        },
        out(counts), whole(table), whole(begins));
    std::uint64_t digit = 0, before = 0;
    for (;; ++digit) {
      if (digit >> digits != 0) broken_groups();
      left = 0;
      for (std::size_t s = 0; s < slice_count; ++s) left += of_slice[s] = counts(s, digit);
      if (before + left > rank) break;
      before += left;
    }
    rank -= before;
    prefix = {prefix.shift == 64 ? digit : prefix.value << digits | digit, shift};
  }

  // Those that are left, and the next above them. Where all digits are known they are all the same.
  const bool same = prefix.shift == 0;
  auto bounds = on.pool.array<std::size_t>(slice_count + 1);
  for (std::size_t s = 0; s < slice_count; ++s)
    bounds[s + 1] = bounds[s] + 1 + (same ? 0 : of_slice[s]);
  auto found = on.pool.array<std::uint64_t>(bounds[slice_count]);
  for_each_slice(
      on, cut(bounds),
      [=](Slice s, std::span<std::uint64_t> to, auto table_, auto begins_) {
        std::uint64_t above = largest;
        std::size_t used = 1;
        for (std::size_t i = begins_[s.index]; i < begins_[s.index + 1]; ++i)
          each(table_[i], [&](std::uint64_t x) {
            if (prefix.precedes(x)) above = std::min(above, x);
            if (prefix.matches(x) && used < to.size()) to[used++] = x;
          });
        to[0] = above;
      },
      out(found), whole(table), whole(begins));
  std::uint64_t above = largest;
  std::vector<std::uint64_t> values;
  for (std::size_t s = 0; s < slice_count; ++s) {
    above = std::min(above, found[bounds[s]]);
    values.insert(values.end(), found.data() + bounds[s] + 1, found.data() + bounds[s + 1]);
  }
  TwoValues two;
  if (same)
    two = {unbiased(prefix.value), unbiased(rank + 1 < left ? prefix.value : above)};
  else
    two = choose(values, rank, above);
  if (last) two.second = two.first;
  return two;
}

}  // namespace tine::mining
