// The bins that numbers and times fall into.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include <tine/error.hpp>

#include "../calendar.hpp"
#include "bins.hpp"
#include "overflow.hpp"

namespace tine::mining {

namespace {

using Int = std::int64_t;

double number(Int n) {
  return static_cast<double>(n);
}

// x modulo y, which is positive, with the sign of y.
constexpr Int floored_rest(Int x, Int y) {
  const Int rest = x % y;
  return rest < 0 ? rest + y : rest;
}

void bin_integers(Call& call) {
  const Argument &x = call.arguments[0], &width = call.arguments[1];
  for (std::size_t i = 0; i < call.rows; ++i) {
    const Int a = x.at<Int>(i), w = width.at<Int>(i);
    Int& r = call.result<Int>()[i] = 0;
    if (w <= 0)
      call.own_nulls()[i] = 1;
    else if (__builtin_sub_overflow(a, floored_rest(a, w), &r) && !call.is_null(i))
      throw_overflow("bin", a, w);
  }
}

/// Multiples of a width. One of a few decimal digits stands for the decimal number: 0.1 is 1 / 10, so
/// that the third edge is the 0.3 that people write, and not 3 * 0.1, which is more.
class Multiples {
 public:
  explicit Multiples(double width) : width_(width) {
    for (double power = 1; power <= 1e15; power *= 10) {
      const double n = std::rint(width * power);
      if (!(n < 0x1p53)) break;
      if (n > 0 && n / power == width) {
        numerator_ = n;
        denominator_ = power;
        return;
      }
    }
    numerator_ = width;
  }
  bool positive() const { return width_ > 0; }
  double edge(double n) const { return n * numerator_ / denominator_; }
  double operator()(double x) const {
    double n = std::floor(x / width_);
    // Beyond, neighbours lie further apart than the edges.
    if (!(std::fabs(n) < 0x1p53)) return x;
    if (edge(n + 1) <= x) n += 1;
    if (edge(n) > x) n -= 1;
    return edge(n) + 0.0;  // not -0
  }

