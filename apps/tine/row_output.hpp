// Where rows of a result go, and as what.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "output.hpp"
#include "scan_writers.hpp"
#include "text_output.hpp"

namespace tine::app {

enum class RowFormat : std::uint8_t { table, csv, json, jsonl };

struct RowOutputSettings {
  std::string file = "-";
  std::string to{};  ///< a RowFormat
  bool json = false, jsonl = false, csv = false;
};

/// Adds -o and the options for the format.
void add_row_output_options(CLI::App& command, RowOutputSettings& settings);

/// What is asked for, else what the output's name says, else a table on a terminal and CSV elsewhere.
/// Throws UsageError.
RowFormat row_format(const RowOutputSettings& settings);

/// What a terminal shows of a table.
enum class OnTerminal : std::uint8_t {
  all_rows,
  some_rows,             ///< the first and the last of them
  some_rows_of_a_query,  ///< the same, where --limit is there to have more
};

/// Rows on their way to a file or to standard output.
class RowOutput {
 public:
  /// Throws Failure.
  RowOutput(const OutputFiles& files, const std::string& file, RowFormat format,
            OnTerminal on_terminal);
  RowOutput(const RowOutput&) = delete;
  RowOutput& operator=(const RowOutput&) = delete;

  RowWriter& rows() { return *writer_; }
  TextOutput& text() { return text_; }
  /// After the last of them: what standard output gets is written; a file appears later.
  void finish();
  void publish() { output_.publish(); }
  /// Says so on stderr when standard output got some of the rows, and then something went wrong.
  void tell_incomplete() const;

 private:
  std::unique_ptr<RowWriter> make_writer(const std::string& file, RowFormat format,
                                         OnTerminal on_terminal);

  Output output_;
  TextOutput text_;
  std::unique_ptr<RowWriter> writer_;
};

}  // namespace tine::app
