#include "mine_classifier.hpp"

#include <tine/mining/confusion.hpp>

namespace tine::app {

using mining::ResultColumn;

std::vector<ResultColumn> classifier_columns(const Array<std::uint32_t>& labels,
                                             const Array<double, 2>& probabilities,
                                             const std::vector<std::string>& classes,
                                             mining::Type type) {
  std::vector<ResultColumn> columns{class_column("prediction", all_of(labels), classes, type)};
  std::vector<double> of_class(labels.size());
  for (std::size_t k = 0; k < classes.size(); ++k) {
    for (std::size_t i = 0; i < of_class.size(); ++i) of_class[i] = probabilities(i, k);
    columns.push_back(real_column("p_" + classes[k], of_class));
  }
  return columns;
}

void tell_confusion(MineRun& run, const Array<std::uint32_t>& labels, const std::string& how) {
  const mining::Samples& samples = run.samples();
  const std::vector<std::string>& classes = samples.classes;
  const mining::Confusion confusion(all_of(samples.labels), all_of(labels), classes.size());
  run.facts()[how + "accuracy"] = confusion.accuracy();
  if (classes.size() > 20) return;
  nlohmann::ordered_json rows;
  for (std::size_t is = 0; is < classes.size(); ++is) {
    nlohmann::ordered_json row{{samples.target.name, classes[is]}};
    for (std::size_t as = 0; as < classes.size(); ++as)
      row["taken for " + classes[as]] = confusion(is, as);
    rows.push_back(std::move(row));
  }
  run.facts()[how + "confusion"] = std::move(rows);
}

}  // namespace tine::app
