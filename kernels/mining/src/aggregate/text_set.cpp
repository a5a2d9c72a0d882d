#include "text_set.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include <tine/error.hpp>

#include "hash.hpp"

namespace tine::mining {

namespace {

bool same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  if (a.size() < 8) {
    // Without a call, which would take longer than the rest.
    for (std::size_t i = 0; i < a.size(); ++i)
      if (a[i] != b[i]) return false;
    return true;
  }
  const std::size_t last = a.size() - 8;
  for (std::size_t i = 0; i < last; i += 8)
    if (detail::load<std::uint64_t>(a.data() + i) != detail::load<std::uint64_t>(b.data() + i))
      return false;
  return detail::load<std::uint64_t>(a.data() + last) ==
         detail::load<std::uint64_t>(b.data() + last);
}

}  // namespace

std::uint32_t TextSet::add(std::string_view text) {
  if (2 * texts_.size() >= slots_.size()) grow();
  const std::uint64_t hash = hash_text(text);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (slot.taken == 0) {
      if (texts_.size() == std::numeric_limits<std::uint32_t>::max() - 1)
        throw Error("tine: there are more than 2^32 different texts in a query");
      texts_.push_back(keep(text));
      hashes_.push_back(hash);
      slot = {tag, static_cast<std::uint32_t>(texts_.size())};
      return slot.taken - 1;
    }
    if (slot.tag == tag && same(texts_[slot.taken - 1], text)) return slot.taken - 1;
  }
}

void TextSet::add(std::size_t rows, const std::string_view* texts, const std::uint8_t* nulls,
                  std::int64_t* numbers) {
  for (std::size_t i = 0; i < rows; ++i)
    if (nulls == nullptr || nulls[i] == 0) numbers[i] = add(texts[i]);
}

void TextSet::grow() {
  slots_.assign(std::max<std::size_t>(64, 2 * slots_.size()), {});
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    std::size_t at = hashes_[i] & mask;
    while (slots_[at].taken != 0) at = (at + 1) & mask;
    slots_[at] = {static_cast<std::uint32_t>(hashes_[i] >> 32), static_cast<std::uint32_t>(i + 1)};
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
