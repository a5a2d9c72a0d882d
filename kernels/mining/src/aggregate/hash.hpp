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

namespace detail {

template <class T>
std::uint64_t load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace detail

/// Reads in pieces of fixed sizes that may overlap, never beyond the text.
inline std::uint64_t hash_text(std::string_view text) {
  const char* at = text.data();
  const std::size_t size = text.size();
  if (size >= 8) {
    std::uint64_t hash = size;
    const char* const last = at + size - 8;
    for (; at < last; at += 8) hash = mix(hash, detail::load<std::uint64_t>(at));
    return mix(hash, detail::load<std::uint64_t>(last));
  }
  if (size >= 4)
    return mix(size,
               detail::load<std::uint32_t>(at) << 32 | detail::load<std::uint32_t>(at + size - 4));
  if (size == 0) return mix(0, 0);
  return mix(size, detail::load<std::uint8_t>(at) << 16 |
                       detail::load<std::uint8_t>(at + size / 2) << 8 |
                       detail::load<std::uint8_t>(at + size - 1));
}

}  // namespace tine::mining
