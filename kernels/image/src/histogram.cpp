#include <tine/image/histogram.hpp>

#include <algorithm>

#include <tine/error.hpp>
#include <tine/for_each_slice.hpp>

#include "arena_mats.hpp"
#include "count_levels.hpp"
#include "stage.hpp"

namespace tine::image {

namespace {

constexpr std::size_t most_slices = 32;

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
        const std::size_t rows = bytes.extent(0);
        const cv::Mat in =
            isolated(mat_of(bytes, shape[0]), {rows * s.begin / s.count, rows * s.end / s.count});
        if (in.depth() == CV_8U)
          count_levels<std::uint8_t>(in, part.data());
        else
          count_levels<std::uint16_t>(in, part.data());
      },
      whole(of), whole(bytes_of(shared.image())), out(counts));
  const std::uint32_t* part = counts.peek().data();
  for (std::size_t s = 0; s < slices; ++s)
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t level = 0; level < levels; ++level) result[c][level] += *part++;
  return result;
}

}  // namespace tine::image
