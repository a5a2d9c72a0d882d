// Tables in files, as tine scan and tine mine read them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <tine/mining/query.hpp>

#include "file_pool.hpp"
#include "progress_bar.hpp"
#include "scan_input.hpp"
#include "temporary_file.hpp"

namespace tine::app {

struct TableFileSettings {
  std::string file;              ///< "-" is standard input
  std::string types, nulls;      ///< lists
  std::string join, join_types;  ///< another file, to be joined with; empty: there is none
  bool nulls_given = false;
  std::string delimiter;
  mining::Header header = mining::Header::automatic;
  bool skip_bad = false;
  FilePoolSettings pool;
  std::uint64_t memory = 0;
  ProgressMode progress = ProgressMode::automatic;
};

/// Adds the argument FILE, and the options for how it is read and what that may take.
void add_table_file_options(CLI::App& command, TableFileSettings& settings);

/// How CSV is to be read. Throws UsageError.
mining::CsvOptions csv_options(const TableFileSettings& settings);

/// A table that is in a file, and the workers that read it.
class TableFile {
 public:
  /// Starts the workers and looks at the file. Throws Failure.
  TableFile(const TableFileSettings& settings, mining::CsvOptions csv);
  TableFile(const TableFile&) = delete;
  TableFile& operator=(const TableFile&) = delete;

  /// For all jobs.
  const PoolWith& on() const { return pool_.on(); }
  /// To be cleared before there is anything to tell.
  ProgressBar& bar() { return bar_; }
  /// With the memory that may be taken and with progress.
  mining::ScanOptions scan_options() const;
  /// Calls f with what functions of tine::mining take for it: a table, or a file and how it is read.
  template <class F>
  auto ask(F f) const {
    return input_.table() ? f(*input_.table()) : f(input_.csv(), csv_);
  }
  mining::Schema schema() const;
  /// The table of the other file, all of it; nullptr: there is none.
  const mining::Table* joined() const;
  /// Answers a query. `take` gets the rows, some at a time where that can be, and once at least; those
  /// that became text are not among them.
  mining::Result scan(const mining::Query& query,
                      const std::function<void(const mining::Result&)>& take,
                      const mining::RowText& text = {}) const;

 private:
  void read_joined(const TableFileSettings& settings);

  const mining::CsvOptions csv_;
  std::uint64_t memory_;
  ProgressBar bar_;
  const ByteProgress progress_;
  FilePool pool_;
  std::vector<Task> tasks_;
  ScanInput input_;
  std::optional<ScanInput> join_;
  mining::Table joined_;  // of the other file, if that is CSV
};

/// Says on stderr how many rows were bad, and why the first of them were.
void tell_bad_rows(std::uint64_t count, const std::vector<std::string>& lines);
/// Says on stderr what is wrong with a query, and where. `clause` is the option it is from.
void tell_query_error(const mining::QueryError& error, const std::string& clause);

}  // namespace tine::app
