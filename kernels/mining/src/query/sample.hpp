// Samples: some rows, chosen by chance, but by the same one whenever the seed is the same.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace tine::mining {

/// Each row has a number that is as good as random: those with numbers up to `last` are chosen.
struct Sample {
  std::uint64_t seed = 0;
  std::size_t rows = 0;  ///< so many; 0: as many as `last` lets through
  std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
};

/// "1000" or "1%". Throws QueryError.
Sample parse_sample(const std::string& clause, std::uint64_t seed);

/// The number of a row, by its place among those that were selected of a slice. No two rows have the same:
/// each step can be undone. (The steps are those of SplitMix64; G. L. Steele et al., 2014.)
constexpr std::uint64_t random_number(std::uint64_t seed, std::uint64_t slice, std::uint64_t row) {
  const auto mix = [](std::uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
  };
  return mix(mix(slice << 40 ^ row) + mix(seed + 0x9e3779b97f4a7c15u));
}

/// The smallest of many numbers.
class Smallest {
 public:
  explicit Smallest(std::size_t most) : most_(most) {}
  void add(std::uint64_t x) {
    values_.push_back(x);
    if (values_.size() / 2 > most_ + 1024) keep();
  }
  /// In no order.
  const std::vector<std::uint64_t>& values() {
    keep();
    return values_;
  }

 private:
  void keep() {
    if (values_.size() <= most_) return;
    std::ranges::nth_element(values_, values_.begin() + static_cast<std::ptrdiff_t>(most_));
    values_.resize(most_);
  }
  std::size_t most_;
  std::vector<std::uint64_t> values_;
};

}  // namespace tine::mining
