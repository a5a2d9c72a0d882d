#include "table_file.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "csv_options.hpp"
#include "exit.hpp"
#include "interrupt.hpp"
#include "machine.hpp"
#include "nearest.hpp"
#include "text_output.hpp"

namespace tine::app {

namespace {

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

void add_table_file_options(CLI::App& command, TableFileSettings& s) {
  command
      .add_option(
          "FILE", s.file,
          "CSV, TSV, .npy or HDF5 (file.h5:/dataset), perhaps in .gz or .zst; - is standard "
          "input")
      ->required();
  command
      .add_option("--types", s.types,
                  "Types of columns that are not to be inferred: a=int,b=string; "
                  "there are bool, int, float, string, date and datetime")
      ->type_name("LIST");
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

  add_file_pool_options(command, s.pool);
  command
      .add_option("--memory", s.memory,
                  "What the query may take, such as 512M [default: half of what is free]")
      ->transform(CLI::AsSizeValue(false));
  add_progress_option(command, s.progress);
}

mining::CsvOptions csv_options(const TableFileSettings& settings) {
  mining::CsvOptions options;
  options.delimiter = delimiter_named(settings.delimiter);
  options.header = settings.header;
  options.types = column_types("--types", settings.types);
  if (settings.nulls_given) {
    options.nulls = split(settings.nulls);
    for (std::string& word : options.nulls) word = without_blanks_before(word);
  }
  options.skip_bad = settings.skip_bad;
  return options;
}

TableFile::TableFile(const TableFileSettings& settings, mining::CsvOptions csv)
    : csv_(std::move(csv)),
      memory_(settings.memory > 0 ? settings.memory : memory_for_a_file()),
      bar_(settings.progress, "bytes"),
      progress_([this](std::uint64_t done, std::uint64_t all) {
        bar_.update(done, all);
        check_interrupt();
      }),
      pool_(
          settings.pool, [] {}, room_for(temporary_file())),
      input_(settings.file, tasks_) {
  if (!settings.join.empty()) join_.emplace(settings.join, tasks_);
  pool_.serve(std::move(tasks_));
  input_.open(pool_.on(), memory_, settings.types.empty() ? nullptr : "--types", progress_);
  if (join_) read_joined(settings);
}

void TableFile::read_joined(const TableFileSettings& settings) {
  mining::CsvOptions csv = csv_;
  csv.types = column_types("--join-types", settings.join_types);
  join_->open(pool_.on(), memory_, csv.types.empty() ? nullptr : "--join-types", progress_);
  if (join_->table()) return;
  try {
    joined_ = mining::read_table(pool_.on(), join_->csv(), csv, memory_);
  } catch (const OutOfMemory& error) {
    throw Failure(
        fmt::format("{}; --join takes the smaller one of two tables, and --memory gives "
                    "it more",
                    error.what()));
  }
}

const mining::Table* TableFile::joined() const {
  if (!join_) return nullptr;
  return join_->table() ? &*join_->table() : &joined_;
}

mining::ScanOptions TableFile::scan_options() const {
  mining::ScanOptions options;
  options.memory = memory_;
  options.progress = progress_;
  return options;
}

mining::Schema TableFile::schema() const {
  return input_.table() ? input_.table()->schema()
                        : mining::schema_of(pool_.on(), input_.csv(), csv_);
}

mining::Result TableFile::scan(const mining::Query& query,
                               const std::function<void(const mining::Result&)>& take,
                               const mining::RowText& text) const {
  bool taken = false;
  mining::ScanOptions options = scan_options();
  options.text = text;
  options.sink = [&](const mining::Result& rows) {
    taken = true;
    check_interrupt();
    take(rows);
  };
  mining::Result result =
      ask([&](const auto&... table) { return mining::scan(on(), table..., query, options); });
  if (!taken) take(result);
  return result;
}

void tell_bad_rows(std::uint64_t count, const std::vector<std::string>& lines) {
  if (count == 0) return;
  fmt::print(stderr, "tine: {} bad row{} skipped:\n", count, count == 1 ? " was" : "s were");
  for (const std::string& line : lines) fmt::print(stderr, "  {}\n", printable(line));
  if (count > lines.size()) fmt::print(stderr, "  ...\n");
}

void tell_query_error(const mining::QueryError& error, const std::string& clause) {
  fmt::print(stderr, "tine: {}: {}\n", clause, printable(error.what()));
  const std::string picture = error.picture();
  const std::size_t end = picture.find('\n');
  fmt::print(stderr, "  {}\n", printable(picture.substr(0, end)));
  if (end != picture.npos) fmt::print(stderr, "  {}\n", printable(picture.substr(end + 1)));
}

}  // namespace tine::app
