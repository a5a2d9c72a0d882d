#include "nearest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace tine::app {

namespace {

// Levenshtein's distance: letters to insert, remove or replace.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j)
      diagonal = std::exchange(row[j + 1],
                               std::min({row[j + 1] + 1, row[j] + 1, diagonal + (a[i] != b[j])}));
  }
  return row.back();
}

}  // namespace

std::string or_nearest(std::string_view word, std::span<const std::string_view> candidates,
                       std::string_view otherwise) {
  const auto best = std::ranges::min_element(
      candidates, {}, [&](std::string_view candidate) { return edits(word, candidate); });
  if (best != candidates.end() && edits(word, *best) <= 1 + word.size() / 3)
    return fmt::format("; did you mean {}?", *best);
  return fmt::format("{}{}", otherwise, fmt::join(candidates, ", "));
}

}  // namespace tine::app
