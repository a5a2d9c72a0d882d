// Chains from text:
//
//   chain     = operation { "|" operation }
//   operation = name { value | parameter "=" value }
//   value     = number | word
//
// Within double quotes all characters are a part of the word: template="a | b.png". Names may be two words ("threshold otsu"); the longer name wins.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

#include <tine/error.hpp>
#include <tine/image/chain.hpp>

#include "text.hpp"

namespace tine::image {

namespace {

// The first of these characters that is not in quotes; npos without one.
std::size_t find_unquoted(std::string_view text, std::string_view characters, std::size_t begin) {
  bool quoted = false;
  for (std::size_t i = begin; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (!quoted && characters.find(text[i]) != characters.npos) return i;
  }
  return text.npos;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t end = find_unquoted(text, separators, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == text.npos) return parts;
    begin = end + 1;
  }
}

std::vector<std::string_view> words_of(std::string_view text) {
  auto words = split(text, " \t\n\r");
  std::erase(words, std::string_view{});
  return words;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::string quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

std::string or_nearest(std::string_view word, std::span<const std::string_view> candidates,
                       const char* otherwise) {
  const std::string_view meant = nearest(word, candidates);
  if (!meant.empty()) return "; did you mean " + quoted(meant) + "?";
  std::string text = otherwise;
  for (std::size_t i = 0; i < candidates.size(); ++i)
    text += (i == 0 ? "" : ", ") + std::string(candidates[i]);
  return text;
}

const Operation& operation_in(std::span<const std::string_view>& words) {
  if (words.size() >= 2) {
    const std::string two = std::string(words[0]) + ' ' + std::string(words[1]);
    if (const Operation* found = find_operation(two)) {
      words = words.subspan(2);
      return *found;
    }
  }
  const std::string_view name = words[0];
  words = words.subspan(1);
  if (const Operation* found = find_operation(name)) return *found;
  std::vector<std::string_view> names;
  for (const Operation* operation : operations()) names.push_back(operation->name);
  throw InvalidArgument("there is no operation " + quoted(name) +
                        or_nearest(name, names, "; there are: "));
}

std::optional<std::vector<double>> list_of(std::string_view text) {
  std::vector<double> numbers;
  for (std::string_view part : split(text, ",")) {
    const auto value = number(part);
    if (!value) return std::nullopt;
    numbers.push_back(*value);
  }
  return numbers;
}

// The name of a file. Quotes are around all of it, if there are any.
std::optional<std::string_view> file_of(std::string_view text) {
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"'))
    text = text.substr(1, text.size() - 2);
  const bool good = !text.empty() && text.find('"') == text.npos;
  return good ? std::optional(text) : std::nullopt;
}

// A number, or a word that the parameter takes for one; of a list, how many there are.
std::optional<double> value_for(const Parameter& parameter, std::string_view text) {
  if (parameter.kind == Parameter::Kind::file)
    return file_of(text) ? std::optional(parameter.fallback) : std::nullopt;
  if (parameter.kind == Parameter::Kind::list) {
    const auto list = list_of(text);
    return list ? std::optional(static_cast<double>(list->size())) : std::nullopt;
  }
  for (const Choice& choice : parameter.choices)
    if (choice.name == text) return choice.value;
  if (parameter.kind == Parameter::Kind::choice) return std::nullopt;
  return number(text);
}

[[noreturn]] void bad_value(const std::string& name, const Parameter& parameter,
                            std::string_view text, std::string_view word) {
  if (parameter.kind == Parameter::Kind::list)
    throw InvalidArgument(name + ": " + quoted(text) + " is no list of numbers as in " +
                          std::string(parameter.name) + "=0,1,0.5");
  if (parameter.kind == Parameter::Kind::file)
    throw InvalidArgument(name + ": " + std::string(text) + " is no file name, in " +
                          std::string(word));
  if (parameter.kind != Parameter::Kind::choice)
    throw InvalidArgument(name + ": " + quoted(text) + " is not a number, in " + quoted(word));
  std::vector<std::string_view> names;
  for (const Choice& choice : parameter.choices) names.push_back(choice.name);
  throw InvalidArgument(name + ": " + std::string(parameter.name) + " cannot be " + quoted(text) +
                        or_nearest(text, names, "; it is one of: "));
}

// A word that is neither a value nor name=value.
[[noreturn]] void bad_word(const Operation& operation, std::string_view word) {
  std::vector<std::string_view> meant;
  for (const Operation* other : operations())
    if (other->name.starts_with(std::string(operation.name) + ' ')) meant.push_back(other->name);
  const std::string both = std::string(operation.name) + ' ' + std::string(word);
  if (const auto near = nearest(both, meant); !near.empty())
    throw InvalidArgument("there is no operation " + quoted(both) + "; did you mean " +
                          quoted(near) + "?");
  throw InvalidArgument(std::string(operation.name) + ": " + quoted(word) +
                        " is not a number, nor a parameter with its value as in name=2");
}

Chain parse_step(std::span<const std::string_view> words) {
  const Operation& operation = operation_in(words);
  const auto parameters = operation.parameters;
  const std::string name(operation.name);
  std::array<std::optional<double>, Values::capacity> given;
  std::vector<double> list;
  std::string_view file;
  std::size_t next = 0;
  for (std::string_view word : words) {
    const std::size_t equals = find_unquoted(word, "=", 0);
    std::size_t which = next;
    if (equals == word.npos) {
      const bool fits = next < parameters.size() && value_for(parameters[next], word);
      if (!fits && !number(word)) bad_word(operation, word);
      if (next++ >= parameters.size())
        throw InvalidArgument(name +
                              (parameters.empty() ? " takes no parameters, but there is "
                                                  : " has no parameter left for ") +
                              quoted(word));
    } else {
      std::vector<std::string_view> names;
      for (const Parameter& parameter : parameters) names.push_back(parameter.name);
      const std::string_view key = word.substr(0, equals);
      for (which = 0; which < names.size() && names[which] != key;) ++which;
      if (names.empty())
        throw InvalidArgument(name + " takes no parameters, but there is " + quoted(word));
      if (which == names.size())
        throw InvalidArgument(name + " has no parameter " + quoted(key) +
                              or_nearest(key, names, "; it has: "));
    }
    const std::string_view digits = equals == word.npos ? word : word.substr(equals + 1);
    const auto value = value_for(parameters[which], digits);
    if (!value) bad_value(name, parameters[which], digits, word);
    if (given[which])
      throw InvalidArgument(name + ": " + std::string(parameters[which].name) + " is given twice");
    given[which] = value;
    if (parameters[which].kind == Parameter::Kind::list) list = *list_of(digits);
    if (parameters[which].kind == Parameter::Kind::file) file = *file_of(digits);
  }
  std::array<double, Values::capacity> values{};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].kind == Parameter::Kind::file && !given[i])
      throw InvalidArgument(name + " needs a file: " + std::string(parameters[i].name) + "=NAME." +
                            std::string(parameters[i].unit));
    values[i] = given[i].value_or(parameters[i].fallback);
  }
  return Chain::of(name, std::span(values).first(parameters.size()), list, file);
}

}  // namespace

Chain Chain::parse(std::string_view text) {
  if (words_of(text).empty())
    throw InvalidArgument("the chain is empty; try \"gaussian sigma=2 | sobel\"");
  if (std::count(text.begin(), text.end(), '"') % 2 != 0)
    throw InvalidArgument("a quote is not closed in " + std::string(text));
  Chain chain;
  for (std::string_view part : split(text, "|")) {
    const auto words = words_of(part);
    if (words.empty())
      throw InvalidArgument("an operation is missing beside a \"|\" in \"" + std::string(text) +
                            "\"");
    chain = std::move(chain) | parse_step(words);
  }
  return chain;
}

}  // namespace tine::image
