#include "calendar.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace tine::mining {

// Years begin in March, so that the leap day is their last, and come in eras of 400, which are alike
// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
CivilDate civil_date(std::int64_t days) {
  constexpr std::int64_t most = 10'000'000'000;
  const std::int64_t z = std::clamp(days, -most, most) + 719468;
  const std::int64_t era = z / 146097 - (z % 146097 < 0);
  const std::int64_t day_of_era = z - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t march_month = (5 * day_of_year + 2) / 153;
  const auto month = static_cast<unsigned>(march_month < 10 ? march_month + 3 : march_month - 9);
  return {year_of_era + era * 400 + (month <= 2), month,
          static_cast<unsigned>(day_of_year - (153 * march_month + 2) / 5 + 1)};
}

std::string date_text(std::int64_t days) {
  const CivilDate date = civil_date(days);
  std::array<char, 40> text;
  std::snprintf(text.data(), text.size(), "%04lld-%02u-%02u", static_cast<long long>(date.year),
                date.month, date.day);
  return text.data();
}

std::string datetime_text(std::int64_t microseconds) {
  const std::int64_t time = time_of_day(microseconds);
  const auto seconds = static_cast<unsigned>(time / microseconds_per_second);
  const auto fraction = static_cast<unsigned>(time % microseconds_per_second);
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), " %02u:%02u:%02u", seconds / 3600, seconds / 60 % 60,
                seconds % 60);
  std::string result = date_text(day_of(microseconds)) + text.data();
  if (fraction != 0) {
    std::snprintf(text.data(), text.size(), ".%06u", fraction);
    result += text.data();
    result.erase(result.find_last_not_of('0') + 1);
  }
  return result;
}

}  // namespace tine::mining