 private:
  double width_, numerator_ = 0, denominator_ = 1;
};
void bin_reals(Call& call) {
  const Argument &x = call.arguments[0], &width = call.arguments[1];
  Multiples multiples(width.at<double>(0));
  for (std::size_t i = 0; i < call.rows; ++i) {
    if (!width.constant) multiples = Multiples(width.at<double>(i));
    if (!multiples.positive()) call.own_nulls()[i] = 1;
    call.result<double>()[i] = multiples(x.at<double>(i));
  }
}

[[noreturn]] void throw_out_of_range(Int t) {
  throw Error(datetime_text(t) + ": its bin begins before any datetime");
}

// The first day of the bin of a day.
Int first_day(Int days, Int months) {
  const CivilDate date = civil_date(days);
  const Int month = date.year * 12 + static_cast<Int>(date.month) - 1;
  const Int first = month - floored_rest(month, months);
  const Int in_year = floored_rest(first, 12);
  return days_before((first - in_year) / 12, static_cast<unsigned>(in_year) + 1);
}

// How many months or microseconds a bin has. Programs that were written over may say anything.
Int length(const Argument& argument, std::size_t i, Int most) {
  return std::clamp(argument.at<Int>(i), Int{1}, most);
}
constexpr Int most_months = Int{1} << 30, most_microseconds = Int{1} << 60;

void bin_dates_by_months(Call& call) {
  const Argument &d = call.arguments[0], &months = call.arguments[1];
  for (std::size_t i = 0; i < call.rows; ++i)
    call.result<Int>()[i] = first_day(d.at<Int>(i), length(months, i, most_months));
}
void bin_times_by_months(Call& call) {
  const Argument &t = call.arguments[0], &months = call.arguments[1];
  for (std::size_t i = 0; i < call.rows; ++i) {
    const Int days = first_day(day_of(t.at<Int>(i)), length(months, i, most_months));
    if (__builtin_mul_overflow(days, microseconds_per_day, call.result<Int>() + i) &&
        !call.is_null(i))
      throw_out_of_range(t.at<Int>(i));
  }
}
/// Of days or microseconds.
void bin_evenly(Call& call) {
  const Argument &t = call.arguments[0], &width = call.arguments[1], &origin = call.arguments[2];
  for (std::size_t i = 0; i < call.rows; ++i) {
    const Int w = length(width, i, most_microseconds);
    const Int rest =
        floored_rest(floored_rest(t.at<Int>(i), w) - floored_rest(origin.at<Int>(i), w), w);
    if (__builtin_sub_overflow(t.at<Int>(i), rest, call.result<Int>() + i) && !call.is_null(i))
      throw_out_of_range(t.at<Int>(i));
  }
}

/// Of the edges and the count.
std::shared_ptr<const void> make_range(Constants constants) {
  if (constants.size() != 3) throw Error("tine: a histogram was written over");
  const double count = constants[2].at<double>(0);
  return std::make_shared<RangeBins>(constants[0].at<double>(0), constants[1].at<double>(0),
                                     count >= 1 && count <= 0x1p40 ? static_cast<Int>(count) : 1);
}
void bin_in_range(Call& call) {
  const auto& bins = *static_cast<const RangeBins*>(call.prepared);
  const Argument& x = call.arguments[0];
  for (std::size_t i = 0; i < call.rows; ++i) {
    const Int bin = bins(x.at<double>(i));
    call.result<Int>()[i] = bin;
    if (bin < 0) call.own_nulls()[i] = 1;
  }
}

struct Unit {
  std::string_view name;
  Int months = 0, microseconds = 0, origin = 0;
};
constexpr Int monday = 4 * microseconds_per_day;  // 1970-01-05
constexpr Unit units[] = {
    {"year", 12},
    {"quarter", 3},
    {"month", 1},
    {"week", 0, 7 * microseconds_per_day, monday},
    {"day", 0, microseconds_per_day},
    {"hour", 0, 3600 * microseconds_per_second},
    {"minute", 0, 60 * microseconds_per_second},
    {"second", 0, microseconds_per_second},
};

constexpr Operation all[] = {
    {"bin", "ii", 'i', bin_integers},
    {"bin", "ff", 'f', bin_reals},
    // Names that nobody can write: what the compiler makes of bin(d, 'month') and of histograms.
    {"bin of months", "di", 'd', bin_dates_by_months},
    {"bin of months", "ti", 't', bin_times_by_months},
    {"bin of time", "dii", 'd', bin_evenly},
    {"bin of time", "tii", 't', bin_evenly},
    {"bin of range", "f", 'i', bin_in_range, true, make_range},
};

}  // namespace

std::optional<TimeBins> parse_time_bins(std::string_view text) {
  constexpr Int most = 100'000;
  Int count = 1;
  const auto number = std::from_chars(text.data(), text.data() + text.size(), count);
  if (number.ec == std::errc()) {
    text.remove_prefix(static_cast<std::size_t>(number.ptr - text.data()));
    if (!text.starts_with(' ') || count < 1 || count > most) return std::nullopt;
    text.remove_prefix(1);
  } else {
    count = 1;
  }
  if (text.ends_with('s')) text.remove_suffix(1);
  for (const Unit& unit : units)
    if (text == unit.name)
      return TimeBins{unit.months * count, unit.microseconds * count, unit.origin};
  return std::nullopt;
}

RangeBins::RangeBins(double first, double last, Int count)
    : first_(first), last_(last), count_(count), step_((last - first) / number(count)) {
  if (!std::isfinite(step_)) step_ = last / number(count) - first / number(count);
}
double RangeBins::edge(Int i) const {
  return i == count_ ? last_ : number(i) * step_ + first_;
}
Int RangeBins::operator()(double x) const {
  if (!(x >= first_ && x <= last_)) return -1;
  // Nearly; of halves, since a difference of doubles may be none.
  const double place = (x / 2 - first_ / 2) / (last_ / 2 - first_ / 2) * number(count_);
  Int i = place >= 0 && place < number(count_) ? static_cast<Int>(place) : 0;
  for (int tries = 0; tries < 3; ++tries) {
    if (i > 0 && x < edge(i))
      --i;
    else if (i < count_ - 1 && x >= edge(i + 1))
      ++i;
    else
      return i;
  }
  // Bins are too narrow to be told apart by such a number. The last one that begins at x or before.
  Int begin = 0, end = count_;
  while (end - begin > 1) {
    const Int middle = begin + (end - begin) / 2;
    (edge(middle) <= x ? begin : end) = middle;
  }
  return begin;
}

std::span<const Operation> bin_operations() {
  return all;
}

}  // namespace tine::mining
