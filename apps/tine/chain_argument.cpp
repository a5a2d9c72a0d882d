#include "chain_argument.hpp"

#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tine/error.hpp>

#include "exit.hpp"

namespace tine::app {

namespace {

using nlohmann::json;

std::string value_text(const json& value) {
  if (value.is_string()) {
    const auto text = value.get<std::string>();
    return text.find_first_of(" \t\n\r|=") == text.npos ? text : '"' + text + '"';
  }
  const std::string text = value.dump();
  return value.is_array() ? text.substr(1, text.size() - 2) : text;  // a list: without brackets
}

// {"gaussian": {"sigma": 2}} or "sobel", as a step of a chain's text.
std::string step_text(const json& step) {
  if (step.is_string()) return step.get<std::string>();
  if (!step.is_object() || step.size() != 1 || !step.begin()->is_object())
    throw UsageError(fmt::format(
        "{} is no step of a chain; one is \"sobel\" or {{\"gaussian\": {{\"sigma\": 2}}}}",
        step.dump()));
  std::string text = step.begin().key();
  for (const auto& [name, value] : step.begin()->items())
    text += ' ' + name + '=' + value_text(value);
  return text;
}

std::string text_of_file(const std::string& name) {
  std::ifstream file(name);
  if (!file) throw UsageError(fmt::format("the chain {} cannot be read", name));
  try {
    const json steps = json::parse(file);
    if (!steps.is_array() || steps.empty())
      throw UsageError(fmt::format("{} is no list of steps: [\"gray\", \"equalize\"]", name));
    std::string text;
    for (const json& step : steps) text += (text.empty() ? "" : " | ") + step_text(step);
    return text;
  } catch (const json::exception& error) {
    throw UsageError(fmt::format("{} is no JSON: {}", name, error.what()));
  }
}

// What a parameter can be, the default first.
std::string words_of(const image::Parameter& parameter) {
  std::string first, others;
  for (const image::Choice& choice : parameter.choices)
    if (choice.value == parameter.fallback)
      first = choice.name;
    else
      others += fmt::format(", {}", choice.name);
  return first + others;
}

std::string range_of(const image::Parameter& p) {
  if (p.kind == image::Parameter::Kind::choice) return words_of(p);
  if (p.kind == image::Parameter::Kind::file) return "the name of a file, in quotes if need be";
  return fmt::format("{} to {}{}{}{}", p.low, p.high, p.unit.empty() ? "" : " ", p.unit,
                     p.kind == image::Parameter::Kind::odd    ? ", odd"
                     : p.kind == image::Parameter::Kind::list ? " each, joined by commas"
                                                              : "");
}

// A value that shows what the parameter is for: not the default, if there is another near it.
std::string example_of(const image::Parameter& p) {
  if (p.kind == image::Parameter::Kind::choice) return std::string(p.choices.back().name);
  if (p.kind == image::Parameter::Kind::file) return fmt::format("{}.{}", p.name, p.unit);
  if (p.kind == image::Parameter::Kind::list) return "0,-1,0,-1,5,-1,0,-1,0";
  const double more = p.kind != image::Parameter::Kind::real ? p.fallback + 2
                      : p.fallback == 0                      ? 0.5
                                                             : p.fallback * 2;
  return fmt::format("{}", more <= p.high && more > p.fallback ? more : p.fallback);
}

}  // namespace

image::Chain chain_argument(const std::string& text) {
  try {
    return image::Chain::parse(text.starts_with('@') ? text_of_file(text.substr(1)) : text);
  } catch (const InvalidArgument& error) {
    throw UsageError(error.what());
  }
}

std::string list_of_operations() {
  std::string text;
  for (const image::Operation* operation : image::operations())
    text += fmt::format("{:<20}{}\n", operation->name, operation->help);
  return text;
}

std::string help_on_operation(const std::string& name) {
  const image::Operation* operation = image::find_operation(name);
  if (operation == nullptr) return {};
  std::string text = fmt::format("{}: {}\n", operation->name, operation->help);
  std::string step(operation->name);
  if (!operation->parameters.empty()) {
    text += "\nParameters, by name or in this order:\n";
    for (const image::Parameter& p : operation->parameters) {
      text +=
          fmt::format("  {:<14}{}\n  {:<14}{}{}\n", p.name, p.help, "", range_of(p),
                      p.kind == image::Parameter::Kind::choice ? " [the first]"
                      : p.kind == image::Parameter::Kind::file ? ""
                                                               : fmt::format(" [{}]", p.fallback));
    }
    step +=
        fmt::format(" {}={}", operation->parameters[0].name, example_of(operation->parameters[0]));
  }
  image::Values values;
  for (std::size_t i = 0; i < operation->parameters.size(); ++i)
    values.number[i] = operation->parameters[i].fallback;
  const image::Accepts accepts = operation->accepts(values);
  text += fmt::format("\nTakes {}.\n", image::to_string(accepts));
  // A chain that works on photographs, and a file that holds what it makes of them.
  const bool colour = (accepts.channels >> 3 & 1) != 0;
  const int input = colour ? CV_8UC3 : CV_8UC1;
  const int depth =
      CV_MAT_DEPTH(operation->output_type != nullptr ? operation->output_type(input) : input);
  text += fmt::format("\nExample:\n  tine image \"{}{}\" photo.jpg -o result.{}\n",
                      colour ? "" : "gray | ", step,
                      depth == CV_8U    ? "png"
                      : depth == CV_32F ? "tiff"
                                        : "npy");
  if (operation->list != nullptr)
    text +=
        fmt::format("  tine image \"{}{}\" photo.jpg -o result.json    (or result.csv: the list)\n",
                    colour ? "" : "gray | ", step);
  return text;
}

}  // namespace tine::app
