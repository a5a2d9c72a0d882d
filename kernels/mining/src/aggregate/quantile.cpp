// Quantiles: all values are kept.
#include <algorithm>

#include "accumulator.hpp"
#include "columns.hpp"
#include "value_lists.hpp"

namespace tine::mining {

namespace {

// A part of the way from a to b, in the way of numpy.
double interpolate(double a, double b, double part) {
  if (a == b) return a;  // infinite ones, too
  return part < 0.5 ? a + (b - a) * part : b - (b - a) * (1 - part);
}

// Linear between the two values around the place (n - 1) * fraction, NaN last. Changes their order.
double quantile(std::span<double> values, double fraction) {
  const double place = static_cast<double>(values.size() - 1) * fraction;
  const auto below = static_cast<std::size_t>(place);
  const auto less = [](double a, double b) { return ordered(a) < ordered(b); };
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(values.begin(), nth, values.end(), less);
  const double part = place - static_cast<double>(below);
  if (part == 0 || nth + 1 == values.end()) return *nth;
  return interpolate(*nth, *std::min_element(nth + 1, values.end(), less), part);
}

class Quantile final : public Accumulator {
 public:
  explicit Quantile(double fraction) : fraction_(fraction) {}

  void grow(std::size_t groups) override { groups_ = groups; }
  void add(const GroupedRows& rows, const Vector* arguments) override {
    const double* values = as_reals(*arguments, rows.rows, room_);
    each_value(rows, arguments->nulls,
               [&](std::uint32_t g, std::size_t i) { values_.add(g, values[i]); });
  }
  void write(BlobWriter& to, std::span<const std::uint32_t> groups) override {
    values_.arrange(groups_);
    for (const std::uint32_t g : groups) to.value(std::uint64_t{values_.of(g).size()});
    for (const std::uint32_t g : groups) to.bytes(values_.of(g).data(), values_.of(g).size_bytes());
  }
  void merge(std::span<const std::uint32_t> groups, BlobReader& from) override {
    const auto sizes = read_column<std::uint64_t>(from, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i)
      for (const double value : read_column<double>(from, sizes[i])) values_.add(groups[i], value);
  }
  ResultColumn finish(std::span<const std::uint32_t> groups) override {
    ResultColumn column = missing_column(Type::real, groups.size());
    values_.arrange(groups_);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const std::span<double> values = values_.of(groups[i]);
      if (values.empty()) continue;
      column.nulls[i] = 0;
      column.reals[i] = quantile(values, fraction_);
    }
    return column;
  }
  std::size_t bytes() const override { return values_.bytes(); }

 private:
  double fraction_;
  std::size_t groups_ = 0;
  ValueLists<double> values_;
  std::vector<double> room_;
};

}  // namespace

std::unique_ptr<Accumulator> make_quantile(const Aggregate& aggregate) {
  return std::make_unique<Quantile>(aggregate.fraction);
}

}  // namespace tine::mining
