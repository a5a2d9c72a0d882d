// count, sum and mean.
#include <limits>

#include "accumulator.hpp"
#include "columns.hpp"
#include "presence.hpp"
#include "two_fold.hpp"

namespace tine::mining {

namespace {

__extension__ using Integer = __int128;

TwoFold two_fold(Integer x) {
  const auto high = static_cast<double>(x);
  return {high, static_cast<double>(x - static_cast<Integer>(high))};
}

class Count final : public Accumulator {
 public:
  void grow(std::size_t groups) override { counts_.resize(groups); }
  void add(const GroupedRows& rows, const Vector* arguments) override {
    const std::uint8_t* nulls = arguments == nullptr ? nullptr : arguments->nulls;
    if (rows.groups == nullptr) {
      std::size_t missing = 0;
      if (nulls != nullptr)
        for (std::size_t i = 0; i < rows.rows; ++i) missing += nulls[i] != 0;
      counts_[0] += static_cast<std::int64_t>(rows.rows - missing);
      return;
    }
    each_value(rows, nulls, [&](std::uint32_t g, std::size_t) { ++counts_[g]; });
  }
  void write(BlobWriter& to, std::span<const std::uint32_t> groups) override {
    write_some(to, counts_, groups);
  }
  void merge(std::span<const std::uint32_t> groups, BlobReader& from) override {
    const auto counts = read_column<std::uint64_t>(from, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i)
      counts_[groups[i]] =
          static_cast<std::int64_t>(static_cast<std::uint64_t>(counts_[groups[i]]) + counts[i]);
  }
  ResultColumn finish(std::span<const std::uint32_t> groups, const PoolWith*) override {
    ResultColumn column = missing_column(Type::integer, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      column.integers[i] = counts_[groups[i]];
      column.nulls[i] = 0;
    }
    return column;
  }
  std::int64_t operator[](std::uint32_t group) const { return counts_[group]; }
  std::size_t bytes() const override { return counts_.capacity() * sizeof(counts_[0]); }

 private:
  std::vector<std::int64_t> counts_;
};

// How the terms of one kind are summed up.
struct RealSum {
  using State = TwoFold;
  static constexpr Type type = Type::real;
  static void add(State& s, double x) { accumulate(s, x); }
  static void add_all(State& s, std::size_t rows, const double* values, const std::uint8_t* nulls) {
    Lanes lanes;
    lanes.add(rows,
              [&](std::size_t i) { return nulls != nullptr && nulls[i] != 0 ? 0.0 : values[i]; });
    merge(s, lanes.sum());
  }
  // What is the first stays as it is: to write a sum and to go on from there later changes no bit.
  static void merge(State& s, const State& x) {
    s = s.high == 0 && s.low == 0 ? x : normalised(s) + normalised(x);
  }
  static TwoFold value(const State& s) { return normalised(s); }
};
struct IntegerSum {
  using State = Integer;
  static constexpr Type type = Type::integer;
  static void add(State& s, std::int64_t x) { s += x; }
  static void add_all(State& s, std::size_t rows, const std::int64_t* values,
                      const std::uint8_t* nulls) {
    for (std::size_t i = 0; i < rows; ++i) s += nulls != nullptr && nulls[i] != 0 ? 0 : values[i];
  }
  static void merge(State& s, const State& x) {
    // Unsigned: what comes from a worker may be anything.
    __extension__ using Bits = unsigned __int128;
    s = static_cast<State>(static_cast<Bits>(s) + static_cast<Bits>(x));
  }
  static TwoFold value(const State& s) { return two_fold(s); }
};

template <class Kind>
class Sums {
 public:
  void grow(std::size_t groups) { sums_.resize(groups); }
  void add(const GroupedRows& rows, const Vector& v) {
    const auto* const values = [&] {
      if constexpr (Kind::type == Type::real)
        return v.as<double>();
      else
        return as_integers(v, rows.rows, room_);
    }();
    if (rows.groups == nullptr) return Kind::add_all(sums_[0], rows.rows, values, v.nulls);
    auto* const sums = sums_.data();
    std::size_t i = 0;
    if constexpr (Kind::type == Type::real) {
      // Two rows at a time, in the order of rows all the same.
      if (v.nulls == nullptr)
        for (; i + 2 <= rows.rows; i += 2) {
          const std::uint32_t g = rows.groups[i], h = rows.groups[i + 1];
          if (g != h) {
            accumulate(sums[g], sums[h], values + i);
          } else {
            accumulate(sums[g], values[i]);
            accumulate(sums[g], values[i + 1]);
          }
        }
    }
    for (; i < rows.rows; ++i)
      if (!v.is_null(i)) Kind::add(sums[rows.groups[i]], values[i]);
  }
  void write(BlobWriter& to, std::span<const std::uint32_t> groups) const {
    write_some(to, sums_, groups);
  }
  void merge(std::span<const std::uint32_t> groups, BlobReader& from) {
    const auto sums = read_column<State>(from, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) Kind::merge(sums_[groups[i]], sums[i]);
  }
  const auto& operator[](std::uint32_t group) const { return sums_[group]; }
  std::size_t bytes() const { return sums_.capacity() * sizeof(State); }

