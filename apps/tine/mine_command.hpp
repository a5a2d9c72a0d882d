// How subcommands of tine mine are described. Each is a file of its own, mine_<name>.cpp, with a function that
// adds it; mine_command.cpp lists them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
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
  /// That it says something of other rows than those of the input, which go to a file of their own.
  MineSubcommand& listing(const std::string& option, const std::string& about);
  /// That it can be seen: --plot FILE.svg.
  MineSubcommand& plot(const std::string& about);
  /// That samples are drawn: --plot, and --axes, which says by which features.
  MineSubcommand& scatter(const std::string& about);
  /// That points of --plot may have colours: --colour, a class of each sample.
  MineSubcommand& colour();
  /// That it draws lots: --seed.
  MineSubcommand& seed();
  MineSubcommand& examples(const std::string& lines);
  /// For options of its own.
  CLI::App& options() { return app_; }

  MineSubcommand& runs(std::function<void(MineRun&)> run) {
    run_ = std::move(run);
    return *this;
  }

  /// What is to be predicted. For options that say so, too.
  mining::Selection::Kind kind() const { return kind_; }
  void kind(mining::Selection::Kind kind) { kind_ = kind; }
  const std::function<void(MineRun&)>& run() const { return run_; }

 private:
  CLI::App& app_;
  MineSettings& settings_;
  mining::Selection::Kind kind_ = mining::Selection::Kind::none;
  std::function<void(MineRun&)> run_;
};

/// What a model, which is given as text, says of each sample. Throws ModelError for a text that is wrong, and
/// when the model does not go with the samples. What comes out for samples with NaN is not looked at.
using Predictor = std::function<std::vector<mining::ResultColumn>(
    const PoolWith& on, std::string_view model, const mining::Samples& samples)>;

class MineCommand {
 public:
  explicit MineCommand(CLI::App& app) : app_(app) {}
  /// With the options that all learners have: the file and how it is read, --features, --where, --skip-missing,
  /// --json, --workers and so on.
  MineSubcommand& add(const std::string& name, const std::string& about);
  /// One that learns nothing, and has options of its own only.
  CLI::App& add_other(const std::string& name, const std::string& about, std::function<void()> run);
  /// How tine mine predict goes for models of this kind.
  void predicts(const std::string& kind, Predictor predictor) {
    predictors_.emplace(kind, std::move(predictor));
  }
  const std::map<std::string, Predictor>& predictors() const { return predictors_; }

  int run();

 private:
  struct Entry {
    CLI::App* app;
    std::function<void()> run;
  };

  void learn(const MineSubcommand& chosen);
  std::string clause_with(const std::string& text) const;

  CLI::App& app_;
  MineSettings settings_;
  std::vector<Entry> all_;
  std::vector<std::unique_ptr<MineSubcommand>> learners_;
  std::map<std::string, Predictor> predictors_;  // by kind of model
};

/// Of an option: whether it is a number of things, 1 at least. As CLI11 wants it.
std::string positive_count(const std::string& text);

// In alphabetical order.
void add_mine_bayes(MineCommand& mine);
void add_mine_dbscan(MineCommand& mine);
void add_mine_itemsets(MineCommand& mine);
void add_mine_kde(MineCommand& mine);
void add_mine_kmeans(MineCommand& mine);
void add_mine_knn(MineCommand& mine);
void add_mine_linear(MineCommand& mine);
void add_mine_logistic(MineCommand& mine);
void add_mine_mixture(MineCommand& mine);
void add_mine_outliers(MineCommand& mine);
void add_mine_pca(MineCommand& mine);
void add_mine_predict(MineCommand& mine);
void add_mine_show(MineCommand& mine);

}  // namespace tine::app
