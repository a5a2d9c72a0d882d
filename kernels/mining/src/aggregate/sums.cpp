// count, sum and mean.
#include <limits>

#include "accumulator.hpp"
#include "columns.hpp"
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
    if (nulls == nullptr && rows.groups == nullptr) {
      counts_[0] += static_cast<std::int64_t>(rows.rows);
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
  ResultColumn finish(std::span<const std::uint32_t> groups) override {
    ResultColumn column = missing_column(Type::integer, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      column.integers[i] = counts_[groups[i]];
      column.nulls[i] = 0;
    }
    return column;
  }
  std::size_t bytes() const override { return counts_.capacity() * sizeof(counts_[0]); }

 private:
  std::vector<std::int64_t> counts_;
};

// How the terms of one kind are summed up.
struct RealSum {
  using State = TwoFold;
  static constexpr Type type = Type::real;
  static void add(State& s, double x) { accumulate(s, x); }
  static void merge(State& s, const State& x) { s = s + normalised(x); }
  static State at_rest(const State& s) { return normalised(s); }
  static TwoFold value(const State& s) { return normalised(s); }
};
struct IntegerSum {
  using State = Integer;
  static constexpr Type type = Type::integer;
  static void add(State& s, std::int64_t x) { s += x; }
  static void merge(State& s, const State& x) {
    // Unsigned: what comes from a worker may be anything.
    __extension__ using Bits = unsigned __int128;
    s = static_cast<State>(static_cast<Bits>(s) + static_cast<Bits>(x));
  }
  static State at_rest(const State& s) { return s; }
  static TwoFold value(const State& s) { return two_fold(s); }
};

template <class Kind>
class Sum final : public Accumulator {
 public:
  explicit Sum(bool mean) : mean_(mean) {}

  void grow(std::size_t groups) override {
    sums_.resize(groups);
    counts_.resize(groups);
  }
  void add(const GroupedRows& rows, const Vector* arguments) override {
    const auto* values = [&] {
      if constexpr (Kind::type == Type::real)
        return arguments->as<double>();
      else
        return as_integers(*arguments, rows.rows, room_);
    }();
    each_value(rows, arguments->nulls, [&](std::uint32_t g, std::size_t i) {
      Kind::add(sums_[g], values[i]);
      ++counts_[g];
    });
  }
  void write(BlobWriter& to, std::span<const std::uint32_t> groups) override {
    write_some(to, counts_, groups);
    for (const std::uint32_t g : groups) to.value(Kind::at_rest(sums_[g]));
  }
  void merge(std::span<const std::uint32_t> groups, BlobReader& from) override {
    const auto counts = read_column<std::uint64_t>(from, groups.size());
    const auto sums = read_column<typename Kind::State>(from, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      counts_[groups[i]] += counts[i];
      Kind::merge(sums_[groups[i]], sums[i]);
    }
  }
  ResultColumn finish(std::span<const std::uint32_t> groups) override {
    ResultColumn column = missing_column(mean_ ? Type::real : Kind::type, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const std::uint64_t count = counts_[groups[i]];
      if (count == 0) continue;
      column.nulls[i] = 0;
      const auto& sum = sums_[groups[i]];
      if (mean_) {
        column.reals[i] = (Kind::value(sum) / static_cast<double>(count)).high;
      } else if constexpr (Kind::type == Type::real) {
        column.reals[i] = Kind::value(sum).high;
      } else {
        if (sum < std::numeric_limits<std::int64_t>::min() ||
            sum > std::numeric_limits<std::int64_t>::max())
          throw Error(
              "tine::mining: a sum of integers is beyond 64 bits; sum(float(x)) adds them as "
              "reals");
        column.integers[i] = static_cast<std::int64_t>(sum);
      }
    }
    return column;
  }
  std::size_t bytes() const override {
    return sums_.capacity() * sizeof(sums_[0]) + counts_.capacity() * sizeof(counts_[0]);
  }

 private:
  bool mean_;
  std::vector<typename Kind::State> sums_;
  std::vector<std::uint64_t> counts_;
  std::vector<std::int64_t> room_;
};

}  // namespace

std::unique_ptr<Accumulator> make_sum(const Aggregate& aggregate) {
  if (aggregate.kind == AggregateKind::count) return std::make_unique<Count>();
  const bool mean = aggregate.kind == AggregateKind::mean;
  if (aggregate.types[0] == Type::real) return std::make_unique<Sum<RealSum>>(mean);
  return std::make_unique<Sum<IntegerSum>>(mean);
}

}  // namespace tine::mining
