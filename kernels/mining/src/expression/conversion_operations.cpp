// Values of one type to another. Text that stands for none, and numbers that are none, become null.
#include <array>
#include <charconv>
#include <cmath>
#include <concepts>

#include "../calendar.hpp"
#include "../csv/cell.hpp"
#include "operation.hpp"

namespace tine::mining {

namespace {

using Int = std::int64_t;
using Bool = std::uint8_t;
using Text = std::string_view;

template <class A, class R>
void convert(Call& call) {
  const A* const x = call.arguments[0].as<A>();
  for (std::size_t i = 0; i < call.rows; ++i) call.result<R>()[i] = static_cast<R>(x[i]);
}
template <class A>
void not_zero(Call& call) {
  const A* const x = call.arguments[0].as<A>();
  for (std::size_t i = 0; i < call.rows; ++i) call.result<Bool>()[i] = x[i] != 0;
}

/// Towards zero.
void real_to_integer(Call& call) {
  const double* const x = call.arguments[0].as<double>();
  for (std::size_t i = 0; i < call.rows; ++i) {
    const bool fits = x[i] >= -0x1p63 && x[i] < 0x1p63;
    call.result<Int>()[i] = fits ? static_cast<Int>(x[i]) : 0;
    if (!fits) call.own_nulls()[i] = 1;
  }
}

/// Texts mean what they mean as cells of a column of this type.
template <class R, bool (*parse)(Text, R&)>
void from_text(Call& call) {
  const Text* const x = call.arguments[0].as<Text>();
  for (std::size_t i = 0; i < call.rows; ++i) {
    R& r = call.result<R>()[i] = 0;
    if (!call.is_null(i) && !parse(trimmed(x[i]), r)) call.own_nulls()[i] = 1;
  }
}

template <class A, class F>
void to_text(Call& call, F text) {
  const A* const x = call.arguments[0].as<A>();
  for (std::size_t i = 0; i < call.rows; ++i) {
    const auto made = text(x[i]);
    char* const kept = call.texts->take(made.size());
    std::ranges::copy(made, kept);
    call.result<Text>()[i] = {kept, made.size()};
  }
}
/// The shortest that says which number it is.
template <class T>
void number_to_text(Call& call) {
  std::array<char, 40> digits;
  to_text<T>(call, [&](T x) {
    if (x != x) return Text("nan");  // without the sign that some CPUs give it
    return Text(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), x).ptr);
  });
}
void boolean_to_text(Call& call) {
  to_text<Bool>(call, [](Bool x) { return x != 0 ? Text("true") : Text("false"); });
}
void date_to_text(Call& call) {
  to_text<Int>(call, date_text);
}
void datetime_to_text(Call& call) {
  to_text<Int>(call, datetime_text);
}

constexpr Operation all[] = {
    {"int", "i", 'i'},
    {"int", "f", 'i', real_to_integer},
    {"int", "b", 'i', convert<Bool, Int>},
    {"int", "s", 'i', from_text<Int, parse_integer>},
    {"float", "f", 'f'},
    {"float", "b", 'f', convert<Bool, double>},
    {"float", "s", 'f', from_text<double, parse_real>},
    {"string", "s", 's'},
    {"string", "b", 's', boolean_to_text},
    {"string", "i", 's', number_to_text<Int>},
    {"string", "f", 's', number_to_text<double>},
    {"string", "d", 's', date_to_text},
    {"string", "t", 's', datetime_to_text},
    {"date", "d", 'd'},
    {"date", "s", 'd', from_text<Int, parse_date>},
    {"datetime", "t", 't'},
    {"datetime", "s", 't', from_text<Int, parse_datetime>},
    {"bool", "b", 'b'},
    {"bool", "i", 'b', not_zero<Int>},
    {"bool", "f", 'b', not_zero<double>},
    {"bool", "s", 'b', from_text<Bool, parse_boolean>},
};

}  // namespace

std::span<const Operation> conversion_operations() {
  return all;
}

}  // namespace tine::mining
