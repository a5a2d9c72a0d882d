// How subcommands of tine mine are described. Each is a file of its own, mine_<name>.cpp, with a function that
// adds it; mine_command.cpp lists them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "mine_run.hpp"

namespace tine::app {

/// One of them: what it is given, and what it does.
class MineSubcommand {
 public:
  MineSubcommand(CLI::App& app, MineSettings& settings) : app_(app), settings_(settings) {}

  /// What is to be predicted: --target, which must be given.
  MineSubcommand& target(mining::Selection::Kind kind);
  /// That it has a model to save: -o,--output.
  MineSubcommand& model();
  /// That it says something of each row: --rows FILE gets the rows of the input, with these columns beside.
  MineSubcommand& rows(const std::string& about);
  /// That it can be seen: --plot FILE.svg.
  MineSubcommand& plot(const std::string& about);
  /// That it draws lots: --seed.
  MineSubcommand& seed();
  MineSubcommand& examples(const std::string& lines);
  /// For options of its own.
  CLI::App& options() { return app_; }

  MineSubcommand& runs(std::function<void(MineRun&)> run) {
    run_ = std::move(run);
    return *this;
  }

  const std::function<void(MineRun&)>& run() const { return run_; }
  const CLI::App& app() const { return app_; }

 private:
  CLI::App& app_;
  MineSettings& settings_;
  std::function<void(MineRun&)> run_;
};

class MineCommand {
 public:
  explicit MineCommand(CLI::App& app) : app_(app) {}
  /// With the options that all have: the file and how it is read, --features, --where, --skip-missing, --json,
  /// --workers and so on.
  MineSubcommand& add(const std::string& name, const std::string& about);
  int run();

 private:
  CLI::App& app_;
  MineSettings settings_;
  std::vector<std::unique_ptr<MineSubcommand>> all_;
};

void add_mine_kmeans(MineCommand& mine);

}  // namespace tine::app
