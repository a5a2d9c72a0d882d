// One run of a subcommand of tine mine: its file, its workers, what it writes and tells.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <tine/mining/samples.hpp>

#include "output_files.hpp"
#include "row_output.hpp"
#include "table_file.hpp"

namespace tine::app {

/// What all subcommands have options for.
struct MineSettings {
  TableFileSettings table;
  mining::Selection selection;
  std::string target_option = "--target";  ///< which selection.target is from
  std::string model, rows, listing, plot;  ///< files to write; empty ones are not wanted
  std::string axes;                        ///< two features to draw, with a comma between them
  std::uint64_t seed = 1;
  bool json = false, force = false;
};

/// Points, lines and the like as an SVG picture: plot.hpp.
class Plot;

class MineRun {
 public:
  /// Prepares the outputs, starts the workers and looks at the file. Throws UsageError and Failure.
  explicit MineRun(const MineSettings& settings);
  MineRun(const MineRun&) = delete;
  MineRun& operator=(const MineRun&) = delete;
  ~MineRun();

  /// For all jobs.
  const PoolWith& on() const { return file_.on(); }
  const MineSettings& settings() const { return settings_; }
  /// For what is not asked by way of samples().
  TableFile& file() { return file_; }

  /// Reads the file as is selected. Once.
  const mining::Samples& samples();
  /// For a learner's options: a bar that counts `what`.
  std::function<void(std::uint64_t done, std::uint64_t all)> progress(const std::string& what);

  /// What there is to tell: printed in this order as aligned text, or with --json as one object. Values are
  /// numbers, texts, lists of them, or lists of objects, which are tables.
  nlohmann::ordered_json& facts() { return facts_; }

  /// The text of a model, for -o. Files are published together, after all went well.
  bool wants_model() const { return !settings_.model.empty(); }
  void save(std::string model);
  /// Columns that go beside the rows of the input, for --rows. Each has a value for each sample; rows without
  /// one get nulls.
  bool wants_rows() const { return rows_ != nullptr; }
  void write_rows(std::vector<mining::ResultColumn> beside);
  /// Rows of another kind.
  bool wants_listing() const { return listing_ != nullptr; }
  void write_listing(const mining::Result& rows);
  /// For --plot.
  bool wants_plot() const { return !settings_.plot.empty(); }
  void draw(const Plot& plot);

  /// Tells the facts and publishes the outputs.
  void finish();

 private:
  struct TextFile {
    Output output;
    std::string text;
  };

  std::optional<TextFile> open_text(const std::string& target);
  std::unique_ptr<RowOutput> open_rows(const std::string& target);

  const MineSettings& settings_;
  const mining::CsvOptions csv_;
  OutputFiles outputs_;
  std::optional<TextFile> model_, plot_;
  std::unique_ptr<RowOutput> rows_, listing_;
  TableFile file_;
  std::unique_ptr<ProgressBar> learning_;
  std::optional<mining::Samples> samples_;
  nlohmann::ordered_json facts_;
};

}  // namespace tine::app
