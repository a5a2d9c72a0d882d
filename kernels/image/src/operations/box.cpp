// box.
//
// Sums of integers are exact, so it is no matter where they begin. On floats cv::blur adds up in
// double and takes away again, along each row and down each column: how that rounds depends on where
// the image begins. But it does not round at all when all values are multiples of a number of which
// the largest sum is less than 2^53: then bands give the same bits as the whole image. A first phase
// finds out whether that is so, which it is for photographs. If not, one slice does it all.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>

#include "operations/all.hpp"
#include "operations/box_of_bytes.hpp"

namespace tine::image {

namespace {

constexpr Parameter parameters[] = {
    {"size", "side of the square", "pixels", 1, 255, 3, Parameter::Kind::odd},
    border_parameter,
};

void filter(const cv::Mat& in, cv::Mat& out, const Values& v) {
  cv::blur(in, out, {int(v[0]), int(v[0])}, {-1, -1}, int(v[1]));
}

// The smallest and the largest absolute value but zero, as bits of floats.
struct Magnitudes {
  std::uint32_t least = std::numeric_limits<std::uint32_t>::max(), most = 0;
};

Magnitudes magnitudes_of(const cv::Mat& image, Range rows) {
  Magnitudes found;
  const int values = image.cols * image.channels();
  for (std::size_t y = rows.begin; y < rows.end; ++y) {
    const float* row = image.ptr<float>(static_cast<int>(y));
    std::uint32_t least = found.least, most = found.most;
    for (int x = 0; x < values; ++x) {
      const std::uint32_t bits = std::bit_cast<std::uint32_t>(row[x]) & 0x7fff'ffffu;
      least = std::min(least, bits - 1);  // zero becomes the largest
      most = std::max(most, bits);
    }
    found = {least, most};
  }
  return found;
}

bool sums_are_exact(const Records& bands, int size) {
  Magnitudes all;
  for (std::size_t i = 0; i < bands.count; ++i) {
    const Magnitudes& band = *bands.of<Magnitudes>(i);
    all = {std::min(all.least, band.least), std::max(all.most, band.most)};
  }
  if (all.most == 0) return true;
  // Values are multiples of 2^(low - 150) and less than 2^(high - 126).
  const int low = std::max(1, static_cast<int>((all.least + 1) >> 23));
  const int high = static_cast<int>(all.most >> 23);
  const auto pixels = static_cast<unsigned>(size * size);
  return high < 255 && high - low + 24 + std::bit_width(pixels) <= 53;
}

bool sums_are_exact(const PhaseInput& input) {
  return sums_are_exact(input.found[0], int(input.values[0]));
}

cv::Mat whole_result(const PhaseInput& input, const std::uint8_t* record) {
  const cv::Mat& image = input.image;
  return {image.rows, image.cols, image.type(), const_cast<std::uint8_t*>(record)};
}

const Phase phases[] = {
    {
        .bytes = [](const PhaseInput&) { return sizeof(Magnitudes); },
        .run =
            [](const PhaseInput& input, std::size_t slice, std::uint8_t* record) {
              const Slice s = input.bands.slice(slice);
              *reinterpret_cast<Magnitudes*>(record) = magnitudes_of(input.image, {s.begin, s.end});
            },
    },
    {
        .slices = [](const PhaseInput&) { return std::size_t{1}; },
        .bytes =
            [](const PhaseInput& input) {
              return sums_are_exact(input) ? 0 : input.image.total() * input.image.elemSize();
            },
        .run =
            [](const PhaseInput& input, std::size_t, std::uint8_t* record) {
              if (sums_are_exact(input)) return;
              cv::Mat result = whole_result(input, record);
              filter(input.image, result, input.values);
            },
    },
};

constinit const Operation on_floats{
    .name = "box",
    .help = "the same on floats",
    .scope = Operation::Scope::phased,
    .accepts = always<depth_float, any_channels>,
    .halo = [](const Values& v, int) { return int(v[0]) / 2; },
    .phases = phases,
    .finish =
        [](const PhaseInput& input, Range rows, cv::Mat& out) {
          const cv::Range kept(static_cast<int>(rows.begin), static_cast<int>(rows.end));
          if (sums_are_exact(input))
            filter(input.image.rowRange(kept), out, input.values);
          else
            whole_result(input, input.found[1].data).rowRange(kept).copyTo(out);
        },
    .reference = filter,
};

constinit const Operation on_bytes{
    .name = "box",
    .help = "the same of small squares of bytes",
    .accepts = always<depth_8, any_channels>,
    .halo = [](const Values& v, int) { return int(v[0]) / 2; },
    .run = [](const cv::Mat& in, cv::Mat& out,
              const Values& v) { box_of_bytes(in, out, int(v[0]), int(v[1]), v.streams); },
    .reads_around = true,
    .reference = filter,
};

}  // namespace

constinit const Operation box_operation{
    .name = "box",
    .help = "mean of a square",
    .parameters = parameters,
    .variant = [](const Values& v, int type) -> const Operation* {
      if (CV_MAT_DEPTH(type) == CV_32F) return &on_floats;
      return CV_MAT_DEPTH(type) == CV_8U && v[0] > 1 && v[0] <= largest_box_of_bytes ? &on_bytes
                                                                                     : nullptr;
    },
    .accepts = always<all_depths, any_channels>,
    .halo = [](const Values& v, int) { return int(v[0]) / 2; },
    .run = filter,
    .reads_around = true,
};

}  // namespace tine::image
