// Images and stages as what jobs take: bytes in shared memory.
#pragma once

#include <cstdint>

#include "stage.hpp"

namespace tine::image {

using Bytes = View<std::uint8_t, 2>;
using ConstBytes = View<const std::uint8_t, 2>;

inline std::size_t row_bytes(const Shape& shape) {
  return CV_ELEM_SIZE(shape.type) * static_cast<std::size_t>(shape.columns);
}

inline Bytes bytes_of(const cv::Mat& mat) {
  const std::size_t row = mat.elemSize() * static_cast<std::size_t>(mat.cols);
  return {
      mat.data, {static_cast<std::size_t>(mat.rows), row}, {mat.rows > 1 ? mat.step[0] : row, 1}};
}

/// Rows of an image of this shape.
inline cv::Mat mat_of(const ConstBytes& bytes, const Shape& shape) {
  return {static_cast<int>(bytes.extent(0)), shape.columns, shape.type,
          const_cast<std::uint8_t*>(bytes.data()), bytes.stride(0)};
}

inline Array<std::uint8_t, 2> array_for(Pool& pool, const Shape& shape) {
  return pool.array<std::uint8_t>(shape.rows, row_bytes(shape));
}

/// A stage travels in shared memory, not in the kernel's captures: it holds numbers of every kind,
/// and tine looks at captures for what might be a pointer.
inline Array<Stage, 1> share(Pool& pool, const Stage& stage) {
  auto shared = pool.array<Stage>(1);
  shared[0] = stage;
  return shared;
}

}  // namespace tine::image
