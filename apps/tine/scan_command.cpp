// tine scan: questions to tables in files.
#include <unistd.h>

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

class Scan {
 public:
  explicit Scan(const ScanSettings& settings)
      : settings_(settings),
        csv_(csv_options(settings.table)),
        outputs_(settings.force),
        output_(open_output()),
        file_(settings.table, csv_) {}

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
    const RowFormat format = row_format(settings_.output);
    if (settings_.output.file != "-") outputs_.prepare(settings_.output.file);
    return {outputs_, settings_.output.file, format,
            settings_.query.limit || settings_.schema ? OnTerminal::all_rows
                                                      : OnTerminal::some_rows_of_a_query};
  }

  std::string explanation() const {
    std::string text = file_.ask([&](const auto&... table) {
      return mining::explain(file_.on(), table..., settings_.query);
    });
    if (!text.ends_with('\n')) text += '\n';
    return text;
  }

  void scan() {
    const mining::Result result =
        file_.scan(settings_.query, [&](const mining::Result& rows) { output_.rows().add(rows); });
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
  OutputFiles outputs_;
  RowOutput output_;
  TableFile file_;
};

int run_scan(const ScanSettings& settings) {
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
