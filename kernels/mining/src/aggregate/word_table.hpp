// Different words, each once, with numbers in the order in which they came.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tine::mining {

/// Two numbers as one word.
inline std::int64_t pair_of(std::uint32_t first, std::uint32_t second) {
  return static_cast<std::int64_t>(std::uint64_t{first} << 32 | second);
}
inline std::uint32_t first_of(std::int64_t pair) {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(pair) >> 32);
}
inline std::uint32_t second_of(std::int64_t pair) {
  return static_cast<std::uint32_t>(pair);
}

/// Words that lie near each other, as many keys do, are looked up in a plain table; others are hashed. A
/// missing value has a number of its own.
class WordTable {
 public:
  /// The number of each word; new ones get the next. What stands where one is missing may be anything.
  void find(std::size_t rows, const std::int64_t* words, const std::uint8_t* nulls,
            std::uint32_t* numbers);
  std::size_t size() const { return words_.size(); }
  std::int64_t operator[](std::uint32_t number) const { return words_[number]; }
  bool is_missing(std::uint32_t number) const { return missing_ == number; }
  std::size_t bytes() const {
    return words_.capacity() * sizeof(words_[0]) + direct_.capacity() * sizeof(direct_[0]) +
           slots_.capacity() * sizeof(Slot);
  }

 private:
  struct Slot {
    std::int64_t word = 0;
    std::uint32_t taken = 0;  // number + 1; 0: free
  };
  std::uint32_t add(std::int64_t word);
  void find_present(std::size_t rows, const std::int64_t* words, std::uint32_t* numbers);
  bool find_direct(std::size_t rows, const std::int64_t* words, std::uint32_t* numbers);
  void find_hashed(std::size_t rows, const std::int64_t* words, std::uint32_t* numbers);
  bool cover(std::int64_t low, std::int64_t high);
  void make_slots(std::size_t count);
  std::size_t slot_of(std::int64_t word) const;

  std::vector<std::int64_t> words_;
  std::optional<std::uint32_t> missing_;
  std::int64_t base_ = 0;              // the word of direct_[0]
  std::vector<std::uint32_t> direct_;  // numbers; a power of two
  std::vector<Slot> slots_;  // a power of two, at most half of them taken; empty: no hashing yet
  int shift_ = 64;
  std::vector<std::int64_t> present_;
};

}  // namespace tine::mining
