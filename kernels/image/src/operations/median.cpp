// median.
//
// Larger squares go by the histograms of S. Perreault and P. Hebert, Median filtering in constant time,
// IEEE Trans. Image Processing 16 (2007): one for each column, moved down by a pixel from row to
// row, from which the one of the square is made by adding a column and taking one away. Levels are
// bytes: a coarse histogram of their upper four bits, and a fine one of the lower four for each
// value of these, brought up to date when the median lies there.
//
// What is not bytes becomes bytes by the ordinal transform (B. Weiss, Fast median and bilateral
// filtering, SIGGRAPH 2006): the pixels of a tile are sorted, and their ranks cut into 256 equal
// parts. The median's part, and how many in the square are below it there, come from the
// histograms; a walk along the part's sorted list, counting who lies in the square, ends at it.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "operations/all.hpp"
#include "operations/median_of_nine.hpp"
#include "wide.hpp"

namespace tine::image {

namespace {

constexpr Parameter parameters[] = {
    {"size", "side of the square", "pixels", 3, 101, 3, Parameter::Kind::odd},
};

// Of a tile, with what is around it. The first makes places two bytes; the second lets histograms
// stay in cache.
constexpr int sorted_side = 256, bytes_width = 768;

// A count for each of 16 values. What the compiler makes of it is one register, or two.
using Counts [[gnu::vector_size(32)]] = std::uint16_t;

// Histograms of columns.
struct Columns {
  std::vector<Counts> coarse;  // [column]
  std::vector<Counts> fine;    // [upper four bits][column]
  int count = 0;

