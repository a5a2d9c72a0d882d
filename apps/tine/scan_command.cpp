// tine scan: questions to tables in files.
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

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
  if (!settings.query.limit && !settings.schema && settings.query.histogram.empty())
    limits.rows = rows_on_a_terminal;
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

// A bar for each count of a histogram, with the longest for the greatest.
void add_bars(mining::Result& histogram) {
  constexpr const char* parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  constexpr double longest = 40;
  const std::vector<std::int64_t>& counts = histogram.columns.back().integers;
  if (counts.empty()) return;
  const double greatest = static_cast<double>(std::max<std::int64_t>(1, std::ranges::max(counts)));
  mining::ResultColumn bars{.name = "", .type = mining::Type::text};
  bars.nulls.resize(counts.size());
  for (const std::int64_t count : counts) {
    const auto eighths =
        static_cast<std::size_t>(static_cast<double>(count) / greatest * longest * 8);
    std::string& bar = bars.texts.emplace_back();
    for (std::size_t i = 0; i < eighths / 8; ++i) bar += "█";
    // Whatever is there can be seen.
    bar += parts[count > 0 && eighths == 0 ? 1 : eighths % 8];
  }
  histogram.columns.push_back(std::move(bars));
}

class Scan {
 public:
  explicit Scan(const ScanSettings& settings)
      : settings_(settings),
        csv_(csv_options(settings, "--types", settings.types)),
        join_csv_(csv_options(settings, "--join-types", settings.join_types)),
        format_(row_format(settings)),
        outputs_(settings.force),
        output_(open_output()),
        text_(settings.output == "-" ? STDOUT_FILENO : output_.descriptor()),
        writer_(make_writer()),
        bar_(settings.progress, "bytes"),
        memory_(settings.memory > 0 ? settings.memory : memory_for_a_file()),
        pool_(
            settings.pool, [] {}, room_for(temporary_file())),
        input_(settings.file, tasks_),
        query_(settings.query) {
    if (!settings.join.empty()) join_.emplace(settings.join, tasks_);
    pool_.serve(std::move(tasks_));
    input_.open(pool_.on(), memory_, !settings.types.empty(), progress_);
    if (join_) read_joined();
  }

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

  // All of the table on the right.
  void read_joined() {
    join_->open(pool_.on(), memory_, !settings_.join_types.empty(), progress_);
    if (join_->table()) {
      query_.join.right = &*join_->table();
      return;
    }
    try {
      joined_ = mining::read_table(pool_.on(), join_->csv(), join_csv_, memory_);
    } catch (const OutOfMemory& error) {
      throw Failure(
          fmt::format("{}; the smaller one of two tables should be that of --join, and "
                      "--memory gives it more",
                      error.what()));
    }
    query_.join.right = &joined_;
  }

  void write(const mining::Result& rows) {
    writer_->add(rows);
    writer_->finish();
  }

  std::string explanation() {
    const auto& table = input_.table();
    std::string text = table ? mining::explain(pool_.on(), *table, query_)
                             : mining::explain(pool_.on(), input_.csv(), csv_, query_);
    if (!text.ends_with('\n')) text += '\n';
    return text;
  }

  mining::Schema schema() {
    const auto& table = input_.table();
    return table ? table->schema() : mining::schema_of(pool_.on(), input_.csv(), csv_);
  }

  void scan() {
    mining::ScanOptions options;
    options.memory = memory_;
    options.progress = progress_;
    options.text = writer_->text();
    options.sink = [&](const mining::Result& rows) {
      check_interrupt();
      writer_->add(rows);
    };
    const auto& table = input_.table();
    mining::Result result = table ? mining::scan(pool_.on(), *table, query_, options)
                                  : mining::scan(pool_.on(), input_.csv(), csv_, query_, options);
    if (!query_.histogram.empty() && format_ == RowFormat::table) add_bars(result);
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
  const mining::CsvOptions csv_, join_csv_;
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
  std::uint64_t memory_;
  std::vector<Task> tasks_;
  FilePool pool_;
  ScanInput input_;
  std::optional<ScanInput> join_;
  mining::Table joined_;  // of CSV
  mining::Query query_;
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
  if (settings.file == "-" && settings.join == "-")
    throw UsageError("standard input is one of the two tables, not both");
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
      "  tine scan flights.csv --histogram \"delay, 4\" --to table\n"
      "  tine scan flights.csv --group-by \"bin(delay, 20)\" --agg count\n"
      "  tine scan flights.csv --sample 2 --seed 7\n"
      "  printf 'carrier,name\\nAA,American\\nDL,Delta\\n' > carriers.csv\n"
      "  tine scan flights.csv --join carriers.csv --on carrier --group-by name --agg count\n"
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
