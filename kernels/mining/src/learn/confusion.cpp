#include <tine/mining/confusion.hpp>

#include <tine/error.hpp>

namespace tine::mining {

Confusion::Confusion(std::span<const std::uint32_t> labels,
                     std::span<const std::uint32_t> predicted, std::size_t of)
    : classes(of), counts(of * of) {
  if (labels.size() != predicted.size())
    throw InvalidArgument("tine: there are not as many predictions as labels");
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] >= of || predicted[i] >= of)
      throw InvalidArgument("tine: a label is none of the classes");
    ++counts[labels[i] * of + predicted[i]];
  }
}

double Confusion::accuracy() const {
  std::uint64_t right = 0, all = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    all += counts[i];
    if (i % (classes + 1) == 0) right += counts[i];
  }
  return all == 0 ? 0 : static_cast<double>(right) / static_cast<double>(all);
}

}  // namespace tine::mining
