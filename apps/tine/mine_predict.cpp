// tine mine predict: what a model says of the rows of a table.
#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include <tine/mining/model.hpp>

#include "exit.hpp"
#include "interrupt.hpp"
#include "mine_command.hpp"
#include "model_file.hpp"
#include "row_output.hpp"
#include "rows_beside.hpp"
#include "table_file.hpp"
#include "text_output.hpp"

namespace tine::app {

namespace {

using mining::Samples;
using mining::Selection;

struct PredictSettings {
  std::string model, where;
  TableFileSettings table;
  RowOutputSettings output;
  bool force = false;
};

std::string name_of(const std::string& file) {
  return file == "-" ? "standard input" : file;
}

const Predictor& predictor_for(const MineCommand& mine, const std::string& kind,
                               const std::string& model) {
  const auto found = mine.predictors().find(kind);
  if (found != mine.predictors().end()) return found->second;
  std::vector<std::string> kinds;
  for (const auto& [name, predictor] : mine.predictors()) kinds.push_back(name);
  throw Failure(fmt::format("{}: {} is no kind of model that says something of rows; there are: {}",
                            model, kind, fmt::join(kinds, ", ")));
}

Samples read(const TableFile& file, const PredictSettings& settings, const Selection& selection) {
  try {
    return file.ask([&](const auto&... table) {
      return mining::read_samples(file.on(), table..., selection, file.scan_options());
    });
  } catch (const mining::QueryError& error) {
    if (error.text() == settings.where) throw;
    throw Failure(fmt::format("{} does not go with {}: {}", name_of(settings.model),
                              name_of(settings.table.file), error.what()));
  } catch (const mining::SampleError&) {
    throw Failure(fmt::format("{} has no row{}", name_of(settings.table.file),
                              settings.where.empty() ? "" : " that is selected"));
  }
}

void predict(const MineCommand& mine, const PredictSettings& settings) {
  if (settings.model == "-" && settings.table.file == "-")
    throw UsageError("standard input (-) can be the model or the table, not both");
  mining::CsvOptions csv = csv_options(settings.table);
  const RowFormat format = row_format(settings.output);
  const std::string model = read_model_file(settings.model);
  const mining::ModelInfo info = mining::model_info(model);
  const Predictor& predictor = predictor_for(mine, info.kind, name_of(settings.model));

  OutputFiles outputs(settings.force);
  if (settings.output.file != "-") outputs.prepare(settings.output.file);
  RowOutput output(outputs, settings.output.file, format, OnTerminal::some_rows);
  TableFile file(settings.table, std::move(csv));
  const Selection selection{.features = mining::select_list(info.features),
                            .where = settings.where,
                            .missing = Selection::Missing::keep};
  const Samples samples = read(file, settings, selection);
  write_rows_beside(file, selection, samples, predictor(file.on(), model, samples), output);
  tell_bad_rows(samples.bad_rows, samples.bad_lines);
  check_interrupt();
  output.publish();
}

}  // namespace

void add_mine_predict(MineCommand& mine) {
  auto settings = std::make_shared<PredictSettings>();
  CLI::App& app = mine.add_other("predict", "What a model says of the rows of a table, beside them",
                                 [&mine, settings] { predict(mine, *settings); });
  app.add_option("MODEL", settings->model, "The file of a model; - is standard input")->required();
  app.add_option("--where", settings->where, "Which rows are looked at")->type_name("CONDITION");
  add_table_file_options(app, settings->table);
  add_row_output_options(app, settings->output);
  app.add_flag("--force", settings->force, "Replace an output that exists");
  app.footer(
      "All columns are written. What a model cannot say, since a value is missing, is empty, or "
      "null.\n\n"
      "Examples:\n"
      "  tine mine predict model.json flowers.csv\n"
      "  tine mine predict model.json flowers.csv --where \"length > 2\" --json\n"
      "  tine mine predict model.json flowers.csv -o predicted.csv\n");
}

}  // namespace tine::app
