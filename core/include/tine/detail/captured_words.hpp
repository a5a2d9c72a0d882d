// What a check for captured pointers looks at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace tine::detail {

/// The words of a value in which there may be a pointer. Those with padding are 0: old stack bytes in it
/// would look like one, and no pointer shares its word with padding.
///
/// The value is left alone: GCC 12's __builtin_clear_padding clears members, too, of some arrays of
/// structs with padding.
template <class T>
class CapturedWords {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit CapturedWords(const T& value) {
    std::memcpy(bytes_, &value, sizeof(T));
#if __has_builtin(__builtin_clear_padding)
    T copy = value;
    __builtin_clear_padding(&copy);
    const auto* const cleared = reinterpret_cast<const std::byte*>(&copy);
    constexpr std::size_t word = sizeof(std::uintptr_t);
    for (std::size_t at = 0; at + word <= sizeof(T); at += word)
      if (std::memcmp(bytes_ + at, cleared + at, word) != 0) std::memset(bytes_ + at, 0, word);
#endif
  }

  const void* data() const {
    return bytes_;
  }
  /// In bytes, of which a T without members has none.
  static constexpr std::size_t size() {
    return std::is_empty_v<T> ? 0 : sizeof(T);
  }

 private:
  std::byte bytes_[sizeof(T)];
};

}  // namespace tine::detail
