#include "scan_settings.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

namespace tine::app {

void add_scan_options(CLI::App& command, ScanSettings& s) {
  const auto clause = [&](const char* name, std::string& text, const char* what,
                          const char* about) {
    return command.add_option(name, text, about)->type_name(what);
  };
  CLI::Option* join = clause("--join", s.table.join, "FILE",
                             "Rows of this table that go with each row; it must fit into memory");
  CLI::Option* on = clause("--on", s.query.join.on, "LIST",
                           "By which columns: id, or customer = id where the names differ");
  join->needs(on);
  on->needs(join);
  command
      .add_flag("--left", s.query.join.left, "Keep rows that none of the joined table goes with")
      ->needs(join);
  std::vector<CLI::Option*> clauses = {join};
  const auto query_clause = [&](const char* name, std::string& text, const char* what,
                                const char* about) {
    return clauses.emplace_back(clause(name, text, what, about));
  };
  query_clause("--where", s.query.where, "CONDITION", "Which rows are looked at");
  CLI::Option* sample =
      query_clause("--sample", s.query.sample, "N|P%",
                   "Only so many of these rows, or such a part of them, chosen at random");
  command.add_option("--seed", s.query.seed, "Of the sample: another number, other rows")
      ->type_name("N")
      ->capture_default_str()
      ->needs(sample);
  query_clause("--select", s.query.select, "LIST",
               "Expressions, each perhaps 'as name' [default: all columns]");
  query_clause("--group-by", s.query.group_by, "LIST", "Expressions whose values make the groups");
  query_clause("--agg", s.query.aggregates, "LIST",
               "What is computed of each group, or of all rows: count, sum(x), mean(x), min(x), "
               "p95(x), ...");
  query_clause(
      "--histogram", s.query.histogram, "LIST",
      "How many values lie in each of some equal bins: x, 20, or within a range: x, 20, 0, "
      "100");
  query_clause("--order-by", s.query.order_by, "LIST",
               "Columns of the result; -name begins with the largest");
  clauses.push_back(
      command.add_option("--limit", s.query.limit, "At most so many rows of the result"));
  clauses.back()->type_name("N")->check([](const std::string& text) {
    const bool number =
        !text.empty() && text.find_first_not_of("0123456789") == text.npos && text.size() < 19;
    return number ? "" : text + " is no number of rows";
  });
  CLI::Option* explain =
      command.add_flag("--explain", s.explain, "Show how it would be done, and do nothing");
  CLI::Option* schema =
      command.add_flag("--schema", s.schema, "Show the columns of the file and their types only");
  schema->excludes(explain);
  for (CLI::Option* one : clauses) schema->excludes(one);

  add_table_file_options(command, s.table);
  command
      .add_option("--join-types", s.table.join_types, "The same as --types, of the joined table")
      ->type_name("LIST")
      ->needs(join);
  add_row_output_options(command, s.output);
  command.add_flag("--force", s.force, "Replace an output that exists");
}

std::string options_with(const ScanSettings& settings, const std::string& text) {
  std::vector<const char*> names;
  const mining::Query& q = settings.query;
  for (const auto& [name, clause] : {std::pair{"--on", &q.join.on},
                                     {"--sample", &q.sample},
                                     {"--histogram", &q.histogram},
                                     {"--select", &q.select},
                                     {"--where", &q.where},
                                     {"--group-by", &q.group_by},
                                     {"--agg", &q.aggregates},
                                     {"--order-by", &q.order_by}})
    if (*clause == text) names.push_back(name);
  return names.empty() ? "the query" : fmt::format("{}", fmt::join(names, " or "));
}

}  // namespace tine::app
