#include <tine/image/histogram.hpp>

#include <algorithm>

#include <tine/error.hpp>
#include <tine/for_each_slice.hpp>

#include "arena_mats.hpp"

namespace tine::image {

namespace {

constexpr std::size_t most_slices = 32;

template <class T>
void count(const cv::Mat& image, std::size_t begin, std::size_t end, std::uint32_t* counts) {
  constexpr std::size_t levels = std::size_t{1} << (8 * sizeof(T));
  const auto channels = static_cast<std::size_t>(image.channels());
  for (std::size_t y = begin; y < end; ++y) {
    const T* row = image.ptr<T>(static_cast<int>(y));
    for (int x = 0; x < image.cols; ++x, row += channels)
      for (std::size_t c = 0; c < channels; ++c) ++counts[c * levels + row[c]];
  }
}

}  // namespace

std::vector<std::vector<std::uint64_t>> histogram(const PoolWith& on, const cv::Mat& image) {
  const auto channels = static_cast<std::size_t>(image.channels());
  if (image.depth() != CV_8U && image.depth() != CV_16U)
    throw InvalidArgument("tine::image::histogram takes 8-bit or 16-bit images");
  if (channels > 4) throw InvalidArgument("tine::image::histogram takes 4 channels at most");
  const std::size_t levels = image.depth() == CV_8U ? 256 : 65536;
  std::vector<std::vector<std::uint64_t>> result(channels, std::vector<std::uint64_t>(levels));
  if (image.empty()) return result;

  const SharedInput shared(on.pool, image);
  const std::size_t slices = std::min(most_slices, static_cast<std::size_t>(image.rows));
  auto counts = on.pool.array<std::uint32_t>(slices, channels * levels);
  const auto of = share(on.pool, Shape{image.rows, image.cols, image.type()});
  for_each_slice(
      on, Partition{.n = slices},
      [](const Slice& s, std::span<const Shape> shape, const ConstBytes& bytes,
         View<std::uint32_t, 2> part) {
        const cv::Mat in = mat_of(bytes, shape[0]);
        const auto rows = static_cast<std::size_t>(in.rows);
        const std::size_t begin = rows * s.begin / s.count, end = rows * s.end / s.count;
        if (in.depth() == CV_8U)
          count<std::uint8_t>(in, begin, end, part.data());
        else
          count<std::uint16_t>(in, begin, end, part.data());
      },
      whole(of), whole(bytes_of(shared.image())), out(counts));
  const std::uint32_t* part = counts.peek().data();
  for (std::size_t s = 0; s < slices; ++s)
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t level = 0; level < levels; ++level) result[c][level] += *part++;
  return result;
}

}  // namespace tine::image
