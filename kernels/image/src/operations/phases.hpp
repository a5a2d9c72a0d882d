// What operations in phases share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include <tine/image/chain.hpp>

namespace tine::image {

inline constexpr std::size_t record_alignment = 64;

inline constexpr std::size_t aligned(std::size_t bytes) {
  return (bytes + record_alignment - 1) / record_alignment * record_alignment;
}

inline std::size_t one_slice(const PhaseInput&) {
  return 1;
}

/// The operation on a whole image as a single band, where OpenCV has nothing to define the result.
inline void in_one_band(const Operation& operation, const cv::Mat& in, cv::Mat& out,
                        const Values& values) {
  const auto numbers = std::span(values.number).first(operation.parameters.size());
  Chain::of(operation.name, numbers)(in, {.band_rows = std::max(in.rows, out.rows)}).copyTo(out);
}

}  // namespace tine::image
