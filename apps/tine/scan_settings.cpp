#include "scan_settings.hpp"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "csv_options.hpp"
#include "exit.hpp"
#include "nearest.hpp"

namespace tine::app {

namespace {

constexpr std::string_view row_formats[] = {"table", "csv", "json", "jsonl"};  // as in RowFormat

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts(1);
  for (const char c : list) {
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

// Those behind commas.
std::string without_blanks_before(const std::string& text) {
  return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

mining::Type type_named(const char* option, const std::string& name) {
  if (const auto type = mining::parse_type(name)) return *type;
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < mining::type_count; ++i)
    names.push_back(mining::to_string(static_cast<mining::Type>(i)));
  throw UsageError(fmt::format("{}: {} is no type{}", option, name, or_nearest(name, names)));
}

// "a=int,b=string". A comma without an equals sign after it belongs to a name.
std::map<std::string, mining::Type> column_types(const char* option, const std::string& list) {
  std::map<std::string, mining::Type> types;
  if (list.empty()) return types;
  std::string column;
  for (const std::string& part : split(list)) {
    column += column.empty() ? without_blanks_before(part) : part;
    const std::size_t equals = column.rfind('=');
    if (equals == column.npos) {
      column += ',';
      continue;
    }
    if (!types.emplace(column.substr(0, equals), type_named(option, column.substr(equals + 1)))
             .second)
      throw UsageError(fmt::format("{} names {} twice", option, column.substr(0, equals)));
    column.clear();
  }
  if (!column.empty())
    throw UsageError(fmt::format(
        "{} {}: there is no =TYPE at its end; it is written a=int,b=string", option, list));
  return types;
}

}  // namespace

void add_scan_options(CLI::App& command, ScanSettings& s) {
  command
      .add_option(
          "FILE", s.file,
          "CSV, TSV, .npy or HDF5 (file.h5:/dataset), perhaps in .gz or .zst; - is standard "
          "input")
      ->required();
  const auto clause = [&](const char* name, std::string& text, const char* what,
                          const char* about) {
    return command.add_option(name, text, about)->type_name(what);
  };
  CLI::Option* join = clause("--join", s.join, "FILE",
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

  command
      .add_option("--types", s.types,
                  "Types of columns that are not to be inferred: a=int,b=string; "
                  "there are bool, int, float, string, date and datetime")
      ->type_name("LIST");
  command.add_option("--join-types", s.join_types, "The same, of the joined table")
      ->type_name("LIST")
      ->needs(join);
  CLI::Option* nulls = command.add_option(
      "--nulls", s.nulls,
      "Words for missing values in columns that are not text, beside nothing [default: "
      "NA,N/A,NULL,null,None,\\N]");
  nulls->type_name("LIST")->each([&s](const std::string&) { s.nulls_given = true; });
  command.add_option(
      "--delimiter", s.delimiter,
      "Of CSV: a character, or tab or space [default: what the first lines have most of]");
  add_header_option(command, s.header);
  command.add_flag("--skip-bad", s.skip_bad,
                   "Count broken rows and leave them out; else the first one ends it");

  command.add_option("-o,--output", s.output, "The file to write; - is standard output")
      ->type_name("FILE")
      ->capture_default_str();
  CLI::Option* to = command.add_option(
      "--to", s.to,
      "Format of the output: table, csv, json or jsonl [default: by its extension; a "
      "table on a terminal; else csv]");
  to->type_name("FORMAT");
  CLI::Option* json = command.add_flag("--json", s.json, "--to json: one array of objects");
  CLI::Option* jsonl = command.add_flag("--jsonl", s.jsonl, "--to jsonl: an object on each line");
  CLI::Option* csv = command.add_flag("--csv", s.csv, "--to csv");
  json->excludes(to)->excludes(jsonl)->excludes(csv);
  jsonl->excludes(to)->excludes(csv);
  csv->excludes(to);
  command.add_flag("--force", s.force, "Replace an output that exists");

  add_file_pool_options(command, s.pool);
  command
      .add_option("--memory", s.memory,
                  "What the query may take, such as 512M [default: half of what is free]")
      ->transform(CLI::AsSizeValue(false));
  add_progress_option(command, s.progress);
}

mining::CsvOptions csv_options(const ScanSettings& settings, const char* option,
                               const std::string& types) {
  mining::CsvOptions options;
  options.delimiter = delimiter_named(settings.delimiter);
  options.header = settings.header;
  options.types = column_types(option, types);
  if (settings.nulls_given) {
    options.nulls = split(settings.nulls);
    for (std::string& word : options.nulls) word = without_blanks_before(word);
  }
  options.skip_bad = settings.skip_bad;
  return options;
}

RowFormat row_format(const ScanSettings& settings) {
  if (settings.json) return RowFormat::json;
  if (settings.jsonl) return RowFormat::jsonl;
  if (settings.csv) return RowFormat::csv;
  if (!settings.to.empty()) {
    const auto found = std::ranges::find(row_formats, settings.to);
    if (found == std::end(row_formats))
      throw UsageError(
          fmt::format("--to {} is no format{}", settings.to, or_nearest(settings.to, row_formats)));
    return static_cast<RowFormat>(found - row_formats);
  }
  if (settings.output == "-") return isatty(STDOUT_FILENO) != 0 ? RowFormat::table : RowFormat::csv;
  if (settings.output.ends_with(".gz") || settings.output.ends_with(".zst"))
    throw UsageError(fmt::format("{}: outputs are not compressed; a pipe into gzip or zstd is",
                                 settings.output));
  if (settings.output.ends_with(".json")) return RowFormat::json;
  if (settings.output.ends_with(".jsonl") || settings.output.ends_with(".ndjson"))
    return RowFormat::jsonl;
  return RowFormat::csv;
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
