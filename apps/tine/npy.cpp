#include "npy.hpp"

#include <vector>

#include <tine/matrix/file_error.hpp>
#include <tine/matrix/npy_header.hpp>

#include "exit.hpp"

namespace tine::app {

std::optional<NpyHeader> read_npy_header(std::span<const std::uint8_t> head) try {
  const auto array = matrix::parse_npy_header(head);
  if (!array) return std::nullopt;
  int depth;
  if (array->kind == "u1")
    depth = CV_8U;
  else if (array->kind == "u2")
    depth = CV_16U;
  else if (array->kind == "f4")
    depth = CV_32F;
  else
    throw Failure("the array holds no image: its values are none of uint8, uint16 and float32");
  if (array->fortran_order)
    throw Failure("the array is in Fortran order; numpy.ascontiguousarray() changes that");
  const auto& shape = array->shape;
  const std::uint64_t channels = shape.size() == 3 ? shape[2] : 1;
  if (shape.size() < 2 || shape.size() > 3 || (channels < 1 || channels > 4))
    throw Failure(
        "the array holds no image: its shape is neither (rows, columns) nor (rows, columns, 1 "
        "to 4)");
  return NpyHeader{shape[0], shape[1], CV_MAKETYPE(depth, static_cast<int>(channels)),
                   array->offset, array->big_endian};
} catch (const matrix::FileError& error) {
  throw Failure(error.what());
}

std::string npy_header(const image::Shape& shape) {
  const int depth = CV_MAT_DEPTH(shape.type), channels = CV_MAT_CN(shape.type);
  std::vector<std::uint64_t> extents{static_cast<std::uint64_t>(shape.rows),
                                     static_cast<std::uint64_t>(shape.columns)};
  if (channels > 1) extents.push_back(static_cast<std::uint64_t>(channels));
  return matrix::make_npy_header(depth == CV_8U    ? "u1"
                                 : depth == CV_16U ? "u2"
                                 : depth == CV_32S ? "i4"
                                 : depth == CV_64F ? "f8"
                                                   : "f4",
                                 false, extents);
}

}  // namespace tine::app
