#include "order.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace tine::mining {

namespace {

template <class T>
int compare(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

int compare(const ResultColumn& column, bool descending, std::size_t a, std::size_t b) {
  const int missing = compare(column.is_null(a), column.is_null(b));
  if (missing != 0 || column.is_null(a)) return missing;
  int order = 0;
  switch (column.type) {
    case Type::real: {
      const double x = column.reals[a], y = column.reals[b];
      const int nan = compare(std::isnan(x), std::isnan(y));
      if (nan != 0) return nan;
      order = compare(x, y);
      break;
    }
    case Type::text:
      order = compare(column.texts[a], column.texts[b]);
      break;
    default:
      order = compare(column.integers[a], column.integers[b]);
  }
  return descending ? -order : order;
}

template <class T>
void permute(std::vector<T>& values, std::span<const std::size_t> rows) {
  if (values.empty()) return;
  std::vector<T> chosen;
  chosen.reserve(rows.size());
  for (const std::size_t row : rows) chosen.push_back(std::move(values[row]));
  values = std::move(chosen);
}

}  // namespace

void order_rows(Result& result, std::span<const Plan::Order> order,
                std::optional<std::size_t> limit) {
  std::vector<std::size_t> rows(result.rows);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  const std::size_t kept = std::min(limit.value_or(result.rows), result.rows);
  if (!order.empty()) {
    const auto before = [&](std::size_t a, std::size_t b) {
      for (const auto& [column, descending] : order)
        if (const int c = compare(result.columns[column], descending, a, b); c != 0) return c < 0;
      return a < b;  // rows that are equal stay in their order
    };
    const auto end = rows.begin() + static_cast<std::ptrdiff_t>(kept);
    if (kept < rows.size())
      std::partial_sort(rows.begin(), end, rows.end(), before);
    else
      std::sort(rows.begin(), rows.end(), before);
  }
  if (order.empty() && kept == result.rows) return;
  rows.resize(kept);
  for (ResultColumn& column : result.columns) {
    permute(column.integers, rows);
    permute(column.reals, rows);
    permute(column.texts, rows);
    permute(column.nulls, rows);
  }
  result.rows = kept;
}

}  // namespace tine::mining
