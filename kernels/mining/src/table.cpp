#include <tine/mining/table.hpp>

#include <algorithm>

#include <tine/error.hpp>

namespace tine::mining {

namespace {

bool goes_with(Type type, const Column::Values& values) {
  const auto holds = [&]<class... T>() {
    return (std::holds_alternative<Array<T>>(values) || ...);
  };
  switch (type) {
    case Type::boolean:
      return holds.operator()<std::uint8_t>();
    case Type::integer:
      return holds.operator()<std::int32_t, std::int64_t>();
    case Type::real:
      return holds.operator()<float, double>();
    case Type::text:
      return holds.operator()<std::uint32_t>();
    case Type::date:
    case Type::datetime:
      return holds.operator()<std::int64_t>();
  }
  return false;
}

}  // namespace

void Table::add(std::string name, Column column) {
  const auto refuse = [&](const std::string& why) {
    throw InvalidArgument("tine::mining::Table: column " + name + " " + why);
  };
  const std::size_t rows =
      std::visit([](const auto& values) { return values.size(); }, column.values);
  if (!goes_with(column.type, column.values))
    refuse("has values that are not stored as type " + std::string(to_string(column.type)) + " is");
  if (!columns_.empty() && rows != rows_)
    refuse("has " + std::to_string(rows) + " values, and the others have " + std::to_string(rows_));
  if (!column.nulls.empty() && column.nulls.size() != rows)
    refuse("has " + std::to_string(column.nulls.size()) + " marks of missing values for " +
           std::to_string(rows) + " values");
  if (std::ranges::find(schema_, name, &Field::name) != schema_.end()) refuse("is there already");
  std::uint64_t end = 0;
  for (const std::uint64_t next : column.dictionary.ends) {
    if (next < end || next > column.dictionary.bytes.size())
      refuse("has a dictionary that does not fit");
    end = next;
  }
  rows_ = rows;
  schema_.push_back({std::move(name), column.type});
  columns_.push_back(std::move(column));
}

}  // namespace tine::mining
