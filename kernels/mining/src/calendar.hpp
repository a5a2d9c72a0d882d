// Dates and datetimes as people write them: ISO 8601, the Gregorian calendar also before it was used. (Text
// to dates: csv/cell.hpp.)
#pragma once

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

struct CivilDate {
  std::int64_t year;
  unsigned month, day;  // from 1
};
/// Of any number of days since 1970-01-01; beyond ten billion, of the ten billionth.
CivilDate civil_date(std::int64_t days);

/// "2024-03-05"
std::string date_text(std::int64_t days);
/// "2024-03-05 12:00:00", with a fraction where there is one.
std::string datetime_text(std::int64_t microseconds);

}  // namespace tine::mining
