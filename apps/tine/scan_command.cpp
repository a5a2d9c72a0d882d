// tine scan: questions to tables in files.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string_view>

#include <fmt/format.h>

#include <tine/error.hpp>

#include "commands.hpp"
#include "exit.hpp"
#include "interrupt.hpp"
#include "losses.hpp"
#include "output_files.hpp"
#include "row_output.hpp"
#include "scan_settings.hpp"
#include "table_file.hpp"

namespace tine::app {

namespace {

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
mining::Result with_bars(mining::Result histogram) {
  constexpr const char* parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  constexpr double longest = 40;
  const std::vector<std::int64_t>& counts = histogram.columns.back().integers;
  if (counts.empty()) return histogram;
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
  return histogram;
}

class Scan {
 public:
  explicit Scan(const ScanSettings& settings)
      : settings_(settings),
        csv_(csv_options(settings.table)),
        format_(row_format(settings.output)),
        outputs_(settings.force),
        output_(open_output()),
        file_(settings.table, csv_),
        query_(settings.query) {
    query_.join.right = file_.joined();
  }

  void run() {
    try {
      if (settings_.explain) {
        output_.text().text() = explanation();
        output_.text().flush();
      } else if (settings_.schema) {
        output_.rows().add(as_result(file_.schema()));
        output_.finish();
      } else {
        scan();
      }
    } catch (...) {
      file_.bar().clear();
      output_.tell_incomplete();
      throw;
    }
    file_.bar().clear();
    check_interrupt();
    output_.publish();
  }

 private:
  RowOutput open_output() {
    if (settings_.output.file != "-") outputs_.prepare(settings_.output.file);
    const bool all = settings_.query.limit || settings_.schema || has_histogram();
    return {outputs_, settings_.output.file, format_,
            all ? OnTerminal::all_rows : OnTerminal::some_rows_of_a_query};
  }

  bool has_histogram() const { return !settings_.query.histogram.empty(); }

  std::string explanation() const {
    std::string text = file_.ask(
        [&](const auto&... table) { return mining::explain(file_.on(), table..., query_); });
    if (!text.ends_with('\n')) text += '\n';
    return text;
  }

  void scan() {
    const bool bars = has_histogram() && format_ == RowFormat::table;
    const mining::Result result = file_.scan(
        query_,
        [&](const mining::Result& rows) { output_.rows().add(bars ? with_bars(rows) : rows); },
        output_.rows().text());
    output_.finish();
    tell(result);
  }

  void tell(const mining::Result& result) {
    file_.bar().clear();
    if (isatty(STDERR_FILENO) == 0 && result.bad_rows == 0) return;
    const std::chrono::duration<double> seconds = Clock::now() - start_;
    fmt::print(stderr, "tine: {} of {} rows, {:.1f} s\n", count_text(result.rows_selected),
               count_text(result.rows_read), seconds.count());
    tell_bad_rows(result.bad_rows, result.bad_lines);
  }

  using Clock = std::chrono::steady_clock;

  const ScanSettings& settings_;
  const Clock::time_point start_ = Clock::now();
  const mining::CsvOptions csv_;
  const RowFormat format_;
  OutputFiles outputs_;
  RowOutput output_;
  TableFile file_;
  mining::Query query_;
};

int run_scan(const ScanSettings& settings) {
  if (settings.table.file == "-" && settings.table.join == "-")
    throw UsageError("standard input is one of the two tables, not both");
  remember_interrupts();
  try {
    Scan(settings).run();
    return all_good;
  } catch (const UsageError&) {
    throw;
  } catch (const mining::QueryError& error) {
    tell_query_error(error, options_with(settings, error.text()));
    return wrong_usage;
  } catch (const SliceFailed& error) {
    fmt::print(stderr, "tine: {}: {}\n", settings.table.file,
               reason_of(error.report(), error.slice()));
  } catch (const std::exception& error) {
    tell_error(error);
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
