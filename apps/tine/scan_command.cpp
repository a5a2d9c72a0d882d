// tine scan: questions to tables in files.
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tine/error.hpp>

#include "commands.hpp"
#include "exit.hpp"
#include "interrupt.hpp"
#include "losses.hpp"
#include "machine.hpp"
#include "output_bytes.hpp"
#include "output_files.hpp"
#include "scan_input.hpp"
#include "scan_settings.hpp"
#include "scan_writers.hpp"
#include "temporary_file.hpp"

namespace tine::app {

namespace {

// Rows that a terminal shows when nobody says how many.
constexpr std::size_t rows_on_a_terminal = 40;

TableLimits terminal_limits(const ScanSettings& settings) {
  TableLimits limits;
  if (!settings.query.limit && !settings.schema) limits.rows = rows_on_a_terminal;
  winsize size{};
  limits.columns =
      ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  return limits;
}

std::string count_text(std::uint64_t n) {
  return n < 1'000'000 ? fmt::format("{}", n)
                       : fmt::format("{:.1f} M", static_cast<double>(n) / 1e6);
}

// The columns and their types, as rows.
mining::Result as_result(const mining::Schema& schema) {
  mining::Result result;
  mining::ResultColumn names{.name = "column", .type = mining::Type::text};
  mining::ResultColumn types{.name = "type", .type = mining::Type::text};
  for (const mining::Field& field : schema) {
    names.texts.push_back(field.name);
    types.texts.emplace_back(mining::to_string(field.type));
  }
  result.rows = schema.size();
  names.nulls.resize(result.rows);
  types.nulls.resize(result.rows);
  result.columns.push_back(std::move(names));
  result.columns.push_back(std::move(types));
  return result;
}

class Scan {
 public:
  explicit Scan(const ScanSettings& settings)
      : settings_(settings),
        csv_(csv_options(settings)),
        format_(row_format(settings)),
        outputs_(settings.force),
        output_(open_output()),
        text_(settings.output == "-" ? STDOUT_FILENO : output_.descriptor()),
        writer_(make_writer()),
        bar_(settings.progress, "bytes"),
        scratch_(temporary_file()),
        pool_(
            settings.pool, [] {}, room_for(scratch_)),
        input_(pool_, settings, scratch_, progress_) {}

  void run() {
    try {
      if (settings_.explain)
        text_.text() = explanation();
      else if (settings_.schema)
        write(as_result(schema()));
      else
        scan();
      text_.flush();
    } catch (...) {
      bar_.clear();
      if (settings_.output == "-" && text_.begun())
        fmt::print(stderr, "tine: what was written to standard output is not all\n");
      throw;
    }
    bar_.clear();
    if (settings_.output == "-") return;
    check_interrupt();
    sync_output(output_.descriptor());
    output_.publish();
  }

 private:
  OutputFile open_output() {
    if (settings_.output == "-") return outputs_.none();
    outputs_.prepare(settings_.output);
    return outputs_.open(settings_.output);
  }

  std::unique_ptr<RowWriter> make_writer() {
    switch (format_) {
      case RowFormat::table:
        return table_writer(text_,
                            text_.is_terminal() ? terminal_limits(settings_) : TableLimits{});
      case RowFormat::csv:
        return csv_writer(text_, settings_.output.ends_with(".tsv") ? '\t' : ',');
      default:
        return json_writer(text_, format_ == RowFormat::jsonl);
    }
  }

  void write(const mining::Result& rows) {
    writer_->add(rows);
    writer_->finish();
  }

  std::string explanation() {
    const auto& table = input_.table();
    std::string text = table ? mining::explain(pool_.on(), *table, settings_.query)
                             : mining::explain(pool_.on(), input_.csv(), csv_, settings_.query);
    if (!text.ends_with('\n')) text += '\n';
    return text;
  }

  mining::Schema schema() {
    const auto& table = input_.table();
    return table ? table->schema() : mining::schema_of(pool_.on(), input_.csv(), csv_);
  }

  void scan() {
    mining::ScanOptions options;
    options.memory = settings_.memory > 0 ? settings_.memory : memory_for_a_file();
    options.progress = progress_;
    options.text = writer_->text();
    options.sink = [&](const mining::Result& rows) {
      check_interrupt();
      writer_->add(rows);
    };
    const auto& table = input_.table();
    const mining::Result result =
        table ? mining::scan(pool_.on(), *table, settings_.query, options)
              : mining::scan(pool_.on(), input_.csv(), csv_, settings_.query, options);
    writer_->add(result);  // that of groups, or of no rows
    writer_->finish();
    text_.flush();
    tell(result);
  }

