/// @file
/// Types of elements that are known at run time only, as those of files are.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tine::matrix {

/// Named as NumPy does: unsigned and signed integers, floating-point and complex numbers, and how many
/// bytes they have.
enum class ElementType : std::uint8_t { u1, u2, u4, u8, i1, i2, i4, i8, f4, f8, c8, c16 };

/// Calls `f` with a std::type_identity of the C++ type.
template <class F>
decltype(auto) with_element(ElementType type, F&& f) {
  switch (type) {
    case ElementType::u1:
      return f(std::type_identity<std::uint8_t>());
    case ElementType::u2:
      return f(std::type_identity<std::uint16_t>());
    case ElementType::u4:
      return f(std::type_identity<std::uint32_t>());
    case ElementType::u8:
      return f(std::type_identity<std::uint64_t>());
    case ElementType::i1:
      return f(std::type_identity<std::int8_t>());
    case ElementType::i2:
      return f(std::type_identity<std::int16_t>());
    case ElementType::i4:
      return f(std::type_identity<std::int32_t>());
    case ElementType::i8:
      return f(std::type_identity<std::int64_t>());
    case ElementType::f4:
      return f(std::type_identity<float>());
    case ElementType::f8:
      return f(std::type_identity<double>());
    case ElementType::c8:
      return f(std::type_identity<std::complex<float>>());
    case ElementType::c16:
      break;
  }
  return f(std::type_identity<std::complex<double>>());
}

/// That of a C++ type.
template <class T>
constexpr ElementType element_type() {
  if constexpr (std::is_same_v<T, float>) return ElementType::f4;
  if constexpr (std::is_same_v<T, double>) return ElementType::f8;
  if constexpr (std::is_same_v<T, std::complex<float>>) return ElementType::c8;
  if constexpr (std::is_same_v<T, std::complex<double>>) return ElementType::c16;
  static_assert(std::is_arithmetic_v<T> || sizeof(T) >= 8, "an element is a number");
  constexpr int log = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
  return static_cast<ElementType>((std::is_signed_v<T> ? 4 : 0) + log);
}

/// Bytes of an element.
std::size_t size_of(ElementType type);
constexpr bool is_complex(ElementType type) {
  return type >= ElementType::c8;
}
constexpr bool is_integer(ElementType type) {
  return type <= ElementType::i8;
}

/// "f4"
std::string_view to_string(ElementType type);
/// Takes "f4" as well as "float32"; none for what is no type.
std::optional<ElementType> parse_element_type(std::string_view name);

/// The type that holds both without loss, as far as one does; for computing: integers become doubles.
ElementType type_to_compute_in(ElementType a, ElementType b);

/// Converts `n` adjacent elements. Real parts are rounded toward zero for integers; what is out of their
/// range becomes the nearest that there is, and NaN becomes 0. Complex numbers become no real ones
/// (InvalidArgument).
void convert_elements(ElementType from, const std::byte* source, ElementType to, std::byte* target,
                      std::size_t n);

}  // namespace tine::matrix
