#include "result_order.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "columns.hpp"

namespace tine::mining {

namespace {

// Of values that are there.
int compare(const ResultColumn& column, std::size_t a, std::size_t b) {
  const auto order = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
  if (column.type == Type::text) return order(column.texts[a], column.texts[b]);
  if (column.type == Type::real) return order(ordered(column.reals[a]), ordered(column.reals[b]));
  return order(column.integers[a], column.integers[b]);
}

template <class T>
void permute(std::vector<T>& values, std::span<const std::uint32_t> order) {
  if (values.empty()) return;
  std::vector<T> sorted(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) sorted[i] = std::move(values[order[i]]);
  values.swap(sorted);
}

// Digit by digit, from the last one; digits that are the same everywhere are passed over.
void sort_by_first(std::vector<std::pair<std::int64_t, std::uint32_t>>& pairs) {
  constexpr unsigned bits = 11;
  std::vector<std::pair<std::int64_t, std::uint32_t>> sorted(pairs.size());
  for (unsigned shift = 0; shift < 64; shift += bits) {
    const auto digit = [shift](const auto& pair) {
      // Unsigned numbers in the same order.
      const auto key = static_cast<std::uint64_t>(pair.first) ^ std::uint64_t{1} << 63;
      return key >> shift & ((1u << bits) - 1);
    };
    std::array<std::size_t, (1 << bits) + 1> next{};
    for (const auto& pair : pairs) ++next[digit(pair) + 1];
    if (std::ranges::find(next, pairs.size()) != next.end()) continue;
    std::partial_sum(next.begin(), next.end(), next.begin());
    for (const auto& pair : pairs) sorted[next[digit(pair)]++] = pair;
    pairs.swap(sorted);
  }
}

std::vector<std::uint32_t> order_of(const Result& result, std::size_t keys) {
  std::vector<std::uint32_t> order(result.rows);
  const ResultColumn& first = result.columns[0];
  if (keys == 1 && first.type != Type::text) {
    // Numbers in one piece with their places.
    std::vector<std::pair<std::int64_t, std::uint32_t>> present;
    std::vector<std::uint32_t> missing;
    present.reserve(result.rows);
    for (std::uint32_t row = 0; row < result.rows; ++row) {
      if (first.is_null(row))
        missing.push_back(row);
      else
        present.emplace_back(
            first.type == Type::real ? ordered(first.reals[row]) : first.integers[row], row);
    }
    sort_by_first(present);
    std::ranges::transform(present, order.begin(), [](const auto& p) { return p.second; });
    std::ranges::copy(missing, order.end() - static_cast<std::ptrdiff_t>(missing.size()));
    return order;
  }
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    for (std::size_t k = 0; k < keys; ++k) {
      const ResultColumn& column = result.columns[k];
      if (column.is_null(a) != column.is_null(b)) return column.is_null(b);
      if (column.is_null(a)) continue;
      if (const int c = compare(column, a, b); c != 0) return c < 0;
    }
    return false;
  });
  return order;
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

void write_result(BlobWriter& to, const Result& result) {
  to.value(std::uint64_t{result.rows});
  for (const ResultColumn& column : result.columns) {
    write_column(to, column.nulls);
    write_column(to, column.integers);
    write_column(to, column.reals);
    for (const std::string& text : column.texts) to.text(text);
  }
}

void append_result(Result& result, std::span<const std::byte> written) {
  BlobReader from(written);
  const auto rows = from.value<std::uint64_t>();
  for (ResultColumn& column : result.columns) {
    append(column.nulls, read_column<std::uint8_t>(from, rows));
    if (column.type == Type::real) {
      append(column.reals, read_column<double>(from, rows));
    } else if (column.type == Type::text) {
      for (std::size_t i = 0; i < rows; ++i) {
        column.texts.emplace_back(from.text());
        if (!from.good()) broken_groups();
      }
    } else {
      append(column.integers, read_column<std::int64_t>(from, rows));
    }
  }
  if (!from.good()) broken_groups();
  result.rows += rows;
}

void sort_by_keys(Result& result, std::size_t keys) {
  if (keys == 0 || result.rows == 0) return;
  const std::vector<std::uint32_t> order = order_of(result, keys);
  for (ResultColumn& column : result.columns) {
    permute(column.nulls, order);
    permute(column.integers, order);
    permute(column.reals, order);
    permute(column.texts, order);
  }
}

}  // namespace tine::mining
