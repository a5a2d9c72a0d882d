#include "mine_run.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "exit.hpp"
#include "fact_text.hpp"
#include "interrupt.hpp"
#include "output_bytes.hpp"
#include "plot.hpp"
#include "rows_beside.hpp"

namespace tine::app {

namespace {

bool uses_stdout(const MineSettings& settings) {
  return settings.model == "-" || settings.rows == "-" || settings.listing == "-" ||
         settings.plot == "-";
}

const MineSettings& checked(const MineSettings& settings) {
  std::vector<std::string> targets;
  for (const std::string& target : {settings.model, settings.rows, settings.listing, settings.plot})
    if (!target.empty()) targets.push_back(target);
  std::ranges::sort(targets);
  if (const auto twice = std::ranges::adjacent_find(targets); twice != targets.end())
    throw UsageError(fmt::format("{} is to be written twice; outputs need files of their own",
                                 *twice == "-" ? "standard output" : *twice));
  if (settings.json && uses_stdout(settings))
    throw UsageError("--json and an output both go to standard output; give the output a file");
  return settings;
}

}  // namespace

MineRun::MineRun(const MineSettings& settings)
    : settings_(checked(settings)),
      csv_(csv_options(settings.table)),
      outputs_(settings.force),
      model_(open_text(settings.model)),
      plot_(open_text(settings.plot)),
      rows_(open_rows(settings.rows)),
      listing_(open_rows(settings.listing)),
      file_(settings.table, csv_) {}

MineRun::~MineRun() = default;

std::optional<MineRun::TextFile> MineRun::open_text(const std::string& target) {
  if (target.empty()) return std::nullopt;
  if (target != "-") outputs_.prepare(target);
  return TextFile{Output(outputs_, target), {}};
}

std::unique_ptr<RowOutput> MineRun::open_rows(const std::string& target) {
  if (target.empty()) return nullptr;
  const RowFormat format = row_format({.file = target});
  if (target != "-") outputs_.prepare(target);
  return std::make_unique<RowOutput>(outputs_, target, format, OnTerminal::some_rows);
}

const mining::Samples& MineRun::samples() {
  if (samples_) return *samples_;
  samples_ = file_.ask([&](const auto&... table) {
    return mining::read_samples(on(), table..., settings_.selection, file_.scan_options());
  });
  file_.bar().clear();
  tell_bad_rows(samples_->bad_rows, samples_->bad_lines);
  facts_["samples"] = samples_->size();
  if (settings_.selection.missing == mining::Selection::Missing::skip)
    facts_["skipped"] = samples_->rows_skipped;
  for (const mining::Feature& feature : samples_->features)
    facts_["features"].push_back(feature.name);
  return *samples_;
}

std::function<void(std::uint64_t, std::uint64_t)> MineRun::progress(const std::string& what) {
  file_.bar().clear();
  learning_ = std::make_unique<ProgressBar>(settings_.table.progress, what);
  return [this](std::uint64_t done, std::uint64_t all) {
    learning_->update(done, all);
    check_interrupt();
  };
}

void MineRun::save(std::string model) {
  if (model_) model_->text = std::move(model);
}

void MineRun::write_rows(std::vector<mining::ResultColumn> beside) {
  if (!rows_) return;
  write_rows_beside(file_, settings_.selection, samples(), std::move(beside), *rows_);
}

void MineRun::write_listing(const mining::Result& rows) {
  if (!listing_) return;
  listing_->rows().add(rows);
  listing_->finish();
}

void MineRun::draw(const Plot& plot) {
  if (plot_) plot_->text = plot.svg();
}

void MineRun::finish() {
  learning_.reset();
  file_.bar().clear();
  check_interrupt();
  const std::string facts =
      settings_.json ? facts_.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
                     : fact_text(facts_);
  write_bytes(uses_stdout(settings_) ? STDERR_FILENO : STDOUT_FILENO, facts.data(), facts.size());
  for (auto* file : {&model_, &plot_})
    if (*file)
      write_bytes((*file)->output.descriptor(), (*file)->text.data(), (*file)->text.size());
  check_interrupt();
  for (auto* file : {&model_, &plot_})
    if (*file) (*file)->output.publish();
  for (const auto& rows : {&rows_, &listing_})
    if (*rows) (*rows)->publish();
}

}  // namespace tine::app
