// Texts. Positions and lengths are in code points; case is that of ASCII letters.
#include <algorithm>
#include <cstring>
#include <limits>

#include "operation.hpp"

namespace tine::mining {

namespace {

using Text = std::string_view;
using Int = std::int64_t;

template <class R, class F>
void each_pair(Call& call, F f) {
  const Argument &x = call.arguments[0], &y = call.arguments[1];
  for (std::size_t i = 0; i < call.rows; ++i) call.result<R>()[i] = f(x.at<Text>(i), y.at<Text>(i));
}
template <class R, class F>
void each(Call& call, F f) {
  const Text* const x = call.arguments[0].as<Text>();
  for (std::size_t i = 0; i < call.rows; ++i) call.result<R>()[i] = f(x[i]);
}

// ---- comparisons, byte by byte

void equal(Call& call) {
  each_pair<std::uint8_t>(call, [](Text a, Text b) { return a == b; });
}
void not_equal(Call& call) {
  each_pair<std::uint8_t>(call, [](Text a, Text b) { return a != b; });
}
void less(Call& call) {
  each_pair<std::uint8_t>(call, [](Text a, Text b) { return a < b; });
}
void less_or_equal(Call& call) {
  each_pair<std::uint8_t>(call, [](Text a, Text b) { return a <= b; });
}
void greater(Call& call) {
  each_pair<std::uint8_t>(call, [](Text a, Text b) { return a > b; });
}
void greater_or_equal(Call& call) {
  each_pair<std::uint8_t>(call, [](Text a, Text b) { return a >= b; });
}

// ---- searches

void contains(Call& call) {
  each_pair<std::uint8_t>(call, [](Text a, Text b) {
    return b.empty() ||
           (a.size() >= b.size() && memmem(a.data(), a.size(), b.data(), b.size()) != nullptr);
  });
}
void starts_with(Call& call) {
  each_pair<std::uint8_t>(call, [](Text a, Text b) { return a.starts_with(b); });
}
void ends_with(Call& call) {
  each_pair<std::uint8_t>(call, [](Text a, Text b) { return a.ends_with(b); });
}

// ---- parts

bool begins_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}
void length(Call& call) {
  each<Int>(call, [](Text x) { return std::ranges::count_if(x, begins_code_point); });
}
void trim(Call& call) {
  constexpr Text spaces = " \t\n\v\f\r";
  each<Text>(call, [&](Text x) {
    const std::size_t begin = x.find_first_not_of(spaces);
    return begin == Text::npos ? Text() : x.substr(begin, x.find_last_not_of(spaces) - begin + 1);
  });
}
/// Where this many code points from the front end, at most all.
std::size_t bytes_of(Text text, std::uint64_t code_points) {
  std::size_t at = 0;
  for (; code_points > 0 && at < text.size(); --code_points) {
    ++at;
    while (at < text.size() && !begins_code_point(text[at])) ++at;
  }
  return at;
}
/// As in SQL: what lies at positions from `start` to before `start + count`, of which the first is 1.
Text part(Text text, Int start, Int count) {
  if (count <= 0) return {};
  if (start < 1) {
    // Places before the first count, too; these are `1 - start`.
    count = count + start - 1;
    if (count <= 0) return {};
    start = 1;
  }
  text.remove_prefix(bytes_of(text, static_cast<std::uint64_t>(start) - 1));
  return text.substr(0, bytes_of(text, static_cast<std::uint64_t>(count)));
}
void rest(Call& call) {
  const Argument &x = call.arguments[0], &start = call.arguments[1];
  for (std::size_t i = 0; i < call.rows; ++i) {
    const Text text = x.at<Text>(i);
    const Int from = start.at<Int>(i);
    call.result<Text>()[i] =
        from <= 1 ? text : text.substr(bytes_of(text, static_cast<std::uint64_t>(from) - 1));
  }
}
void substr(Call& call) {
  const Argument &x = call.arguments[0], &start = call.arguments[1], &count = call.arguments[2];
  for (std::size_t i = 0; i < call.rows; ++i)
    call.result<Text>()[i] = part(x.at<Text>(i), start.at<Int>(i), count.at<Int>(i));
}

// ---- new texts. Nothing is made for null rows, whose texts may be large.

template <class F>
void make_each(Call& call, F make) {
  for (std::size_t i = 0; i < call.rows; ++i)
    call.result<Text>()[i] = call.is_null(i) ? Text() : make(i);
}

void join(Call& call) {
  const Argument &x = call.arguments[0], &y = call.arguments[1];
  make_each(call, [&](std::size_t i) {
    const Text a = x.at<Text>(i), b = y.at<Text>(i);
    char* const made = call.texts->take(a.size() + b.size());
    std::ranges::copy(b, std::ranges::copy(a, made).out);
    return Text(made, a.size() + b.size());
  });
}
template <char first, char last, char other>
void change_case(Call& call) {
  make_each(call, [&](std::size_t i) {
    const Text x = call.arguments[0].at<Text>(i);
    char* const made = call.texts->take(x.size());
    std::ranges::transform(x, made, [](char c) {
      return c >= first && c <= last ? static_cast<char>(c - first + other) : c;
    });
    return Text(made, x.size());
  });
}
Text replaced(TextArena& texts, Text x, Text from, Text to) {
  if (from.empty() || x.find(from) == Text::npos) return x;
  std::size_t times = 0;
  for (std::size_t at = x.find(from); at != Text::npos; at = x.find(from, at + from.size()))
    ++times;
  std::size_t added = 0;
  if (__builtin_mul_overflow(times, to.size(), &added)) added = std::numeric_limits<Int>::max();
  const std::size_t size = x.size() - times * from.size() + added;
  char* const made = texts.take(size);
  char* out = made;
  std::size_t at = 0;
  for (std::size_t next; (next = x.find(from, at)) != Text::npos; at = next + from.size()) {
    out = std::ranges::copy(x.substr(at, next - at), out).out;
    out = std::ranges::copy(to, out).out;
  }
  std::ranges::copy(x.substr(at), out);
  return {made, size};
}
void replace(Call& call) {
  const Argument &x = call.arguments[0], &from = call.arguments[1], &to = call.arguments[2];
  make_each(call, [&](std::size_t i) {
    return replaced(*call.texts, x.at<Text>(i), from.at<Text>(i), to.at<Text>(i));
  });
}

constexpr Operation all[] = {
    {"=", "ss", 'b', equal},
    {"!=", "ss", 'b', not_equal},
    {"<", "ss", 'b', less},
    {"<=", "ss", 'b', less_or_equal},
    {">", "ss", 'b', greater},
    {">=", "ss", 'b', greater_or_equal},
    {"||", "ss", 's', join},
    {"contains", "ss", 'b', contains},
    {"ends_with", "ss", 'b', ends_with},
    {"length", "s", 'i', length},
    {"lower", "s", 's', change_case<'A', 'Z', 'a'>},
    {"replace", "sss", 's', replace},
    {"starts_with", "ss", 'b', starts_with},
    {"substr", "si", 's', rest},
    {"substr", "sii", 's', substr},
    {"trim", "s", 's', trim},
    {"upper", "s", 's', change_case<'a', 'z', 'A'>},
};

}  // namespace

std::span<const Operation> text_operations() {
  return all;
}

}  // namespace tine::mining
