// Hashes of words and of text.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace tine::mining {

/// All bits of the product of two words, folded: each bit of either changes about half of them.
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Product = unsigned __int128;
  const Product p = static_cast<Product>(a ^ 0x9e3779b97f4a7c15) * (b ^ 0xd1b54a32d192ed03);
  return static_cast<std::uint64_t>(p) ^ static_cast<std::uint64_t>(p >> 64);
}

inline std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = text.size();
  std::uint64_t word = 0;
  while (text.size() > 8) {
    std::memcpy(&word, text.data(), 8);
    hash = mix(hash, word);
    text.remove_prefix(8);
  }
  word = 0;
  if (!text.empty()) std::memcpy(&word, text.data(), text.size());
  return mix(mix(hash, word), 0x8bb84b93962eacc9);
}

}  // namespace tine::mining
