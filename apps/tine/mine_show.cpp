// tine mine show: what a model holds.
#include <unistd.h>

#include <memory>

#include <nlohmann/json.hpp>

#include <tine/mining/model.hpp>

#include "fact_text.hpp"
#include "mine_command.hpp"
#include "model_file.hpp"
#include "output_bytes.hpp"

namespace tine::app {

namespace {

// Longer lists are cut.
constexpr std::size_t longest_list = 24;

nlohmann::ordered_json shortened(const nlohmann::ordered_json& value) {
  if (!value.is_array() || value.size() <= longest_list) return value;
  nlohmann::ordered_json list(value.begin(), value.begin() + longest_list);
  list.push_back("... (" + std::to_string(value.size()) + ")");
  return list;
}

void show(const std::string& name) {
  const std::string model = read_model_file(name);
  const mining::ModelInfo info = mining::model_info(model);
  nlohmann::ordered_json facts;
  facts["kind"] = info.kind;
  for (const mining::Feature& feature : info.features)
    facts["features"].push_back({{"name", feature.name}, {"expression", feature.expression}});
  const auto json = nlohmann::ordered_json::parse(model);
  for (const auto& [key, value] : json.items())
    if (key != "tine" && key != "version" && key != "features") facts[key] = shortened(value);
  const std::string text = fact_text(facts);
  write_bytes(STDOUT_FILENO, text.data(), text.size());
}

}  // namespace

void add_mine_show(MineCommand& mine) {
  auto name = std::make_shared<std::string>();
  CLI::App& app = mine.add_other("show", "What a model holds", [name] { show(*name); });
  app.add_option("MODEL", *name, "The file of a model; - is standard input")->required();
  app.footer("Examples:\n  tine mine show model.json\n");
}

}  // namespace tine::app
