// Options that take one of some words.
#pragma once

#include <map>
#include <string>
#include <type_traits>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace tine::app {

/// For CLI::Option::transform(): makes words the values of an enum that they stand for. In place of
/// CLI::CheckedTransformer, which tells users of these values.
template <class T>
CLI::Validator choice(std::map<std::string, T> values) {
  const auto look_up = [values = std::move(values)](std::string& text) -> std::string {
    const auto found = values.find(text);
    if (found == values.end()) {
      std::string names;
      for (const auto& [name, value] : values) names += (names.empty() ? "" : ", ") + name;
      return fmt::format("{} is none of {}", text, names);
    }
    text = std::to_string(static_cast<std::underlying_type_t<T>>(found->second));
    return "";
  };
  return CLI::Validator(look_up, "");
}

}  // namespace tine::app