 private:
  using State = typename Kind::State;
  std::vector<State> sums_;
  std::vector<std::int64_t> room_;
};

template <class Kind>
class Sum final : public Accumulator {
 public:
  void grow(std::size_t groups) override {
    sums_.grow(groups);
    present_.grow(groups);
  }
  void add(const GroupedRows& rows, const Vector* arguments) override {
    sums_.add(rows, *arguments);
    present_.mark(rows, arguments->nulls);
  }
  void write(BlobWriter& to, std::span<const std::uint32_t> groups) override {
    sums_.write(to, groups);
    present_.write(to, groups);
  }
  void merge(std::span<const std::uint32_t> groups, BlobReader& from) override {
    sums_.merge(groups, from);
    const auto present = read_column<std::uint8_t>(from, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i)
      if (present[i] != 0) present_.mark(groups[i]);
  }
  ResultColumn finish(std::span<const std::uint32_t> groups, const PoolWith*) override {
    ResultColumn column = missing_column(Kind::type, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (!present_[groups[i]]) continue;
      column.nulls[i] = 0;
      const auto& sum = sums_[groups[i]];
      if constexpr (Kind::type == Type::real) {
        column.reals[i] = Kind::value(sum).high;
      } else {
        if (sum < std::numeric_limits<std::int64_t>::min() ||
            sum > std::numeric_limits<std::int64_t>::max())
          throw Error(
              "tine: a sum of integers is beyond 64 bits; sum(float(x)) adds them as "
              "reals");
        column.integers[i] = static_cast<std::int64_t>(sum);
      }
    }
    return column;
  }
  std::size_t bytes() const override { return sums_.bytes() + present_.bytes(); }

 private:
  Sums<Kind> sums_;
  Presence present_;
};

template <class Kind>
class Mean final : public Accumulator {
 public:
  void grow(std::size_t groups) override {
    sums_.grow(groups);
    counts_.grow(groups);
  }
  void add(const GroupedRows& rows, const Vector* arguments) override {
    sums_.add(rows, *arguments);
    counts_.add(rows, arguments);
  }
  void write(BlobWriter& to, std::span<const std::uint32_t> groups) override {
    sums_.write(to, groups);
    counts_.write(to, groups);
  }
  void merge(std::span<const std::uint32_t> groups, BlobReader& from) override {
    sums_.merge(groups, from);
    counts_.merge(groups, from);
  }
  ResultColumn finish(std::span<const std::uint32_t> groups, const PoolWith*) override {
    ResultColumn column = missing_column(Type::real, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const auto count = static_cast<double>(counts_[groups[i]]);
      if (count == 0) continue;
      column.nulls[i] = 0;
      column.reals[i] = (Kind::value(sums_[groups[i]]) / count).high;
    }
    return column;
  }
  std::size_t bytes() const override { return sums_.bytes() + counts_.bytes(); }

 private:
  Sums<Kind> sums_;
  Count counts_;
};

}  // namespace

std::unique_ptr<Accumulator> make_sum(const Aggregate& aggregate) {
  if (aggregate.kind == AggregateKind::count) return std::make_unique<Count>();
  const bool real = aggregate.types[0] == Type::real;
  if (aggregate.kind == AggregateKind::sum) {
    if (real) return std::make_unique<Sum<RealSum>>();
    return std::make_unique<Sum<IntegerSum>>();
  }
  if (real) return std::make_unique<Mean<RealSum>>();
  return std::make_unique<Mean<IntegerSum>>();
}

}  // namespace tine::mining
