// Which of some constants a value is, and which pattern.
#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "operation.hpp"

namespace tine::mining {

namespace {

using Bool = std::uint8_t;
using Text = std::string_view;

/// As many as are faster compared with one by one.
constexpr std::size_t few = 12;

template <class T>
struct Set {
  std::vector<T> values;  // sorted
  bool has(const T& x) const { return std::ranges::binary_search(values, x) && x == x; }
};
template <>
struct Set<Text> {
  std::vector<Text> values;
  std::unordered_set<Text> hashed;
  bool has(const Text& x) const { return hashed.contains(x); }
};

template <class T>
std::shared_ptr<const void> make_set(Constants constants) {
  auto set = std::make_shared<Set<T>>();
  for (const Argument& constant : constants) {
    const T& value = constant.at<T>(0);
    if (value == value) set->values.push_back(value);  // NaN is equal to nothing
  }
  std::ranges::sort(set->values);
  set->values.erase(std::unique(set->values.begin(), set->values.end()), set->values.end());
  if constexpr (std::is_same_v<T, Text>)
    if (set->values.size() > few) set->hashed.insert(set->values.begin(), set->values.end());
  return set;
}
template <class T>
void is_in(Call& call) {
  const auto& set = *static_cast<const Set<T>*>(call.prepared);
  const T* __restrict x = call.arguments[0].as<T>();
  Bool* __restrict r = call.result<Bool>();
  const std::size_t rows = call.rows;  // which bytes cannot be thought to overwrite
  if (set.values.size() > few) {
    for (std::size_t i = 0; i < rows; ++i) r[i] = set.has(x[i]);
    return;
  }
  std::memset(r, 0, rows);
  for (const T value : set.values)
    for (std::size_t i = 0; i < rows; ++i) r[i] = static_cast<Bool>(r[i] | (x[i] == value));
}

/// A pattern, cut at each %. Its parts follow one another, the first at the front and the last at the end.
struct Pattern {
  struct Character {
    char c;
    bool any;  // one code point, whichever
  };
  using Part = std::vector<Character>;
  std::vector<Part> parts{{}};
  std::vector<std::string> literal;  // of the parts; empty when some have `any`
};

std::shared_ptr<const void> make_pattern(Constants constants) {
  auto pattern = std::make_shared<Pattern>();
  const Text text = constants[0].at<Text>(0);
  bool literal = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      pattern->parts.emplace_back();
      continue;
    }
    const bool escaped = text[i] == '\\' && i + 1 < text.size() &&
                         (text[i + 1] == '%' || text[i + 1] == '_' || text[i + 1] == '\\');
    if (escaped) ++i;
    const bool any = !escaped && text[i] == '_';
    literal &= !any;
    pattern->parts.back().push_back({text[i], any});
  }
  if (literal)
    for (const Pattern::Part& part : pattern->parts) {
      std::string& bytes = pattern->literal.emplace_back();
      for (const Pattern::Character character : part) bytes += character.c;
    }
  return pattern;
}

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}
std::size_t next_code_point(Text text, std::size_t at) {
  do ++at;
  while (at < text.size() && continues(text[at]));
  return at;
}
/// Where the part that begins at `at` ends there; npos where it does not match.
std::size_t match_at(Text text, std::size_t at, const Pattern::Part& part) {
  for (const Pattern::Character expected : part) {
    if (at >= text.size()) return Text::npos;
    if (!expected.any && text[at] != expected.c) return Text::npos;
    at = expected.any ? next_code_point(text, at) : at + 1;
  }
  return at;
}
/// The last part, after `at` at the earliest.
bool matches_end(Text text, std::size_t at, const Pattern::Part& part) {
  // As many code points from the end as the part has characters, of which those of literal ones are bytes.
  std::size_t begin = text.size();
  for (auto expected = part.rbegin(); expected != part.rend(); ++expected) {
    if (begin == at) return false;
    --begin;
    if (expected->any) {
      while (begin > at && continues(text[begin])) --begin;
    } else if (text[begin] != expected->c) {
      return false;
    }
  }
  return true;
}
bool matches(Text text, const Pattern& pattern) {
  const auto& parts = pattern.parts;
  std::size_t at = match_at(text, 0, parts.front());
  if (at == Text::npos) return false;
  if (parts.size() == 1) return at == text.size();
  // What is between two % is best found as early as it can be.
  for (std::size_t i = 1; i + 1 < parts.size(); ++i) {
    std::size_t end;
    while ((end = match_at(text, at, parts[i])) == Text::npos) {
      if (at >= text.size()) return false;
      at = next_code_point(text, at);
    }
    at = end;
  }
  return matches_end(text, at, parts.back());
}
bool matches_literal(Text text, const std::vector<std::string>& parts) {
  if (parts.size() == 1) return text == parts.front();
  const std::string &front = parts.front(), &back = parts.back();
  if (text.size() < front.size() + back.size() || !text.starts_with(front) || !text.ends_with(back))
    return false;
  text = text.substr(front.size(), text.size() - front.size() - back.size());
  for (std::size_t i = 1; i + 1 < parts.size(); ++i) {
    if (parts[i].empty()) continue;
    const void* const found = memmem(text.data(), text.size(), parts[i].data(), parts[i].size());
    if (found == nullptr) return false;
    text.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) +
                       parts[i].size());
  }
  return true;
}
void like(Call& call) {
  const auto& pattern = *static_cast<const Pattern*>(call.prepared);
  const Text* const x = call.arguments[0].as<Text>();
  Bool* const r = call.result<Bool>();
  if (!pattern.literal.empty())
    for (std::size_t i = 0; i < call.rows; ++i) r[i] = matches_literal(x[i], pattern.literal);
  else
    for (std::size_t i = 0; i < call.rows; ++i) r[i] = matches(x[i], pattern);
}

constexpr Operation all[] = {
    {"in", "b", 'b', is_in<Bool>, true, make_set<Bool>},
    {"in", "i", 'b', is_in<std::int64_t>, true, make_set<std::int64_t>},
    {"in", "f", 'b', is_in<double>, true, make_set<double>},
    {"in", "s", 'b', is_in<Text>, true, make_set<Text>},
    {"in", "d", 'b', is_in<std::int64_t>, true, make_set<std::int64_t>},
    {"in", "t", 'b', is_in<std::int64_t>, true, make_set<std::int64_t>},
    {"like", "s", 'b', like, true, make_pattern},
};

}  // namespace

std::span<const Operation> membership_operations() {
  return all;
}

}  // namespace tine::mining
