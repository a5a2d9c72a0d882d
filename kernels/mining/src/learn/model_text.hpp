// Models as JSON: what all of them have in common, and what is read from strangers checked.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <tine/mining/error.hpp>
#include <tine/mining/samples.hpp>

namespace tine::mining {

/// {"tine": "kmeans", "version": 1, "features": [...]}, to which a learner adds what it found. Numbers are
/// written such that they are read as the same bits; none may be infinite or NaN.
class ModelWriter {
 public:
  ModelWriter(std::string_view kind, const std::vector<Feature>& features);
  /// Of what it found: numbers, text, lists of them.
  template <class T>
  ModelWriter& add(const char* name, const T& value) {
    json_[name] = value;
    return *this;
  }
  std::string text() const;

 private:
  nlohmann::ordered_json json_;
};

/// The same back. All functions throw ModelError, which says what is wrong.
class ModelReader {
 public:
  ModelReader(std::string_view text, std::string_view kind);

  const std::vector<Feature>& features() const { return features_; }
  double real(const char* name) const;
  std::uint64_t integer(const char* name) const;
  std::string string(const char* name) const;
  /// Of exactly so many finite numbers; with `any_count`, of any number of them.
  std::vector<double> reals(const char* name, std::size_t count) const;
  std::vector<std::uint64_t> integers(const char* name, std::size_t count) const;
  std::vector<std::string> strings(const char* name, std::size_t count) const;
  bool has(const char* name) const { return json_.contains(name); }
  static constexpr std::size_t any_count = ~std::size_t{0};

  /// For what is wrong in another way: throws.
  [[noreturn]] void fail(const std::string& why) const;

 private:
  const nlohmann::json& at(const char* name) const;
  nlohmann::json json_;
  std::string kind_;
  std::vector<Feature> features_;
};

/// Throws ModelError unless the samples have as many features as the model, and says which it wants.
void check_dimensions(const std::vector<Feature>& model, const Samples& samples);

/// Throws SampleError unless all of x (and y) are finite, and says which is not; and unless there are at least
/// so many samples, and a feature.
void check_samples(const PoolWith& on, const Samples& samples, std::size_t least = 1);

}  // namespace tine::mining
