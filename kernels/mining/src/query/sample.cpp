#include "sample.hpp"

#include <charconv>

#include <tine/mining/error.hpp>

namespace tine::mining {

Sample parse_sample(const std::string& clause, std::uint64_t seed) {
  Sample sample{.seed = seed};
  const char *const begin = clause.data(), *const end = begin + clause.size();
  if (clause.ends_with('%')) {
    double percent = 0;
    const auto read = std::from_chars(begin, end - 1, percent);
    if (read.ec != std::errc() || read.ptr != end - 1 || !(percent > 0 && percent <= 100))
      throw QueryError("a part of the rows is more than 0% and at most 100%", clause, 0);
    if (percent < 100) sample.last = static_cast<std::uint64_t>(percent / 100 * 0x1p64);
    return sample;
  }
  const auto read = std::from_chars(begin, end, sample.rows);
  if (read.ec != std::errc() || read.ptr != end || sample.rows == 0)
    throw QueryError("a sample is a number of rows, as in 1000, or a part of them, as in 1%",
                     clause, 0);
  return sample;
}

}  // namespace tine::mining
