// Histograms: how many values lie in each of some equal bins.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <tine/mining/query.hpp>

#include "../expression/parser.hpp"

namespace tine::mining {

struct HistogramRange {
  double first, last;
};

/// "x, 20": a value and the number of bins; or "x, 20, 0, 100", with the first and the last edge.
struct Histogram {
  std::unique_ptr<Node> value;
  std::int64_t bins = 0;
  std::optional<HistogramRange> range{};
};

/// Throws QueryError.
Histogram parse_histogram(const std::string& clause);

/// As expressions: the bin of a value, from 0, null outside of the range; and the value, null unless it is
/// finite.
std::unique_ptr<Node> bin_of(const Histogram& histogram);
std::unique_ptr<Node> finite_value_of(const Histogram& histogram);

/// The range of these values, of which both may be missing, as numpy.histogram chooses it.
HistogramRange range_of(const Result& least_and_greatest);

/// from, to, count
Schema histogram_fields();
/// All bins, of which `counted` has those that are not empty, by their numbers.
Result histogram_of(const Histogram& histogram, const Result& counted);

}  // namespace tine::mining
