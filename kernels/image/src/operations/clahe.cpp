// clahe: K. Zuiderveld, Contrast limited adaptive histogram equalization, Graphics Gems IV (1994), as
// OpenCV does it: each tile has its own table of levels, and a pixel gets what the tables of the four
// tiles around it say, weighted by how near they are.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "operations/all.hpp"
#include "operations/phases.hpp"

namespace tine::image {

namespace {

constexpr Parameter clahe_parameters[] = {
    {"clip", "how much contrast may grow; 0: without limit", "", 0, 1000, 40},
    {"x", "tiles side by side", "", 1, 64, 8, Parameter::Kind::integer},
    {"y", "tiles below each other", "", 1, 64, 8, Parameter::Kind::integer},
};

struct Tiles {
  int across, down;
  int width, height;  // of each, which may reach beyond the image

  explicit Tiles(const PhaseInput& input)
      : across(int(input.values[1])), down(int(input.values[2])) {
    const cv::Size size = input.image.size();
    // OpenCV widens both sides when one is not a multiple, and by a whole pixel a tile if it is.
    const bool even = size.width % across == 0 && size.height % down == 0;
    width = size.width / across + (even ? 0 : 1);
    height = size.height / down + (even ? 0 : 1);
  }
};

template <class T>
constexpr std::size_t levels = std::size_t{1} << (8 * sizeof(T));

template <class T>
void clip_counts(std::vector<int>& count, int limit) {
  int clipped = 0;
  for (int& n : count) {
    clipped += std::max(n - limit, 0);
    n = std::min(n, limit);
  }
  const int all = static_cast<int>(levels<T>);
  for (int& n : count) n += clipped / all;
  int rest = clipped % all;
  if (rest == 0) return;
  const int step = std::max(all / rest, 1);
  for (int i = 0; i < all && rest > 0; i += step, --rest) ++count[std::size_t(i)];
}

// A row of tiles: for each of them its table.
template <class T>
void make_tables(const PhaseInput& input, int tile_row, T* table) {
  const Tiles tiles(input);
  const cv::Mat& image = input.image;
  // Beyond the edges is the mirror image.
  std::vector<int> column(std::size_t(tiles.across) * std::size_t(tiles.width));
  for (std::size_t x = 0; x < column.size(); ++x)
    column[x] = cv::borderInterpolate(int(x), image.cols, cv::BORDER_REFLECT_101);
  std::vector<int> counts(std::size_t(tiles.across) * levels<T>);
  for (int y = tile_row * tiles.height; y < (tile_row + 1) * tiles.height; ++y) {
    const T* row = image.ptr<T>(cv::borderInterpolate(y, image.rows, cv::BORDER_REFLECT_101));
    for (int t = 0; t < tiles.across; ++t) {
      int* count = counts.data() + std::size_t(t) * levels<T>;
      const int begin = t * tiles.width, end = begin + tiles.width;
      const int inside = std::clamp(image.cols, begin, end);
      for (int x = begin; x < inside; ++x) ++count[row[x]];
      for (int x = inside; x < end; ++x) ++count[row[column[std::size_t(x)]]];
    }
  }
  const int pixels = tiles.width * tiles.height;
  const float scale = static_cast<float>(levels<T> - 1) / static_cast<float>(pixels);
  const double clip = input.values[0];
  for (int t = 0; t < tiles.across; ++t, table += levels<T>) {
    const auto begin = counts.begin() + t * std::ptrdiff_t(levels<T>);
    std::vector<int> count(begin, begin + std::ptrdiff_t(levels<T>));
    if (clip > 0)
      clip_counts<T>(count, std::max(static_cast<int>(clip * pixels / int(levels<T>)), 1));
    int sum = 0;
    for (std::size_t i = 0; i < levels<T>; ++i)
      table[i] = cv::saturate_cast<T>(static_cast<float>(sum += count[i]) * scale);
  }
}

// Between which two tiles a row or a column lies, and how near it is to the second.
struct Between {
  std::size_t first, second;
  float weight;

  Between(int at, int tile, int tiles) {
    const float position = static_cast<float>(at) * (1.0f / static_cast<float>(tile)) - 0.5f;
    const int below = cvFloor(position);
    weight = position - static_cast<float>(below);
    first = std::size_t(std::max(below, 0));
    second = std::size_t(std::min(below + 1, tiles - 1));
  }
};

template <class T>
void interpolate(const PhaseInput& input, const Range& rows, cv::Mat& out) {
  const Tiles tiles(input);
  std::vector<Between> columns;
  for (int x = 0; x < out.cols; ++x) columns.emplace_back(x, tiles.width, tiles.across);
  for (int y = 0; y < out.rows; ++y) {
    const int row = static_cast<int>(rows.begin) + y;
    const Between between(row, tiles.height, tiles.down);
    const float below = between.weight, above = 1.0f - below;
    const T* upper = input.found[0].of<T>(between.first);
    const T* lower = input.found[0].of<T>(between.second);
    const T* from = input.image.ptr<T>(row);
    T* to = out.ptr<T>(y);
    for (std::size_t x = 0; x < columns.size(); ++x) {
      const std::size_t left = columns[x].first * levels<T> + from[x];
      const std::size_t right = columns[x].second * levels<T> + from[x];
      const float to_right = columns[x].weight, to_left = 1.0f - to_right;
      to[x] = cv::saturate_cast<T>((upper[left] * to_left + upper[right] * to_right) * above +
                                   (lower[left] * to_left + lower[right] * to_right) * below);
    }
  }
}

std::size_t bytes_of_level(const PhaseInput& input) {
  return input.image.elemSize();
}

constexpr Phase clahe_phases[] = {
    {.slices = [](const PhaseInput& input) { return static_cast<std::size_t>(input.values[2]); },
     .bytes =
         [](const PhaseInput& input) {
           const std::size_t size = bytes_of_level(input);
           return std::size_t(Tiles(input).across) * size << (8 * size);
         },
     .run =
         [](const PhaseInput& input, std::size_t slice, std::uint8_t* record) {
           if (input.image.depth() == CV_8U)
             make_tables(input, int(slice), record);
           else
             make_tables(input, int(slice), reinterpret_cast<std::uint16_t*>(record));
         }},
};

}  // namespace

constinit const Operation clahe_operation{
    .name = "clahe",
    .help = "equalizes each part of the image by itself, with limited contrast",
    .parameters = clahe_parameters,
    .scope = Operation::Scope::phased,
    .accepts = always<depth_8 | depth_16, gray_only>,
    .phases = clahe_phases,
    .finish =
        [](const PhaseInput& input, Range rows, cv::Mat& out) {
          if (input.image.depth() == CV_8U)
            interpolate<std::uint8_t>(input, rows, out);
          else
            interpolate<std::uint16_t>(input, rows, out);
        },
    .reference =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          cv::createCLAHE(v[0], {int(v[1]), int(v[2])})->apply(in, out);
        },
};

}  // namespace tine::image
