#include "row_output.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "exit.hpp"
#include "nearest.hpp"

namespace tine::app {

namespace {

constexpr std::string_view row_formats[] = {"table", "csv", "json", "jsonl"};  // as in RowFormat

// Rows that a terminal shows when nobody says how many.
constexpr std::size_t rows_on_a_terminal = 40;

TableLimits terminal_limits(OnTerminal on_terminal) {
  TableLimits limits;
  if (on_terminal != OnTerminal::all_rows) limits.rows = rows_on_a_terminal;
  limits.has_limit_option = on_terminal == OnTerminal::some_rows_of_a_query;
  winsize size{};
  limits.columns =
      ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  return limits;
}

}  // namespace

void add_row_output_options(CLI::App& command, RowOutputSettings& s) {
  command.add_option("-o,--output", s.file, "The file to write; - is standard output")
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
}

RowFormat row_format(const RowOutputSettings& settings) {
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
  if (settings.file == "-") return isatty(STDOUT_FILENO) != 0 ? RowFormat::table : RowFormat::csv;
  if (settings.file.ends_with(".gz") || settings.file.ends_with(".zst"))
    throw UsageError(
        fmt::format("{}: outputs are not compressed; a pipe into gzip or zstd is", settings.file));
  if (settings.file.ends_with(".json")) return RowFormat::json;
  if (settings.file.ends_with(".jsonl") || settings.file.ends_with(".ndjson"))
    return RowFormat::jsonl;
  return RowFormat::csv;
}

RowOutput::RowOutput(const OutputFiles& files, const std::string& file, RowFormat format,
                     OnTerminal on_terminal)
    : output_(files, file),
      text_(output_.descriptor()),
      writer_(make_writer(file, format, on_terminal)) {}

std::unique_ptr<RowWriter> RowOutput::make_writer(const std::string& file, RowFormat format,
                                                  OnTerminal on_terminal) {
  switch (format) {
    case RowFormat::table:
      return table_writer(text_,
                          text_.is_terminal() ? terminal_limits(on_terminal) : TableLimits{});
    case RowFormat::csv:
      return csv_writer(text_, file.ends_with(".tsv") ? '\t' : ',');
    default:
      return json_writer(text_, format == RowFormat::jsonl);
  }
}

void RowOutput::finish() {
  writer_->finish();
  text_.flush();
}

void RowOutput::tell_incomplete() const {
  if (output_.is_standard() && text_.begun())
    fmt::print(stderr, "tine: what was written to standard output is not all\n");
}

}  // namespace tine::app
