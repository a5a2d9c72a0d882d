// Images and stages as what jobs take: bytes in shared memory.
#pragma once

#include <cstdint>
#include <vector>

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

inline bool overlap(const cv::Mat& a, const cv::Mat& b) {
  return !a.empty() && !b.empty() && a.datastart < b.dataend && b.datastart < a.dataend;
}

/// An image that jobs read: itself where it lies in the arena, else a copy.
class SharedInput {
 public:
  SharedInput(Pool& pool, const cv::Mat& image) : image_(image) {
    if (image.empty() || pool.arena()->contains(image.data)) return;
    const Shape shape{image.rows, image.cols, image.type()};
    memory_ = array_for(pool, shape);
    image_ = cv::Mat(shape.rows, shape.columns, shape.type, memory_.peek().data());
    image.copyTo(cv::Mat(shape.rows, shape.columns, shape.type, memory_.data()));
  }

  const cv::Mat& image() const { return image_; }

 private:
  Array<std::uint8_t, 2> memory_;
  cv::Mat image_;
};

/// An image that jobs write: itself where it lies in the arena and not over an input, else one that
/// finish() copies to it. Gives `out` this shape, as OpenCV's functions do.
class SharedOutput {
 public:
  SharedOutput(Pool& pool, cv::Mat& out, const Shape& shape, const cv::Mat& input) : out_(out) {
    if (!overlap(input, out)) out.create(shape.rows, shape.columns, shape.type);
    image_ = out;
    if (shape.rows == 0 || shape.columns == 0) return;
    if (pool.arena()->contains(out.data) && !overlap(input, out)) return;
    memory_ = array_for(pool, shape);
    image_ = cv::Mat(shape.rows, shape.columns, shape.type, memory_.peek().data());
  }

  cv::Mat& image() { return image_; }
  void finish() {
    if (!memory_.empty()) image_.copyTo(out_);
  }

 private:
  cv::Mat& out_;
  Array<std::uint8_t, 2> memory_;
  cv::Mat image_;
};

/// A chain whose second images are such inputs.
class SharedChain {
 public:
  SharedChain(Pool& pool, const Chain& chain)
      : chain_(chain.with_operands([&](const Step& step) {
          return operands_.emplace_back(pool, step.operand).image();
        })) {}

  const Chain& chain() const { return chain_; }

 private:
  std::vector<SharedInput> operands_;
  Chain chain_;
};

/// What a kernel needs to know travels in shared memory rather than in its captures when it holds
/// numbers of every kind: tine looks at captures for what might be a pointer.
template <class T>
Array<T, 1> share(Pool& pool, const T& value) {
  auto shared = pool.array<T>(1);
  shared[0] = value;
  return shared;
}

}  // namespace tine::image
