#include <tine/matrix/element_type.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include <tine/error.hpp>

namespace tine::matrix {

namespace {

struct Name {
  std::string_view brief, full;
};
// In the order of ElementType.
constexpr Name names[] = {{"u1", "uint8"},   {"u2", "uint16"},    {"u4", "uint32"},
                          {"u8", "uint64"},  {"i1", "int8"},      {"i2", "int16"},
                          {"i4", "int32"},   {"i8", "int64"},     {"f4", "float32"},
                          {"f8", "float64"}, {"c8", "complex64"}, {"c16", "complex128"}};

template <class T>
constexpr bool complex = !std::is_arithmetic_v<T>;

template <class To, class From>
To convert(From from) {
  if constexpr (complex<From>) {
    using Real = typename To::value_type;
    return {static_cast<Real>(from.real()), static_cast<Real>(from.imag())};
  } else if constexpr (complex<To>) {
    return To(static_cast<typename To::value_type>(from));
  } else if constexpr (std::is_floating_point_v<To>) {
    return static_cast<To>(from);
  } else if constexpr (std::is_floating_point_v<From>) {
    using Limits = std::numeric_limits<To>;
    // As powers of two they are exact, which the largest integers themselves are not.
    const From beyond = std::ldexp(From(1), Limits::digits);
    if (std::isnan(from)) return 0;
    if (from >= beyond) return Limits::max();
    if (from <= static_cast<From>(Limits::min())) return Limits::min();
    return static_cast<To>(from);
  } else {
    if (std::in_range<To>(from)) return static_cast<To>(from);
    return from < From(0) ? std::numeric_limits<To>::min() : std::numeric_limits<To>::max();
  }
}

}  // namespace

std::size_t size_of(ElementType type) {
  return with_element(type, []<class T>(std::type_identity<T>) { return sizeof(T); });
}

std::string_view to_string(ElementType type) {
  return names[static_cast<std::size_t>(type)].brief;
}

std::optional<ElementType> parse_element_type(std::string_view name) {
  for (std::size_t i = 0; i < std::size(names); ++i)
    if (name == names[i].brief || name == names[i].full) return static_cast<ElementType>(i);
  return std::nullopt;
}

ElementType type_to_compute_in(ElementType a, ElementType b) {
  const auto twice = [](ElementType t) { return t != ElementType::f4 && t != ElementType::c8; };
  const bool wide = twice(a) || twice(b);
  if (is_complex(a) || is_complex(b)) return wide ? ElementType::c16 : ElementType::c8;
  return wide ? ElementType::f8 : ElementType::f4;
}

void convert_elements(ElementType from, const std::byte* source, ElementType to, std::byte* target,
                      std::size_t n) {
  if (from == to) {
    if (n > 0) std::memcpy(target, source, n * size_of(from));
    return;
  }
  if (is_complex(from) && !is_complex(to))
    throw InvalidArgument("complex numbers do not become " + std::string(to_string(to)) +
                          "; c8 and c16 hold them");
  with_element(from, [&]<class From>(std::type_identity<From>) {
    with_element(to, [&]<class To>(std::type_identity<To>) {
      if constexpr (complex<To> || !complex<From>) {
        const From* s = reinterpret_cast<const From*>(source);
        To* t = reinterpret_cast<To*>(target);
        for (std::size_t i = 0; i < n; ++i) t[i] = convert<To>(s[i]);
      }
    });
  });
}

}  // namespace tine::matrix
