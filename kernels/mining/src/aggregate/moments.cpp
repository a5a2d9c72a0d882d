// var, stddev and corr: sums of products of differences from the first values of the group. What these
// lose by rounding is in the order of what rounding the values themselves does, however far from 0 they
// are.
#include <algorithm>

#include "accumulator.hpp"
#include "columns.hpp"
#include "two_fold.hpp"

namespace tine::mining {

namespace {

template <std::size_t n>
struct Moments {
  static constexpr std::size_t products = n * (n + 1) / 2;  // xx; or xx, xy, yy
  std::uint64_t count = 0;
  double first[n] = {};
  TwoFold sums[n], squares[products];

  void add(const double (&x)[n]) {
    if (count++ == 0) std::ranges::copy(x, first);
    double d[n];
    for (std::size_t a = 0; a < n; ++a) accumulate(sums[a], d[a] = x[a] - first[a]);
    for (std::size_t a = 0, p = 0; a < n; ++a)
      for (std::size_t b = a; b < n; ++b) accumulate(squares[p++], two_product(d[a], d[b]));
  }
  // Of rows that are all there.
  void add_all(std::size_t rows, const double* const (&values)[n]) {
    Moments all;
    all.count = rows;
    for (std::size_t a = 0; a < n; ++a) all.first[a] = values[a][0];
    for (std::size_t a = 0, p = 0; a < n; ++a) {
      const double *const x = values[a], x0 = x[0];
      Lanes sum;
      sum.add(rows, [=](std::size_t i) { return x[i] - x0; });
      all.sums[a] = sum.sum();
      for (std::size_t b = a; b < n; ++b) {
        const double *const y = values[b], y0 = y[0];
        Lanes square;
        square.add(rows, [=](std::size_t i) { return two_product(x[i] - x0, y[i] - y0); });
        all.squares[p++] = square.sum();
      }
    }
    merge(all);
  }
  void normalise() {
    for (TwoFold& s : sums) s = normalised(s);
    for (TwoFold& s : squares) s = normalised(s);
  }
  // The other one's differences become those from our first values. What is the first stays as it is: to write it
  // and to go on from there later changes no bit.
  void merge(Moments other) {
    if (other.count == 0) return;
    if (count == 0) {
      *this = other;
      return;
    }
    normalise();
    other.normalise();
    const TwoFold many{static_cast<double>(other.count), 0};
    TwoFold shift[n];
    for (std::size_t a = 0; a < n; ++a) shift[a] = two_sum(other.first[a], -first[a]);
    for (std::size_t a = 0, p = 0; a < n; ++a)
      for (std::size_t b = a; b < n; ++b, ++p)
        squares[p] =
            squares[p] + (other.squares[p] + (shift[a] * other.sums[b] + shift[b] * other.sums[a] +
                                              many * (shift[a] * shift[b])));
    for (std::size_t a = 0; a < n; ++a) sums[a] = sums[a] + (other.sums[a] + many * shift[a]);
    count += other.count;
  }
  // Sum of the products of the differences from the means.
  double centred(std::size_t a, std::size_t b, std::size_t p) const {
    for (const std::size_t i : {a, b})
      if (!std::isfinite(sums[i].high)) return std::numeric_limits<double>::quiet_NaN();
    return (squares[p] - sums[a] * sums[b] / static_cast<double>(count)).high;
  }
};

template <std::size_t n>
class MomentsOfGroups final : public Accumulator {
 public:
  explicit MomentsOfGroups(AggregateKind kind) : kind_(kind) {}

  void grow(std::size_t groups) override { moments_.resize(groups); }
  void add(const GroupedRows& rows, const Vector* arguments) override {
    const double* values[n];
    for (std::size_t a = 0; a < n; ++a) values[a] = as_reals(arguments[a], rows.rows, room_[a]);
    const auto add_row = [&](std::uint32_t g, std::size_t i) {
      double x[n];
      for (std::size_t a = 0; a < n; ++a) x[a] = values[a][i];
      moments_[g].add(x);
    };
    bool all = rows.groups == nullptr;
    for (std::size_t a = 0; a < n; ++a) all &= arguments[a].nulls == nullptr;
    if (all) {
      moments_[0].add_all(rows.rows, values);
    } else if constexpr (n == 1) {
      each_value(rows, arguments[0].nulls, add_row);
    } else {
      // Pairs of which one is missing are left out.
      for (std::size_t i = 0; i < rows.rows; ++i)
        if (!arguments[0].is_null(i) && !arguments[1].is_null(i)) add_row(rows.group(i), i);
    }
  }
  void write(BlobWriter& to, std::span<const std::uint32_t> groups) override {
    write_some(to, moments_, groups);
  }
  void merge(std::span<const std::uint32_t> groups, BlobReader& from) override {
    const auto moments = read_column<Moments<n>>(from, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) moments_[groups[i]].merge(moments[i]);
  }
  ResultColumn finish(std::span<const std::uint32_t> groups, const PoolWith*) override {
    ResultColumn column = missing_column(Type::real, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      Moments<n> m = moments_[groups[i]];
      if (m.count < 2) continue;
      m.normalise();
      column.nulls[i] = 0;
      if constexpr (n == 1) {
        const double squares = m.centred(0, 0, 0);
        const double variance = std::isnan(squares)
                                    ? squares
                                    : std::max(squares, 0.0) / static_cast<double>(m.count - 1);
        column.reals[i] = kind_ == AggregateKind::stddev ? std::sqrt(variance) : variance;
      } else {
        const double xx = m.centred(0, 0, 0), xy = m.centred(0, 1, 1), yy = m.centred(1, 1, 2);
        const double r = xy / (std::sqrt(xx) * std::sqrt(yy));
        column.reals[i] = std::isnan(r) ? r : std::clamp(r, -1.0, 1.0);
      }
    }
    return column;
  }
  std::size_t bytes() const override { return moments_.capacity() * sizeof(moments_[0]); }

 private:
  AggregateKind kind_;
  std::vector<Moments<n>> moments_;
  std::vector<double> room_[n];
};

}  // namespace

std::unique_ptr<Accumulator> make_moments(const Aggregate& aggregate) {
  if (aggregate.kind == AggregateKind::correlation)
    return std::make_unique<MomentsOfGroups<2>>(aggregate.kind);
  return std::make_unique<MomentsOfGroups<1>>(aggregate.kind);
}

}  // namespace tine::mining