  void tell(const mining::Result& result) {
    bar_.clear();
    if (isatty(STDERR_FILENO) == 0 && result.bad_rows == 0) return;
    const std::chrono::duration<double> seconds = Clock::now() - start_;
    fmt::print(stderr, "tine: {} of {} rows, {:.1f} s\n", count_text(result.rows_selected),
               count_text(result.rows_read), seconds.count());
    if (result.bad_rows == 0) return;
    fmt::print(stderr, "tine: {} bad row{} skipped:\n", result.bad_rows,
               result.bad_rows == 1 ? " was" : "s were");
    for (const std::string& line : result.bad_lines) fmt::print(stderr, "  {}\n", printable(line));
    if (result.bad_rows > result.bad_lines.size()) fmt::print(stderr, "  ...\n");
  }

  using Clock = std::chrono::steady_clock;

  const ScanSettings& settings_;
  const Clock::time_point start_ = Clock::now();
  const mining::CsvOptions csv_;
  const RowFormat format_;
  OutputFiles outputs_;
  OutputFile output_;
  TextOutput text_;
  std::unique_ptr<RowWriter> writer_;
  ProgressBar bar_;
  const ByteProgress progress_ = [this](std::uint64_t done, std::uint64_t all) {
    bar_.update(done, all);
    check_interrupt();
  };
  Descriptor scratch_;  // for what is decompressed
  FilePool pool_;
  ScanInput input_;
};

void tell(const ScanSettings& settings, const mining::QueryError& error) {
  fmt::print(stderr, "tine: {}: {}\n", options_with(settings, error.text()),
             printable(error.what()));
  const std::string picture = error.picture();
  const std::size_t end = picture.find('\n');
  fmt::print(stderr, "  {}\n", printable(picture.substr(0, end)));
  if (end != picture.npos) fmt::print(stderr, "  {}\n", printable(picture.substr(end + 1)));
}

int run_scan(const ScanSettings& settings) {
  remember_interrupts();
  try {
    Scan(settings).run();
    return all_good;
  } catch (const UsageError&) {
    throw;
  } catch (const mining::QueryError& error) {
    tell(settings, error);
    return wrong_usage;
  } catch (const SliceFailed& error) {
    fmt::print(stderr, "tine: {}: {}\n", settings.file, reason_of(error.report(), error.slice()));
  } catch (const std::exception& error) {
    const std::string what = printable(error.what());
    fmt::print(stderr, "{}{}\n", what.starts_with("tine:") ? "" : "tine: ", what);
  }
  return some_failed;
}

}  // namespace

Run add_scan_command(CLI::App& app) {
  CLI::App& command =
      *app.add_subcommand("scan", "Filters, groups and aggregates of tables in files");
  auto settings = std::make_shared<ScanSettings>();
  add_scan_options(command, *settings);
  command.footer(
      "Clauses are written as in SQL, each may be left out, and none prints all rows. Names with\n"
      "blanks are quoted: \"price, EUR\". docs/QUERIES.md describes the language.\n\n"
      "Examples, for a file that this makes:\n"
      "  printf 'carrier,month,delay\\nAA,1,12\\nDL,1,31\\nAA,2,47\\nAA,1,8\\n' > flights.csv\n"
      "then\n"
      "  tine scan flights.csv\n"
      "  tine scan flights.csv --where \"delay > 10 and carrier = 'AA'\"\n"
      "  tine scan flights.csv --group-by carrier --agg \"count, mean(delay)\" --order-by -count\n"
      "  tine scan flights.csv --select \"carrier, delay / 60 as hours\" --order-by -hours --limit "
      "2\n"
      "  gzip -c flights.csv | tine scan - --agg \"count, sum(delay), p95(delay)\" --json\n"
      "  tine scan flights.csv --schema\n\n"
      "Missing values are empty cells in CSV, and null elsewhere; NaN and infinities are null in "
      "JSON.\n"
      "Results are the same, bit for bit, on any number of workers. Files are parsed by workers in "
      "a\n"
      "sandbox: they get an open input, and can open nothing else. Outputs appear whole or not at "
      "all.\n"
      "Exit status: 0 all good, 1 it could not be done, 2 wrong usage, 130 interrupted.\n");
  return [settings] { return run_scan(*settings); };
}

}  // namespace tine::app
