/// @file
/// Models in files. A model is saved by its own save(), as JSON in UTF-8 that people can read; all its numbers
/// are read back as the same bits.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <tine/mining/samples.hpp>

namespace tine::mining {

/// What kind of model a text is, and of what: enough to choose who loads it.
struct ModelInfo {
  std::string kind;  ///< "kmeans", "pca", ...
  std::vector<Feature> features;
};

/// @throws ModelError for what is no model of this version
ModelInfo model_info(std::string_view text);

}  // namespace tine::mining
