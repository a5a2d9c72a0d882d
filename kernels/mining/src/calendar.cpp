#include "calendar.hpp"

#include <array>
#include <cstdio>

namespace tine::mining {

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
