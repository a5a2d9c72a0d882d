#include "scan_settings.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

namespace tine::app {

void add_scan_options(CLI::App& command, ScanSettings& s) {
  const auto clause = [&](const char* name, std::string& text, const char* what,
                          const char* about) {
    command.add_option(name, text, about)->type_name(what);
  };
  clause("--select", s.query.select, "LIST",
         "Expressions, each perhaps 'as name' [default: all columns]");
  clause("--where", s.query.where, "CONDITION", "Which rows are looked at");
  clause("--group-by", s.query.group_by, "LIST", "Expressions whose values make the groups");
  clause("--agg", s.query.aggregates, "LIST",
         "What is computed of each group, or of all rows: count, sum(x), mean(x), min(x), p95(x), "
         "...");
  clause("--order-by", s.query.order_by, "LIST",
         "Columns of the result; -name begins with the largest");
  command.add_option("--limit", s.query.limit, "At most so many rows of the result")
      ->type_name("N")
      ->check([](const std::string& text) {
        const bool number =
            !text.empty() && text.find_first_not_of("0123456789") == text.npos && text.size() < 19;
        return number ? "" : text + " is no number of rows";
      });
  CLI::Option* explain =
      command.add_flag("--explain", s.explain, "Show how it would be done, and do nothing");
  command.add_flag("--schema", s.schema, "Show the columns and their types only")
      ->excludes(explain);

  add_table_file_options(command, s.table);
  add_row_output_options(command, s.output);
  command.add_flag("--force", s.force, "Replace an output that exists");
}

std::string options_with(const ScanSettings& settings, const std::string& text) {
  std::vector<const char*> names;
  const mining::Query& q = settings.query;
  for (const auto& [name, clause] : {std::pair{"--select", &q.select},
                                     {"--where", &q.where},
                                     {"--group-by", &q.group_by},
                                     {"--agg", &q.aggregates},
                                     {"--order-by", &q.order_by}})
    if (*clause == text) names.push_back(name);
  return names.empty() ? "the query" : fmt::format("{}", fmt::join(names, " or "));
}

}  // namespace tine::app