  void clear(int columns) {
    count = columns;
    coarse.assign(static_cast<std::size_t>(columns), Counts{});
    fine.assign(static_cast<std::size_t>(columns) * 16, Counts{});
  }
  void add(const std::uint8_t* codes, int sign) {
    auto* coarse_counts = reinterpret_cast<std::uint16_t*>(coarse.data());
    auto* fine_counts = reinterpret_cast<std::uint16_t*>(fine.data());
    const auto step = static_cast<std::uint16_t>(sign);
    for (int x = 0; x < count; ++x) {
      const int high = codes[x] >> 4, low = codes[x] & 15;
      coarse_counts[x * 16 + high] += step;
      fine_counts[(high * count + x) * 16 + low] += step;
    }
  }
};

struct Bin {
  int index, below;
};

// The bin in which the element with `rank` others below it lies, and how many are below the bin.
[[gnu::always_inline]] inline Bin find(const Counts& counts, int rank) {
  using Half [[gnu::vector_size(16)]] = std::int16_t;
  using Bytes [[gnu::vector_size(8)]] = std::int8_t;
  // Sums of each bin and all before it; a zero goes first.
  struct {
    std::int16_t zero[8];
    Half low, high;
  } sums{};
  std::memcpy(&sums.low, &counts, sizeof counts);
  const Half zero{};
  for (Half* half : {&sums.low, &sums.high}) {
    *half += __builtin_shufflevector(*half, zero, 8, 0, 1, 2, 3, 4, 5, 6);
    *half += __builtin_shufflevector(*half, zero, 8, 8, 0, 1, 2, 3, 4, 5);
    *half += __builtin_shufflevector(*half, zero, 8, 8, 8, 8, 0, 1, 2, 3);
  }
  sums.high += sums.low[7];
  const auto limit = static_cast<std::int16_t>(rank);
  const auto above = [&](const Half& half) {  // the first sum that is above the rank
    return std::countr_zero(
               std::bit_cast<std::uint64_t>(__builtin_convertvector(half > limit, Bytes))) /
           8;
  };
  const int index = above(sums.low) + above(sums.high);
  return {index, (&sums.zero[7])[index]};
}

// For each pixel of a row the code of the median, and how many pixels with this code are below it.
TINE_IMAGE_WIDE
void medians(const Counts* coarse_columns, const Counts* fine_columns, int columns, int radius,
             std::uint8_t* code, std::uint16_t* rank) {
  const int side = 2 * radius + 1, middle = side * side / 2;
  Counts coarse{};
  std::array<Counts, 16> fine;
  std::array<int, 16> made_for;
  made_for.fill(-side);
  for (int x = 0; x < side - 1; ++x) coarse += coarse_columns[x];
  for (int x = 0; x + side <= columns; ++x) {
    coarse += coarse_columns[x + side - 1];
    const Bin high = find(coarse, middle);
    const auto bin = static_cast<std::size_t>(high.index);
    const Counts* own = fine_columns + high.index * columns;
    Counts counts = fine[bin];
    if (2 * (x - made_for[bin]) > side) {
      counts = Counts{};
      for (int i = x; i < x + side; ++i) counts += own[i];
    } else {
      for (int i = made_for[bin]; i < x; ++i) counts += own[i + side] - own[i];
    }
    fine[bin] = counts;
    made_for[bin] = x;
    const Bin low = find(counts, middle - high.below);
    code[x] = static_cast<std::uint8_t>(high.index * 16 + low.index);
    rank[x] = static_cast<std::uint16_t>(middle - high.below - low.below);
    coarse -= coarse_columns[x];
  }
}

// Of the places in a list from `from` on, the one that lies in the square and has `rank` others there
// before it.
constexpr int block = 32;
TINE_IMAGE_WIDE
std::size_t walk(const std::uint8_t* xs, const std::uint8_t* ys, std::size_t from, int left,
                 int top, int side, int rank) {
  using Bytes [[gnu::vector_size(block)]] = std::uint8_t;
  using Words = std::array<std::uint64_t, block / 8>;
  const auto first_x = static_cast<std::uint8_t>(left), first_y = static_cast<std::uint8_t>(top);
  const auto reach = static_cast<std::uint8_t>(side);
  for (;; from += block) {
    Bytes x, y;
    std::memcpy(&x, xs + from, sizeof x);
    std::memcpy(&y, ys + from, sizeof y);
    x -= first_x;  // wraps around left of the square
    y -= first_y;
    const auto inside = (x < reach) & (y < reach);
    Words words;  // a byte of ones for each place inside
    std::memcpy(&words, &inside, sizeof words);
    for (std::size_t i = 0; i < words.size(); ++i) {
      const int count = std::popcount(words[i]) / 8;
      if (count <= rank) {
        rank -= count;
        continue;
      }
      constexpr std::uint64_t each = 0x0101'0101'0101'0101;
      const std::uint64_t counts = (words[i] & each) * each;  // up to and with each byte
      const std::uint64_t enough =
          ((counts | each * 0x80) - each * static_cast<unsigned>(rank + 1)) & each * 0x80;
      return from + i * 8 + static_cast<std::size_t>(std::countr_zero(enough) / 8);
    }
  }
}

std::uint32_t ordered(std::uint16_t value) {
  return value;
}
// Integers in the order of the floats.
std::uint32_t ordered(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return bits >> 31 ? ~bits : bits | 0x8000'0000u;
}

// The pixels of a tile by rank, each with its place.
template <class T>
class Ranks {
 public:
  void sort(const T* values, int rows, int columns, std::uint8_t* codes) {
    const auto count = static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
    items_.resize(count);
    other_.resize(count);
    Item* item = items_.data();
    for (int y = 0; y < rows; ++y)
      for (int x = 0; x < columns; ++x)
        *item++ = static_cast<Item>(ordered(values[y * columns + x])) << 16 |
                  static_cast<Item>(y << 8 | x);
    for (int shift = 16; shift < 16 + 8 * int(sizeof(T)); shift += 8) sort_by(shift);
    part_ = (count + 255) / 256;
    values_.resize(count);
    xs_.resize(count + block);  // walk() may look beyond the last one
    ys_.resize(count + block);
    for (std::size_t begin = 0, code = 0; begin < count; begin += part_, ++code)
      for (std::size_t i = begin; i < std::min(begin + part_, count); ++i) {
        xs_[i] = static_cast<std::uint8_t>(items_[i]);
        ys_[i] = static_cast<std::uint8_t>(items_[i] >> 8);
        const int place = ys_[i] * columns + xs_[i];
        values_[i] = values[place];
        codes[place] = static_cast<std::uint8_t>(code);
      }
  }

  T median(int left, int top, int side, std::uint8_t code, int rank) const {
    return values_[walk(xs_.data(), ys_.data(), code * part_, left, top, side, rank)];
  }

 private:
  using Item = std::conditional_t<sizeof(T) == 2, std::uint32_t, std::uint64_t>;

  void sort_by(int shift) {
    std::array<std::uint32_t, 256> next{};
    for (Item item : items_) ++next[item >> shift & 255];
    std::uint32_t sum = 0;
    for (std::uint32_t& n : next) n = std::exchange(sum, sum + n);
    for (Item item : items_) other_[next[item >> shift & 255]++] = item;
    items_.swap(other_);
  }

  std::vector<Item> items_, other_;
  std::vector<T> values_;
  std::vector<std::uint8_t> xs_, ys_;
  std::size_t part_ = 1;
};

// Bytes are their own codes.
template <>
class Ranks<std::uint8_t> {
 public:
  static std::uint8_t median(int, int, int, std::uint8_t code, int) { return code; }
};

// A part of an image, with the rows that its Mat has around it and the edges repeated beyond.
struct Source {
  explicit Source(const cv::Mat& image) : part(image) { part.locateROI(whole, offset); }

