// Different texts, each once, with numbers in the order in which they came.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace tine::mining {

class TextSet {
 public:
  /// The number of a text, which is copied when it is new.
  std::uint32_t add(std::string_view text);
  /// Of many; where one is missing nothing is done.
  void add(std::size_t rows, const std::string_view* texts, const std::uint8_t* nulls,
           std::int64_t* numbers);
  std::size_t size() const { return texts_.size(); }
  std::string_view operator[](std::size_t i) const { return texts_[i]; }
  std::uint64_t hash(std::size_t i) const { return hashes_[i]; }
  std::size_t bytes() const {
    return heap_bytes_ + texts_.capacity() * 24 + slots_.capacity() * sizeof(Slot);
  }

 private:
  void grow();
  std::string_view keep(std::string_view text);

  std::vector<std::string_view> texts_;
  std::vector<std::uint64_t> hashes_;
  struct Slot {
    std::uint32_t tag = 0;    // upper half of the hash
    std::uint32_t taken = 0;  // number + 1; 0: free
  };
  std::vector<Slot> slots_;  // a power of two, at most half of them taken
  std::vector<std::unique_ptr<char[]>> heap_;
  char* free_ = nullptr;
  std::size_t free_bytes_ = 0, heap_bytes_ = 0;
};

}  // namespace tine::mining
