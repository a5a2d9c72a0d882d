// tine mine show: what a model holds.
#include <unistd.h>

#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tine/mining/model.hpp>

#include "fact_text.hpp"
#include "mine_command.hpp"
#include "model_file.hpp"
#include "output_bytes.hpp"

namespace tine::app {

namespace {

using Json = nlohmann::ordered_json;

// Longer lists are cut.
constexpr std::size_t longest_list = 24;

// Models are flat; what is deeper is not theirs.
Json shown(const Json& value) {
  if (!value.is_structured()) return value;
  if (!value.is_array()) return "…";
  Json list = Json::array();
  for (const Json& one : value) {
    if (list.size() == longest_list) {
      list.push_back(fmt::format("… ({} in all)", value.size()));
      break;
    }
    list.push_back(one.is_structured() ? Json("…") : one);
  }
  return list;
}

void show(const std::string& name) {
  const std::string model = read_model_file(name);
  const mining::ModelInfo info = mining::model_info(model);
  Json facts;
  facts["kind"] = info.kind;
  for (const mining::Feature& feature : info.features)
    facts["features"].push_back({{"name", feature.name}, {"expression", feature.expression}});
  const Json json = Json::parse(model);
  for (const auto& [key, value] : json.items())
    if (key != "tine" && key != "version" && key != "features") facts[key] = shown(value);
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
