// What subcommands for classifiers have in common. A model has `classes`, a `class_type`, predict() and
// probabilities().
#pragma once

#include <string>
#include <vector>

#include "mine_columns.hpp"
#include "mine_run.hpp"

namespace tine::app {

/// "prediction", and for each class "p_" and its name.
std::vector<mining::ResultColumn> classifier_columns(const Array<std::uint32_t>& labels,
                                                     const Array<double, 2>& probabilities,
                                                     const std::vector<std::string>& classes,
                                                     mining::Type type);

/// How many of the samples are taken for what they are, and, of up to 20 classes, for what they are taken.
/// @param how  they were predicted, before the names of these facts
void tell_confusion(MineRun& run, const Array<std::uint32_t>& labels, const std::string& how = "");

/// What it says of samples.
template <class Model>
std::vector<mining::ResultColumn> classified(const PoolWith& on, const Model& model,
                                             const mining::Samples& samples) {
  return classifier_columns(model.predict(on, samples), model.probabilities(on, samples),
                            model.classes, model.class_type);
}

/// The end of a run: what it makes of the samples that it was learnt from.
template <class Model>
void finish_classifier(MineRun& run, const Model& model) {
  tell_confusion(run, model.predict(run.on(), run.samples()));
  run.save(model.save());
  if (run.wants_rows()) run.write_rows(classified(run.on(), model, run.samples()));
}

}  // namespace tine::app
