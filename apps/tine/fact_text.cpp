#include "fact_text.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "text_output.hpp"
#include "utf8.hpp"

namespace tine::app {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_columns = 14;  // of a table

std::string label_of(std::string name) {
  std::ranges::replace(name, '_', ' ');
  return printable(name);
}

std::string text_of(const Json& value) {
  if (value.is_string()) return printable(value.get<std::string>());
  if (value.is_number_float()) return fmt::format("{:.7g}", value.get<double>());
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_null()) return "-";
  if (!value.is_array()) return printable(value.dump());
  std::string list;
  for (const Json& one : value) list += (list.empty() ? "" : ", ") + text_of(one);
  return list;
}

bool is_table(const Json& value) {
  return value.is_array() && !value.empty() &&
         std::ranges::all_of(value, [](const Json& row) { return row.is_object(); });
}

std::string padded(const std::string& text, std::size_t width, bool to_the_right) {
  const std::string blanks(width - std::min(width, code_points(text)), ' ');
  return to_the_right ? blanks + text : text + blanks;
}

// A row without objects in it: their members are cells as well.
Json flat(const Json& row) {
  Json cells = Json::object();
  for (const auto& [key, value] : row.items())
    if (value.is_object())
      for (const auto& [inner, cell] : value.items()) cells[inner] = cell;
    else
      cells[key] = value;
  return cells;
}

// The keys of its first row are its columns.
std::string table_of(const Json& rows) {
  std::vector<std::vector<std::string>> lines(1);
  std::vector<bool> numbers;
  const Json first = flat(rows.front());
  for (const auto& [key, value] : first.items()) {
    lines.front().push_back(printable(key));
    numbers.push_back(value.is_number());
  }
  const std::size_t columns = numbers.size();
  for (const Json& row : rows) {
    auto& line = lines.emplace_back();
    const Json cells = flat(row);
    for (const auto& [key, value] : first.items())
      line.push_back(cells.contains(key) ? text_of(cells[key]) : "");
  }
  if (columns > most_columns)
    for (auto& line : lines) {
      line.resize(most_columns);
      line.back() = "…";
    }
  std::vector<std::size_t> widths(lines.front().size());
  for (const auto& line : lines)
    for (std::size_t c = 0; c < line.size(); ++c)
      widths[c] = std::max(widths[c], code_points(line[c]));
  std::string text;
  for (const auto& line : lines) {
    std::string row;
    for (std::size_t c = 0; c < line.size(); ++c)
      row += "  " + padded(line[c], widths[c], numbers[c]);
    text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

}  // namespace

std::string fact_text(const Json& facts) {
  std::size_t width = 0;
  for (const auto& [name, value] : facts.items())
    if (!is_table(value)) width = std::max(width, code_points(label_of(name)));
  std::string text;
  for (const auto& [name, value] : facts.items()) {
    if (is_table(value))
      text += label_of(name) + "\n" + table_of(value);
    else
      text += padded(label_of(name), width, false) + "  " + text_of(value) + "\n";
  }
  return text;
}

}  // namespace tine::app
