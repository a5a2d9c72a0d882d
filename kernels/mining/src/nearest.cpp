#include "nearest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace tine::mining {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Levenshtein's distance: letters to insert, remove or replace, in hundredths; the other case costs one.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = 100 * j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], 100 * (i + 1));
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = a[i] == b[j] ? 0 : lower(a[i]) == lower(b[j]) ? 1 : 100;
      diagonal = std::exchange(row[j + 1],
                               std::min({row[j + 1] + 100, row[j] + 100, diagonal + replaced}));
    }
  }
  return row.back();
}

}  // namespace

std::string or_nearest(std::string_view word, std::span<const std::string_view> candidates) {
  // Long words are no slips of the pen, and would take their time.
  constexpr std::size_t longest = 200, most = 20;
  std::size_t least = 100 * (1 + word.size() / 3) + 99;
  std::string result;
  for (const std::string_view candidate : candidates) {
    if (word.size() > longest || candidate.size() > longest) continue;
    const std::size_t distance = edits(word, candidate);
    if (distance >= least) continue;
    least = distance;
    result = "; did you mean " + std::string(candidate) + "?";
  }
  if (!result.empty()) return result;
  result = "; there are: ";
  for (std::size_t i = 0; i < std::min(candidates.size(), most); ++i)
    result += (i == 0 ? "" : ", ") + std::string(candidates[i]);
  if (candidates.size() > most)
    result += " and " + std::to_string(candidates.size() - most) + " more";
  return result;
}

}  // namespace tine::mining
