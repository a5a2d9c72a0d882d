#include "mine_columns.hpp"

#include <charconv>
#include <utility>

namespace tine::app {

using mining::ResultColumn;
using mining::Type;

ResultColumn real_column(std::string name, std::span<const double> values) {
  return {.name = std::move(name),
          .type = Type::real,
          .reals = {values.begin(), values.end()},
          .nulls = std::vector<std::uint8_t>(values.size())};
}

ResultColumn integer_column(std::string name, std::span<const std::uint32_t> values) {
  return {.name = std::move(name),
          .type = Type::integer,
          .integers = {values.begin(), values.end()},
          .nulls = std::vector<std::uint8_t>(values.size())};
}

ResultColumn class_column(std::string name, std::span<const std::uint32_t> labels,
                          const std::vector<std::string>& classes, Type type) {
  ResultColumn column{
      .name = std::move(name), .type = type, .nulls = std::vector<std::uint8_t>(labels.size())};
  std::vector<std::int64_t> numbers(classes.size());
  for (std::size_t i = 0; i < classes.size() && type != Type::text; ++i) {
    const std::string& text = classes[i];
    if (type == Type::boolean)
      numbers[i] = text == "true" ? 1 : 0;
    else
      std::from_chars(text.data(), text.data() + text.size(), numbers[i]);
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const bool known = labels[i] < classes.size();
    column.nulls[i] = known ? 0 : 1;
    if (type == Type::text)
      column.texts.push_back(known ? classes[labels[i]] : "");
    else
      column.integers.push_back(known ? numbers[labels[i]] : 0);
  }
  return column;
}

}  // namespace tine::app
