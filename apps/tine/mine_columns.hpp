// What was found about samples, as columns of a result.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <tine/mining/query.hpp>
#include <tine/mining/samples.hpp>

namespace tine::app {

mining::ResultColumn real_column(std::string name, std::span<const double> values);
mining::ResultColumn integer_column(std::string name, std::span<const std::uint32_t> values);
/// Classes as they were in the table that was learnt from: text, integers or bools. Labels beyond the classes,
/// which a worker may have left, become nulls.
mining::ResultColumn class_column(std::string name, std::span<const std::uint32_t> labels,
                                  const std::vector<std::string>& classes, mining::Type type);

template <class T>
std::span<const T> all_of(const Array<T>& values) {
  return {values.data(), values.size()};
}

}  // namespace tine::app
