#include "learn/classes.hpp"

#include <algorithm>

#include <tine/error.hpp>

namespace tine::mining {

std::vector<std::uint64_t> check_classes(const PoolWith& on, const Samples& samples) {
  if (samples.labels.size() != samples.size())
    throw InvalidArgument("tine: a classifier needs samples whose target is a class");
  std::vector<std::uint64_t> counts(samples.classes.size());
  for (const std::uint32_t label : samples.labels) {
    if (label >= counts.size()) throw InvalidArgument("tine: a label is none of the classes");
    ++counts[label];
  }
  check_samples(on, samples);
  if (samples.classes.size() < 2)
    throw SampleError("tine: " + samples.target.name + " is '" + samples.classes[0] +
                      "' in all samples, but a classifier needs two classes or more");
  if (const auto none = std::ranges::find(counts, 0u); none != counts.end())
    throw SampleError("tine: there is no sample whose " + samples.target.name + " is '" +
                      samples.classes[static_cast<std::size_t>(none - counts.begin())] + "'");
  return counts;
}

void add_classes(ModelWriter& to, const Feature& target, const std::vector<std::string>& classes,
                 Type class_type) {
  to.add("target", target.name)
      .add("target_expression", target.expression)
      .add("classes", classes)
      .add("class_type", std::string(to_string(class_type)));
}

void read_classes(const ModelReader& from, Feature& target, std::vector<std::string>& classes,
                  Type& class_type) {
  target = {from.string("target"), from.string("target_expression")};
  classes = from.strings("classes", ModelReader::any_count);
  if (classes.size() < 2) from.fail("it has fewer than two classes");
  const auto type = parse_type(from.string("class_type"));
  if (!type) from.fail("its classes are of no type");
  class_type = *type;
}

}  // namespace tine::mining
