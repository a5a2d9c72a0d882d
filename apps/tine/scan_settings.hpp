// What tine scan is asked.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include <tine/mining/query.hpp>

#include "row_output.hpp"
#include "table_file.hpp"

namespace tine::app {

struct ScanSettings {
  TableFileSettings table;
  mining::Query query;
  bool explain = false, schema = false;
  RowOutputSettings output;
  bool force = false;
};

void add_scan_options(CLI::App& command, ScanSettings& settings);

/// The options whose text this is: "--where".
std::string options_with(const ScanSettings& settings, const std::string& text);

}  // namespace tine::app
