#include <functional>

#include <tine/mining/query.hpp>

#include "../csv/csv_file.hpp"
#include "../join/joined_source.hpp"
#include "../table_source.hpp"
#include "plan.hpp"

namespace tine::mining {

namespace {

std::string list_of(const std::string& clause) {
  std::string text;
  for (const Item& item : parse_list(clause)) {
    if (!text.empty()) text += ", ";
    text += to_string(*item.node);
    if (item.named) text += " as " + item.name;
  }
  return text;
}

std::string describe(const Source& source, const std::string& what, const Plan& plan,
                     const Query& query) {
  std::string text;
  const auto line = [&](std::string name, const std::string& value) {
    name.resize(10, ' ');
    text += name + value + "\n";
  };
  line("read", what + " in " + std::to_string(source.slices()) +
                   (source.slices() == 1 ? " slice" : " slices"));
  if (query.join.right != nullptr)
    line("join", "with a table of " + std::to_string(query.join.right->rows()) + " rows on " +
                     list_of(query.join.on) +
                     (query.join.left ? ", rows without a match too" : ""));
  std::string columns;
  for (const std::size_t i : plan.columns)
    columns += (columns.empty() ? "" : ", ") + source.schema()[i].name + " " +
               std::string(to_string(source.schema()[i].type));
  line("columns", (columns.empty() ? "none" : columns) + " (" +
                      std::to_string(plan.columns.size()) + " of " +
                      std::to_string(source.schema().size()) + ")");
  if (plan.where) line("filter", to_string(*parse_expression(query.where)));
  if (!plan.grouped()) line("select", query.select.empty() ? "all columns" : list_of(query.select));
  if (plan.sample) {
    const Sample& sample = *plan.sample;
    line("sample", (sample.rows == 0 ? query.sample + " of the rows"
                                     : std::to_string(sample.rows) +
                                           " rows; their numbers are found in a pass before") +
                       ", of seed " + std::to_string(sample.seed));
  }
  if (plan.histogram)
    line("count", "the values of " + to_string(*plan.histogram->value) + " in " +
                      std::to_string(plan.histogram->bins) + " equal bins" +
                      (plan.histogram->range ? "" : "; their range is found in a pass before"));
  if (!query.group_by.empty()) line("group", "by " + list_of(query.group_by));
  if (!query.aggregates.empty()) line("compute", list_of(query.aggregates));
  if (plan.grouped()) line("merge", "the groups of all slices, in the order of slices");
  if (!plan.order.empty()) {
    std::string order;
    for (const Plan::Order& by : plan.order)
      order += (order.empty() ? "" : ", ") + plan.fields[by.column].name +
               (by.descending ? " descending" : "");
    line("sort", "by " + order);
  } else if (!query.group_by.empty()) {
    line("sort", "by " + list_of(query.group_by));
  }
  if (plan.limit) line("keep", "the first " + std::to_string(*plan.limit) + " rows");
  std::string result;
  for (std::size_t i = 0; i < plan.fields.size() - plan.hidden; ++i)
    result += (result.empty() ? "" : ", ") + plan.fields[i].name + " " +
              std::string(to_string(plan.fields[i].type));
  line("result", result);
  return text;
}

}  // namespace

std::string explain(const PoolWith& on, const Table& table, const Query& query) {
  TableSource source(table);
  const JoinOf joined(on, source, query);
  return describe(joined.source(), "a table of " + std::to_string(table.rows()) + " rows",
                  make_plan(on, joined.source(), query), query);
}

std::string explain(const PoolWith& on, const FileSource& file, const CsvOptions& csv,
                    const Query& query) {
  CsvFile source(on, file, csv);
  const JoinOf joined(on, source, query);
  return describe(joined.source(),
                  file.name + ", " + std::to_string(source.size()) + " bytes of CSV",
                  make_plan(on, joined.source(), query), query);
}

}  // namespace tine::mining
