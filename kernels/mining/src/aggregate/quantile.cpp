// Quantiles: all values are kept.
#include <algorithm>

#include <tine/for_each_slice.hpp>

#include "accumulator.hpp"
#include "columns.hpp"
#include "selection.hpp"
#include "value_lists.hpp"

namespace tine::mining {

namespace {

// Where a quantile lies among so many values: a part of the way from one to the next.
struct Place {
  std::uint64_t rank;
  double part;
};
Place place_of(std::uint64_t count, double fraction) {
  const double place = static_cast<double>(count - 1) * fraction;
  const std::uint64_t rank = std::min(static_cast<std::uint64_t>(place), count - 1);
  return {rank, place - static_cast<double>(rank)};
}

// In the way of numpy. NaN is the last of all.
double interpolate(const TwoValues& values, double part) {
  const double a = from_ordered(values.first), b = from_ordered(values.second);
  if (a == b || part == 0) return a;  // infinite ones, too
  return part < 0.5 ? a + (b - a) * part : b - (b - a) * (1 - part);
}

std::uint64_t count_of(std::span<const Piece> pieces) {
  std::uint64_t count = 0;
  for (const Piece& p : pieces) count += p.count;
  return count;
}

class Quantile final : public Accumulator {
 public:
  explicit Quantile(double fraction) : fraction_(fraction) {}

  void grow(std::size_t groups) override { groups_ = groups; }
  void add(const GroupedRows& rows, const Vector* arguments) override {
    const double* reals = as_reals(*arguments, rows.rows, reals_);
    room_.resize(rows.rows);
    for (std::size_t i = 0; i < rows.rows; ++i) room_[i] = ordered(reals[i]);
    values_.add(rows, room_.data(), arguments->nulls);
  }
  void write(BlobWriter& to, std::span<const std::uint32_t> groups) override {
    arrange();
    for (const std::uint32_t g : groups) to.value(count_of(pieces_.of(g)));
    for (const std::uint32_t g : groups)
      for (const Piece& p : pieces_.of(g)) to.bytes(p.at, p.count * sizeof(std::int64_t));
  }
  void merge(std::span<const std::uint32_t> groups, BlobReader& from) override {
    const auto counts = read_column<std::uint64_t>(from, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (counts[i] == 0) continue;
      if (counts[i] > std::numeric_limits<std::size_t>::max() / 8) broken_groups();
      const auto bytes = from.bytes(counts[i] * 8);
      if (!from.good()) broken_groups();
      pieces_.add(groups[i], {bytes.data(), counts[i]});
    }
  }
  bool looks_back() const override { return pieces_.size() != 0; }
  ResultColumn finish(std::span<const std::uint32_t> groups, const PoolWith* on) override {
    arrange();
    ResultColumn column = missing_column(Type::real, groups.size());
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const std::uint64_t count = count_of(pieces_.of(groups[i]));
      column.nulls[i] = count == 0;
      total += count;
    }
    constexpr std::uint64_t few = std::uint64_t{1} << 16;
    if (on == nullptr || total < few) {
      for (std::size_t i = 0; i < groups.size(); ++i) {
        const std::span<const Piece> pieces = pieces_.of(groups[i]);
        if (pieces.empty()) continue;
        const Place place = place_of(count_of(pieces), fraction_);
        column.reals[i] = interpolate(select(pieces, place.rank), place.part);
      }
      return column;
    }
    in_parallel(*on, groups, column);
    return column;
  }
  std::size_t bytes() const override {
    std::size_t bytes = values_.bytes() + pieces_.bytes();
    for (const auto& own : own_) bytes += own.bytes();
    return bytes;
  }

 private:
  // All values are in pieces, those of a group together.
  void arrange() {
    if (values_.size() != 0) {
      values_.arrange(groups_);
      for (std::uint32_t g = 0; g < groups_; ++g)
        if (const auto values = values_.of(g); !values.empty())
          pieces_.add(g, {reinterpret_cast<const std::byte*>(values.data()), values.size()});
      own_.push_back(std::exchange(values_, {}));
    }
    pieces_.arrange(groups_);
  }

  // Large groups by all workers together, one after another; the others each by one.
  void in_parallel(const PoolWith& on, std::span<const std::uint32_t> groups,
                   ResultColumn& column) {
    constexpr std::uint64_t large = std::uint64_t{1} << 20, of_a_slice = std::uint64_t{1} << 18;
    std::vector<Piece> pieces;
    std::vector<std::size_t> begins{0}, bounds{0};
    std::uint64_t count_in_slice = 0;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const std::span<const Piece> its = pieces_.of(groups[i]);
      const std::uint64_t count = count_of(its);
      if (count > large) {
        const Place place = place_of(count, fraction_);
        column.reals[i] = interpolate(select(on, its, place.rank), place.part);
      } else {
        pieces.insert(pieces.end(), its.begin(), its.end());
        count_in_slice += count;
      }
      begins.push_back(pieces.size());
      if (count_in_slice >= of_a_slice || i + 1 == groups.size()) {
        bounds.push_back(i + 1);
        count_in_slice = 0;
      }
    }
    if (pieces.empty()) return;
    const auto table = on.pool.array_from(pieces);
    const auto first = on.pool.array_from(begins);
    const auto cuts = on.pool.array_from(bounds);
    auto results = on.pool.array<double>(groups.size());
    for_each_slice(
        on, cut(cuts),
        [fraction = fraction_](Slice s, std::span<double> result, auto table_, auto first_) {
          for (std::size_t i = 0; i < result.size(); ++i) {
            const std::size_t at = first_[s.begin + i], end = first_[s.begin + i + 1];
            if (at == end) continue;
            const auto its = table_.subspan(at, end - at);
            const Place place = place_of(count_of(its), fraction);
            result[i] = interpolate(select(its, place.rank), place.part);
          }
        },
        out(results), whole(table), whole(first));
    for (std::size_t i = 0; i < groups.size(); ++i)
      if (begins[i] != begins[i + 1]) column.reals[i] = results[i];
  }

  double fraction_;
  std::size_t groups_ = 0;
  ValueLists<std::int64_t> values_;            // of rows: as integers in their order
  std::vector<ValueLists<std::int64_t>> own_;  // of rows that are in pieces
  ValueLists<Piece> pieces_;
  std::vector<double> reals_;
  std::vector<std::int64_t> room_;
};

}  // namespace

std::unique_ptr<Accumulator> make_quantile(const Aggregate& aggregate) {
  return std::make_unique<Quantile>(aggregate.fraction);
}

}  // namespace tine::mining
