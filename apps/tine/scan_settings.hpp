// What tine scan is asked.
#pragma once

#include <cstdint>
#include <string>

#include <CLI/CLI.hpp>

#include <tine/mining/query.hpp>

#include "file_pool.hpp"
#include "progress_bar.hpp"

namespace tine::app {

enum class RowFormat : std::uint8_t { table, csv, json, jsonl };

struct ScanSettings {
  std::string file;  ///< "-" is standard input
  mining::Query query;
  std::string join;  ///< a file; empty: there is none
  bool explain = false, schema = false;
  std::string types, join_types, nulls;  ///< lists
  bool nulls_given = false;
  std::string delimiter;
  mining::Header header = mining::Header::automatic;
  bool skip_bad = false;
  std::string output = "-";
  std::string to;  ///< a RowFormat
  bool json = false, jsonl = false, csv = false, force = false;
  FilePoolSettings pool;
  std::uint64_t memory = 0;
  ProgressMode progress = ProgressMode::automatic;
};

void add_scan_options(CLI::App& command, ScanSettings& settings);

/// How CSV is to be read, with the types of columns of one of the files. Throws UsageError.
mining::CsvOptions csv_options(const ScanSettings& settings, const char* option,
                               const std::string& types);
/// What is asked for, else what the output's name says, else a table on a terminal and CSV elsewhere.
/// Throws UsageError.
RowFormat row_format(const ScanSettings& settings);
/// The options whose text this is: "--where".
std::string options_with(const ScanSettings& settings, const std::string& text);

}  // namespace tine::app
