// One run of a subcommand of tine mine: its file, its workers, what it writes and tells.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <tine/mining/samples.hpp>

#include "scan_settings.hpp"

namespace tine::app {

/// What all subcommands have options for; the command makes more of this than is said here.
struct MineSettings {
  mining::Selection selection;
  std::string model, rows, plot;  ///< files to write; empty ones are not wanted
  std::uint64_t seed = 1;
  bool json = false;
};

/// Points, lines and the like as an SVG picture: plot.hpp.
class Plot;

class MineRun {
 public:
  const PoolWith& on() const;
  const MineSettings& settings() const;

  /// Reads the file as is selected. Once.
  const mining::Samples& samples();

  /// What there is to tell: printed in this order as aligned text, or with --json as one object. Values are
  /// numbers, texts, lists of them, or lists of objects, which are tables.
  nlohmann::ordered_json& facts();

  /// The text of a model, for -o. Files are published together, after all went well.
  void save(std::string model);
  /// Columns that go beside the rows of the input, for --rows. Each has a value for each sample.
  void write_rows(std::vector<mining::ResultColumn> beside);
  /// For --plot.
  bool wants_plot() const;
  void draw(const Plot& plot);
};

}  // namespace tine::app
