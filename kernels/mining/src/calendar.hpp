// Dates and datetimes as people write them: ISO 8601, the Gregorian calendar also before it was used. (Text
// to dates: csv/cell.hpp.)
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

namespace tine::mining {

inline constexpr std::int64_t microseconds_per_second = 1'000'000;
inline constexpr std::int64_t microseconds_per_day = 86'400 * microseconds_per_second;

/// The days that have begun, and the microseconds since then.
constexpr std::int64_t day_of(std::int64_t datetime) {
  return datetime / microseconds_per_day - (datetime % microseconds_per_day < 0);
}
constexpr std::int64_t time_of_day(std::int64_t datetime) {
  const std::int64_t rest = datetime % microseconds_per_day;
  return rest < 0 ? rest + microseconds_per_day : rest;
}

/// Whether a day lies in the years 0 to 9999, whose dates can be written and read.
constexpr bool in_calendar(std::int64_t days) {
  return days >= -719'528 && days <= 2'932'896;
}

struct CivilDate {
  std::int64_t year;
  unsigned month, day;  // from 1
};
/// Of any number of days since 1970-01-01; beyond a billion, of the billionth.
///
/// Years begin in March, so that the leap day is their last, and come in eras of 400, which are alike (Howard
/// Hinnant, "chrono-Compatible Low-Level Date Algorithms"). In 32 bits, without signs: that is fastest.
constexpr CivilDate civil_date(std::int64_t days) {
  constexpr std::int64_t most = 1'000'000'000;
  constexpr std::uint32_t days_of_era = 146'097, eras_before = 7'000;
  const auto z = static_cast<std::uint32_t>(std::clamp(days, -most, most) + 719'468 +
                                            std::int64_t{days_of_era} * eras_before);
  const std::uint32_t era = z / days_of_era, day_of_era = z % days_of_era;
  const std::uint32_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::uint32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint32_t march_month = (5 * day_of_year + 2) / 153;
  const std::uint32_t month = march_month < 10 ? march_month + 3 : march_month - 9;
  const auto year = static_cast<std::int64_t>(year_of_era + era * 400 + (month <= 2));
  return {year - 400 * std::int64_t{eras_before}, month,
          day_of_year - (153 * march_month + 2) / 5 + 1};
}

/// The days from 1970-01-01 to the first of a month; the inverse of civil_date(), with the same years.
constexpr std::int64_t days_before(std::int64_t year, unsigned month) {
  if (month <= 2) --year;
  const std::int64_t year_of_era = (year % 400 + 400) % 400, era = (year - year_of_era) / 400;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719'468;
}

/// "2024-03-05"
std::string date_text(std::int64_t days);
/// "2024-03-05 12:00:00", with a fraction where there is one.
std::string datetime_text(std::int64_t microseconds);

}  // namespace tine::mining
