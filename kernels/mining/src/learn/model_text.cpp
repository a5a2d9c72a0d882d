#include "model_text.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <tine/mining/model.hpp>
#include <tine/reduce.hpp>

namespace tine::mining {

namespace {

constexpr std::uint64_t version = 1;

nlohmann::json parse(std::string_view text) {
  // Deeper nesting than models have would take the parser's stack.
  std::size_t depth = 0;
  const auto shallow = [&](int, nlohmann::json::parse_event_t event, nlohmann::json&) {
    using Event = nlohmann::json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) ++depth;
    if (event == Event::object_end || event == Event::array_end) --depth;
    if (depth > 64)
      throw ModelError("tine: this is no model: its lists are within too many others");
    return true;
  };
  try {
    return nlohmann::json::parse(text, shallow);
  } catch (const nlohmann::json::exception& error) {
    throw ModelError("tine: this is no model: it is not JSON (" + std::string(error.what()) + ")");
  }
}

std::string kind_of(const nlohmann::json& json) {
  const auto kind = json.is_object() ? json.find("tine") : json.end();
  if (!json.is_object() || kind == json.end() || !kind->is_string())
    throw ModelError("tine: this is no model: it does not say of what kind it is");
  const auto found = json.find("version");
  if (found == json.end() || !found->is_number_unsigned() || *found != version)
    throw ModelError("tine: this model was not written by this version of tine");
  return *kind;
}

std::vector<Feature> features_of(const nlohmann::json& json) {
  const auto wrong = [] {
    return ModelError("tine: this is no model: its features are not there");
  };
  const auto found = json.find("features");
  if (found == json.end() || !found->is_array()) throw wrong();
  std::vector<Feature> features;
  for (const auto& feature : *found) {
    if (!feature.is_object()) throw wrong();
    const auto name = feature.find("name"), expression = feature.find("expression");
    if (name == feature.end() || !name->is_string() || expression == feature.end() ||
        !expression->is_string())
      throw wrong();
    features.push_back({*name, *expression});
  }
  return features;
}

template <class T, class Is>
std::vector<T> list_of(const ModelReader& reader, const char* name, const nlohmann::json& list,
                       std::size_t count, const char* of_what, Is is) {
  if (!list.is_array() || !std::ranges::all_of(list, is))
    reader.fail(std::string(name) + " is no list of " + of_what);
  if (count != ModelReader::any_count && list.size() != count)
    reader.fail(std::string(name) + " has " + std::to_string(list.size()) +
                " elements instead of " + std::to_string(count));
  return list.get<std::vector<T>>();
}

std::string list_of_names(const std::vector<Feature>& features) {
  std::string names;
  for (const Feature& feature : features) names += (names.empty() ? "" : ", ") + feature.name;
  return names;
}

// The first of the numbers that is not finite, or how many they are.
std::size_t first_wild(const PoolWith& on, const View<const double>& values) {
  struct First {
    std::size_t at;
  };
  constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
  const First first = reduce_slices(
      on, slices(values.size()), First{none},
      [](First a, const First& b) { return First{std::min(a.at, b.at)}; },
      [](const Slice& slice, std::span<const double> part) {
        // Sums of what is multiplied by 0 are 0 or NaN: a loop without branches.
        double sum = 0;
        for (const double value : part) sum += value * 0;
        if (sum == 0) return First{none};
        const auto wild = std::ranges::find_if(part, [](double x) { return !std::isfinite(x); });
        return First{slice.begin + static_cast<std::size_t>(wild - part.begin())};
      },
      in(values));
  return std::min(first.at, values.size());
}

}  // namespace

ModelWriter::ModelWriter(std::string_view kind, const std::vector<Feature>& features) {
  json_["tine"] = kind;
  json_["version"] = version;
  json_["features"] = nlohmann::ordered_json::array();
  for (const Feature& feature : features)
    json_["features"].push_back({{"name", feature.name}, {"expression", feature.expression}});
}

std::string ModelWriter::text() const {
  return json_.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

ModelReader::ModelReader(std::string_view text, std::string_view kind)
    : json_(parse(text)), kind_(kind) {
  if (const std::string found = kind_of(json_); found != kind)
    throw ModelError("tine: this is a model of " + found + ", not of " + kind_);
  features_ = features_of(json_);
}

void ModelReader::fail(const std::string& why) const {
  throw ModelError("tine: this is no model of " + kind_ + ": " + why);
}

const nlohmann::json& ModelReader::at(const char* name) const {
  const auto found = json_.find(name);
  if (found == json_.end()) fail("it has no " + std::string(name));
  return *found;
}

double ModelReader::real(const char* name) const {
  const nlohmann::json& value = at(name);
  if (!value.is_number()) fail(std::string(name) + " is no number");
  return value;
}

std::uint64_t ModelReader::integer(const char* name) const {
  const nlohmann::json& value = at(name);
  if (!value.is_number_unsigned()) fail(std::string(name) + " is no count");
  return value;
}

std::string ModelReader::string(const char* name) const {
  const nlohmann::json& value = at(name);
  if (!value.is_string()) fail(std::string(name) + " is no text");
  return value;
}

std::vector<double> ModelReader::reals(const char* name, std::size_t count) const {
  return list_of<double>(*this, name, at(name), count, "numbers",
                         [](const nlohmann::json& value) { return value.is_number(); });
}

std::vector<std::uint64_t> ModelReader::integers(const char* name, std::size_t count) const {
  return list_of<std::uint64_t>(
      *this, name, at(name), count, "counts",
      [](const nlohmann::json& value) { return value.is_number_unsigned(); });
}

std::vector<std::string> ModelReader::strings(const char* name, std::size_t count) const {
  return list_of<std::string>(*this, name, at(name), count, "texts",
                              [](const nlohmann::json& value) { return value.is_string(); });
}

ModelInfo model_info(std::string_view text) {
  const nlohmann::json json = parse(text);
  return {kind_of(json), features_of(json)};
}

void check_dimensions(const std::vector<Feature>& model, const Samples& samples) {
  if (model.size() == samples.dimensions()) return;
  throw ModelError("tine: the model has " + std::to_string(model.size()) + " features (" +
                   list_of_names(model) + "), the samples have " +
                   std::to_string(samples.dimensions()));
}

void check_samples(const PoolWith& on, const Samples& samples, std::size_t least) {
  const std::size_t d = samples.dimensions();
  if (d == 0) throw SampleError("tine: the samples have no features");
  if (samples.size() < least)
    throw SampleError("tine: " + std::to_string(least) +
                      " samples are needed at least, and there " +
                      (samples.size() == 1 ? "is 1" : "are " + std::to_string(samples.size())));
  const auto refuse = [](const std::string& name, double value, std::size_t row) {
    throw SampleError("tine: " + name + " is " + (std::isnan(value) ? "nan" : "infinite") +
                      " in sample " + std::to_string(row + 1));
  };
  const View<const double> x(samples.x.data(), {samples.x.size()});
  if (const std::size_t wild = first_wild(on, x); wild < x.size())
    refuse(samples.features[wild % d].name, x.data()[wild], wild / d);
  if (samples.y.empty()) return;
  const View<const double> y(samples.y.data(), {samples.y.size()});
  if (const std::size_t wild = first_wild(on, y); wild < y.size())
    refuse(samples.target.name, y.data()[wild], wild);
}

}  // namespace tine::mining