  template <class T>
  void copy(int first_row, int rows, int first_column, int columns, int channel, T* to) const {
    const int channels = part.channels();
    for (int y = 0; y < rows; ++y, to += columns) {
      const int row = std::clamp(offset.y + first_row + y, 0, whole.height - 1) - offset.y;
      const T* from =
          reinterpret_cast<const T*>(part.data + row * static_cast<std::ptrdiff_t>(part.step[0]));
      for (int x = 0; x < columns; ++x)
        to[x] = from[std::clamp(first_column + x, 0, part.cols - 1) * channels + channel];
    }
  }

  const cv::Mat& part;
  cv::Size whole;
  cv::Point offset;
};

template <class T>
void filter(const cv::Mat& in, cv::Mat& out, int size) {
  thread_local Columns columns;
  thread_local Ranks<T> ranks;
  thread_local std::vector<T> values;
  thread_local std::vector<std::uint8_t> codes;
  constexpr bool is_bytes = sizeof(T) == 1;
  const Source source(in);
  const int radius = size / 2, channels = in.channels();
  const int width = (is_bytes ? bytes_width : sorted_side) - 2 * radius;
  const int height = is_bytes ? out.rows : width;
  std::array<std::uint8_t, bytes_width> code;
  std::array<std::uint16_t, bytes_width> rank;
  for (int top = 0; top < out.rows; top += height)
    for (int left = 0; left < out.cols; left += width)
      for (int channel = 0; channel < channels; ++channel) {
        const int rows = std::min(height, out.rows - top) + 2 * radius;
        const int across = std::min(width, out.cols - left) + 2 * radius;
        const auto pixels = static_cast<std::size_t>(rows) * static_cast<std::size_t>(across);
        codes.resize(pixels);
        if constexpr (is_bytes) {
          source.copy(top - radius, rows, left - radius, across, channel, codes.data());
        } else {
          values.resize(pixels);
          source.copy(top - radius, rows, left - radius, across, channel, values.data());
          ranks.sort(values.data(), rows, across, codes.data());
        }
        columns.clear(across);
        const auto row = [&](int y) {
          return codes.data() + y * static_cast<std::ptrdiff_t>(across);
        };
        for (int y = 0; y < size - 1; ++y) columns.add(row(y), 1);
        for (int y = 0; y + size <= rows; ++y) {
          columns.add(row(y + size - 1), 1);
          medians(columns.coarse.data(), columns.fine.data(), across, radius, code.data(),
                  rank.data());
          T* to = out.ptr<T>(top + y) + left * channels + channel;
          for (int x = 0; x + size <= across; ++x) {
            const auto i = static_cast<std::size_t>(x);
            to[x * channels] = ranks.median(x, y, size, code[i], rank[i]);
          }
          columns.add(row(y), -1);
        }
      }
}

constinit const Operation large{
    .name = "median",
    .help = "the same of a larger square",
    .accepts = always<all_depths, any_channels>,
    .halo = [](const Values& v, int) { return int(v[0]) / 2; },
    .run =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          const int size = int(v[0]);
          switch (in.depth()) {
            case CV_8U:
              return filter<std::uint8_t>(in, out, size);
            case CV_16U:
              return filter<std::uint16_t>(in, out, size);
            default:
              return filter<float>(in, out, size);
          }
        },
    .reads_around = true,
    .reference =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          if (in.depth() == CV_8U)
            cv::medianBlur(in, out, int(v[0]));
          else
            large.run(in, out, v);
        },
};

constinit const Operation nine{
    .name = "median",
    .help = "the same of 3 x 3 pixels",
    .accepts = always<depth_8 | depth_16, any_channels>,
    .halo = [](const Values&, int) { return 1; },
    .run = [](const cv::Mat& in, cv::Mat& out,
              const Values& v) { median_of_nine(in, out, v.streams); },
    .reads_around = true,
    .reference = [](const cv::Mat& in, cv::Mat& out, const Values&) { cv::medianBlur(in, out, 3); },
};

}  // namespace

constinit const Operation median_operation{
    .name = "median",
    .help = "median of a square: removes specks",
    .parameters = parameters,
    .variant = [](const Values& v, int type) -> const Operation* {
      if (v[0] > 5) return &large;
      return v[0] == 3 && CV_MAT_DEPTH(type) != CV_32F ? &nine : nullptr;
    },
    .accepts = always<all_depths, any_channels>,
    .halo = [](const Values& v, int) { return int(v[0]) / 2; },
    .run = [](const cv::Mat& in, cv::Mat& out,
              const Values& v) { cv::medianBlur(in, out, int(v[0])); },
};

}  // namespace tine::image
