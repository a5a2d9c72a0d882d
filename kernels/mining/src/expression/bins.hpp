// Bins of equal width.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tine::mining {

/// Bins of time: so many months, counted from January of the year 0, or so many microseconds, from their
/// origin.
struct TimeBins {
  std::int64_t months = 0, microseconds = 0;
  std::int64_t origin = 0;  // since 1970: weeks begin on a Monday
};
/// "month", "3 months", "15 minutes"; none for anything else.
std::optional<TimeBins> parse_time_bins(std::string_view text);

/// Equal bins from the first edge to the last one, which belongs to the last bin. What numpy.histogram has:
/// edges are those of numpy.linspace, and values are counted by comparing with them.
class RangeBins {
 public:
  RangeBins(double first, double last, std::int64_t count);
  double edge(std::int64_t i) const;
  /// -1: in none.
  std::int64_t operator()(double x) const;

 private:
  double first_, last_;
  std::int64_t count_;
  double step_;
};

}  // namespace tine::mining
