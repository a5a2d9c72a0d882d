// tine mine: learners for tables in files.
#include "mine_command.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <tine/error.hpp>

#include "commands.hpp"
#include "exit.hpp"
#include "interrupt.hpp"
#include "losses.hpp"
#include "nearest.hpp"
#include "text_output.hpp"

namespace tine::app {

namespace {

using mining::Selection;

constexpr const char* outputs = "Outputs";  // a group of options

// Their order is that of the help.
constexpr void (*subcommands[])(MineCommand&) = {
    add_mine_bayes, add_mine_dbscan,  add_mine_itemsets, add_mine_kde,     add_mine_kmeans,
    add_mine_knn,   add_mine_linear,  add_mine_logistic, add_mine_mixture, add_mine_outliers,
    add_mine_pca,   add_mine_predict, add_mine_show,
};

}  // namespace

std::string positive_count(const std::string& text) {
  const bool good = !text.empty() && text.find_first_not_of("0123456789") == text.npos &&
                    text.size() < 19 && text.find_first_not_of('0') != text.npos;
  return good ? "" : text + " is no number that is 1 or more";
}

MineSubcommand& MineSubcommand::target(Selection::Kind kind) {
  kind_ = kind;
  app_.add_option(
          "--target", settings_.selection.target,
          kind == Selection::Kind::label
              ? "What is to be predicted: a column of text, integers or bools, or an expression"
              : "What is to be predicted: a column of numbers, or an expression")
      ->type_name("EXPRESSION")
      ->required();
  return *this;
}

MineSubcommand& MineSubcommand::model() {
  app_.add_option("-o,--output", settings_.model,
                  "The file to write the model to, which tine mine predict takes")
      ->type_name("FILE")
      ->group(outputs);
  return *this;
}

MineSubcommand& MineSubcommand::rows(const std::string& about) {
  app_.add_option(
          "--rows", settings_.rows,
          fmt::format("The file to write the rows to, with {}: CSV, .json or .jsonl", about))
      ->type_name("FILE")
      ->group(outputs);
  return *this;
}

MineSubcommand& MineSubcommand::listing(const std::string& option, const std::string& about) {
  app_.add_option(option, settings_.listing,
                  fmt::format("The file to write to: {}; CSV, .json or .jsonl", about))
      ->type_name("FILE")
      ->group(outputs);
  return *this;
}

MineSubcommand& MineSubcommand::plot(const std::string& about) {
  app_.add_option("--plot", settings_.plot, fmt::format("The file to draw to: {}", about))
      ->type_name("FILE.svg")
      ->group(outputs);
  return *this;
}

MineSubcommand& MineSubcommand::scatter(const std::string& about) {
  plot(about);
  app_.add_option("--axes", settings_.axes,
                  "The two features to draw by [default: those with the largest variance]")
      ->type_name("A,B")
      ->group(outputs);
  return *this;
}

MineSubcommand& MineSubcommand::colour() {
  app_.add_option_function<std::string>(
          "--colour",
          [this](const std::string& text) {
            settings_.selection.target = text;
            settings_.target_option = "--colour";
            kind_ = Selection::Kind::label;
          },
          "What gives points in --plot their colour: a column of text, integers or bools, or an "
          "expression; it is no feature")
      ->type_name("EXPRESSION");
  return *this;
}

MineSubcommand& MineSubcommand::seed() {
  app_.add_option("--seed", settings_.seed, "For what is drawn by lot")->capture_default_str();
  return *this;
}

MineSubcommand& MineSubcommand::examples(const std::string& lines) {
  app_.footer("Examples:\n" + lines);
  return *this;
}

CLI::App& MineCommand::add_other(const std::string& name, const std::string& about,
                                 std::function<void()> run) {
  CLI::App& app = *app_.add_subcommand(name, about);
  app.allow_extras(false);  // which tine mine itself does, and hands down
  all_.push_back({&app, std::move(run)});
  return app;
}

MineSubcommand& MineCommand::add(const std::string& name, const std::string& about) {
  const std::size_t number = learners_.size();
  CLI::App& app = add_other(name, about, [this, number] { learn(*learners_[number]); });
  MineSettings& s = settings_;
  // Those of its own come first in the help, and how tables are read last.
  app.add_flag("--json", s.json, "What there is to tell as JSON")->group(outputs);
  app.add_flag("--force", s.force, "Replace outputs that exist")->group(outputs);
  app.option_defaults()->group("Table");
  app.add_option("--features", s.selection.features,
                 "What is learnt from: columns of numbers, or expressions [default: all columns of "
                 "numbers]")
      ->type_name("LIST");
  app.add_option("--where", s.selection.where, "Which rows are learnt from")
      ->type_name("CONDITION");
  app.add_flag_callback(
      "--skip-missing", [&s] { s.selection.missing = Selection::Missing::skip; },
      "Leave out rows in which a value is missing; else the first one ends it");
  add_table_file_options(app, s.table);
  app.option_defaults()->group("Options");
  return *learners_.emplace_back(std::make_unique<MineSubcommand>(app, settings_));
}

void MineCommand::learn(const MineSubcommand& chosen) {
  settings_.selection.kind = chosen.kind();
  MineRun run(settings_);
  chosen.run()(run);
  run.finish();
}

std::string MineCommand::clause_with(const std::string& text) const {
  if (text == settings_.selection.where) return "--where";
  return text == settings_.selection.target ? settings_.target_option : "--features";
}

int MineCommand::run() {
  const auto chosen =
      std::ranges::find_if(all_, [](const Entry& one) { return one.app->parsed(); });
  if (chosen == all_.end()) {
    std::vector<std::string> names;
    for (const Entry& one : all_) names.push_back(one.app->get_name());
    const auto words = app_.remaining();
    if (words.empty())
      throw UsageError(fmt::format("tine mine does what? There are: {}", fmt::join(names, ", ")));
    const std::vector<std::string_view> views(names.begin(), names.end());
    throw UsageError(
        fmt::format("tine mine has no {}{}", words.front(), or_nearest(words.front(), views)));
  }
  remember_interrupts();
  try {
    chosen->run();
    return all_good;
  } catch (const UsageError&) {
    throw;
  } catch (const mining::QueryError& error) {
    tell_query_error(error, clause_with(error.text()));
    return wrong_usage;
  } catch (const mining::MissingValue& error) {
    fmt::print(stderr, "{}; --skip-missing leaves such rows out\n", printable(error.what()));
  } catch (const InvalidArgument& error) {
    tell_error(error);
    return wrong_usage;
  } catch (const SliceFailed& error) {
    fmt::print(stderr, "tine: {}: {}\n", settings_.table.file,
               printable(reason_of(error.report(), error.slice())));
  } catch (const std::exception& error) {
    tell_error(error);
  }
  return some_failed;
}

Run add_mine_command(CLI::App& app) {
  CLI::App& command =
      *app.add_subcommand("mine", "Learners: clusters, classes, components and more of tables");
  // What is no subcommand is looked at by run(), which knows what may be meant.
  command.allow_extras();
  command.footer(
      "Features are all columns of numbers, or --features; expressions are those of tine scan.\n"
      "Models are JSON, and go with tables that have columns of the same names.\n\n"
      "Examples, for a file that this makes:\n"
      "  printf "
      "'petal_length,petal_width,species\\n1.4,.2,setosa\\n1.3,.2,setosa\\n1.5,.4,setosa\\n"
      "1.6,.2,setosa\\n4.7,1.4,versicolor\\n4.5,1.5,versicolor\\n4.9,1.5,versicolor\\n"
      "4,1.3,versicolor\\n' > flowers.csv\n"
      "then\n"
      "  tine mine kmeans flowers.csv -k 2 -o model.json --plot clusters.svg\n"
      "  tine mine kmeans flowers.csv -k 2 --features petal_length --where \"petal_width < 1\" "
      "--rows clusters.csv\n"
      "  tine mine show model.json\n"
      "  tine mine predict model.json flowers.csv\n"
      "  tine mine knn flowers.csv --target species -k 3 -o neighbours.json\n"
      "  tine mine predict neighbours.json flowers.csv --to table\n\n"
      "Results are the same, bit for bit, on any number of workers. Files are parsed by workers in "
      "a\n"
      "sandbox: they get an open input, and can open nothing else. Outputs appear whole or not at "
      "all,\n"
      "and existing ones stay unless --force is given.\n"
      "Exit status: 0 all good, 1 it could not be done, 2 wrong usage, 130 interrupted.\n");
  auto mine = std::make_shared<MineCommand>(command);
  for (const auto add : subcommands) add(*mine);
  return [mine] { return mine->run(); };
}

}  // namespace tine::app
