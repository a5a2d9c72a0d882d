// What classifiers have in common: classes of samples, and in models.
#pragma once

#include "learn/model_text.hpp"

namespace tine::mining {

/// check_samples(), and that there are two classes or more, and a label for each sample. Returns how many
/// samples each class has.
std::vector<std::uint64_t> check_classes(const PoolWith& on, const Samples& samples);

void add_classes(ModelWriter& to, const Feature& target, const std::vector<std::string>& classes,
                 Type class_type);
/// @throws ModelError  fewer than two of them, or of no type
void read_classes(const ModelReader& from, Feature& target, std::vector<std::string>& classes,
                  Type& class_type);

}  // namespace tine::mining
