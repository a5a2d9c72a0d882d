#include "text_set.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include <tine/error.hpp>

#include "hash.hpp"

namespace tine::mining {

std::uint32_t TextSet::add(std::string_view text) {
  if (2 * texts_.size() >= slots_.size()) grow();
  const std::uint64_t hash = hash_text(text);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    const std::uint32_t number = slots_[slot];
    if (number == 0) {
      if (texts_.size() == std::numeric_limits<std::uint32_t>::max() - 1)
        throw Error("tine::mining: there are more than 2^32 different texts in a query");
      texts_.push_back(keep(text));
      hashes_.push_back(hash);
      slots_[slot] = static_cast<std::uint32_t>(texts_.size());
      return slots_[slot] - 1;
    }
    if (hashes_[number - 1] == hash && texts_[number - 1] == text) return number - 1;
  }
}

void TextSet::grow() {
  slots_.assign(std::max<std::size_t>(64, 2 * slots_.size()), 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    std::size_t slot = hashes_[i] & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

std::string_view TextSet::keep(std::string_view text) {
  if (text.empty()) return {};
  if (text.size() > free_bytes_) {
    const std::size_t size = std::max<std::size_t>(text.size(), std::size_t{64} << 10);
    heap_.push_back(std::make_unique_for_overwrite<char[]>(size));
    free_ = heap_.back().get();
    free_bytes_ = size;
    heap_bytes_ += size;
  }
  char* const at = free_;
  std::memcpy(at, text.data(), text.size());
  free_ += text.size();
  free_bytes_ -= text.size();
  return {at, text.size()};
}

}  // namespace tine::mining
