// Dates and datetimes.
#include <cmath>

#include <tine/error.hpp>

#include "../calendar.hpp"
#include "overflow.hpp"

namespace tine::mining {

namespace {

using Int = std::int64_t;

Int identity(Int x) {
  return x;
}

Int year(Int days) {
  return civil_date(days).year;
}
Int month(Int days) {
  return civil_date(days).month;
}
Int day(Int days) {
  return civil_date(days).day;
}
/// Monday is 1, and 1970-01-01 was a Thursday.
Int weekday(Int days) {
  const Int since_thursday = days % 7;
  return (since_thursday + 10) % 7 + 1;
}
Int hour(Int t) {
  return time_of_day(t) / (3600 * microseconds_per_second);
}
Int minute(Int t) {
  return time_of_day(t) / (60 * microseconds_per_second) % 60;
}
Int second(Int t) {
  return time_of_day(t) / microseconds_per_second % 60;
}

/// Part(ToDays(value)) of each value.
template <Int (*part)(Int), Int (*first)(Int) = identity>
void each(Call& call) {
  const Int* const x = call.arguments[0].as<Int>();
  Int* const r = call.result<Int>();
  for (std::size_t i = 0; i < call.rows; ++i) r[i] = part(first(x[i]));
}

void date_to_datetime(Call& call) {
  const Int* const x = call.arguments[0].as<Int>();
  for (std::size_t i = 0; i < call.rows; ++i)
    if (__builtin_mul_overflow(x[i], microseconds_per_day, call.result<Int>() + i) &&
        !call.is_null(i))
      throw Error("a date " + std::to_string(x[i]) +
                  " days from 1970-01-01 is outside of what a datetime can be");
}

/// Sign times y days after x.
template <Int sign, std::size_t date>
void add_days(Call& call) {
  const Argument &x = call.arguments[date], &y = call.arguments[1 - date];
  for (std::size_t i = 0; i < call.rows; ++i) {
    Int& r = call.result<Int>()[i];
    const Int day = x.at<Int>(i), days = y.at<Int>(i);
    const bool overflows =
        sign > 0 ? __builtin_add_overflow(day, days, &r) : __builtin_sub_overflow(day, days, &r);
    if ((!overflows && in_calendar(r)) || call.is_null(i)) continue;
    if (overflows) throw_overflow(sign > 0 ? "+" : "-", day, days);
    throw Error(date_text(day) + ": " + std::to_string(days) +
                (sign > 0 ? " days later" : " days earlier") + " is not in the years 0 to 9999");
  }
}

[[noreturn]] void throw_out_of_range(Int t) {
  throw Error(datetime_text(t) + ": so many seconds from it are not in the years 0 to 9999");
}

/// Sign times y seconds after x.
template <Int sign, std::size_t datetime>
void add_seconds(Call& call) {
  const Argument &x = call.arguments[datetime], &y = call.arguments[1 - datetime];
  for (std::size_t i = 0; i < call.rows; ++i) {
    Int& r = call.result<Int>()[i];
    const Int t = x.at<Int>(i);
    Int microseconds = 0;
    if (y.type == Type::integer) {
      if (__builtin_mul_overflow(y.at<Int>(i), sign * microseconds_per_second, &microseconds) ||
          __builtin_add_overflow(t, microseconds, &r) || !in_calendar(day_of(r)))
        if (!call.is_null(i)) throw_out_of_range(t);
      continue;
    }
    const double scaled =
        std::rint(y.at<double>(i) * static_cast<double>(sign * microseconds_per_second));
    if (!(std::abs(scaled) < 0x1p63) || __builtin_add_overflow(t, static_cast<Int>(scaled), &r) ||
        !in_calendar(day_of(r))) {
      r = 0;
      // Not a number of seconds: no time.
      if (std::isnan(scaled))
        call.own_nulls()[i] = 1;
      else if (!call.is_null(i))
        throw_out_of_range(t);
    }
  }
}

void seconds_between(Call& call) {
  const Argument &x = call.arguments[0], &y = call.arguments[1];
  for (std::size_t i = 0; i < call.rows; ++i) {
    const Int a = x.at<Int>(i), b = y.at<Int>(i);
    Int difference = 0;
    const double microseconds = __builtin_sub_overflow(a, b, &difference)
                                    ? static_cast<double>(a) - static_cast<double>(b)
                                    : static_cast<double>(difference);
    call.result<double>()[i] = microseconds / static_cast<double>(microseconds_per_second);
  }
}

constexpr Operation all[] = {
    {"date", "t", 'd', each<day_of>},     {"datetime", "d", 't', date_to_datetime},
    {"+", "di", 'd', add_days<1, 0>},     {"+", "id", 'd', add_days<1, 1>},
    {"-", "di", 'd', add_days<-1, 0>},    {"+", "ti", 't', add_seconds<1, 0>},
    {"+", "tf", 't', add_seconds<1, 0>},  {"+", "it", 't', add_seconds<1, 1>},
    {"+", "ft", 't', add_seconds<1, 1>},  {"-", "ti", 't', add_seconds<-1, 0>},
    {"-", "tf", 't', add_seconds<-1, 0>}, {"-", "tt", 'f', seconds_between},
    {"year", "d", 'i', each<year>},       {"year", "t", 'i', each<year, day_of>},
    {"month", "d", 'i', each<month>},     {"month", "t", 'i', each<month, day_of>},
    {"day", "d", 'i', each<day>},         {"day", "t", 'i', each<day, day_of>},
    {"weekday", "d", 'i', each<weekday>}, {"weekday", "t", 'i', each<weekday, day_of>},
    {"hour", "t", 'i', each<hour>},       {"minute", "t", 'i', each<minute>},
    {"second", "t", 'i', each<second>},
};

}  // namespace

std::span<const Operation> calendar_operations() {
  return all;
}

}  // namespace tine::mining
