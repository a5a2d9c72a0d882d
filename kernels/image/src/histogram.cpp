#include <tine/image/histogram.hpp>

#include <algorithm>
#include <string>

#include <tine/error.hpp>
#include <tine/image/chain.hpp>

#include "count_levels.hpp"
#include "operations/all.hpp"
#include "stage.hpp"

namespace tine::image {

namespace {

constexpr std::size_t most_slices = 32;

std::size_t levels_of(const cv::Mat& image) {
  return image.depth() == CV_8U ? 256 : 65536;
}

void count(const cv::Mat& image, std::uint32_t* counts) {
  if (image.depth() == CV_8U)
    count_levels<std::uint8_t>(image, counts);
  else
    count_levels<std::uint16_t>(image, counts);
}

std::size_t parts(const PhaseInput& input) {
  return std::min(most_slices, static_cast<std::size_t>(input.image.rows));
}

std::size_t count_bytes(const PhaseInput& input) {
  return static_cast<std::size_t>(input.image.channels()) * levels_of(input.image) *
         sizeof(std::uint32_t);
}

constexpr Phase histogram_phases[] = {
    {.slices = parts,
     .bytes = count_bytes,
     .run =
         [](const PhaseInput& input, std::size_t slice, std::uint8_t* record) {
           const auto rows = static_cast<std::size_t>(input.image.rows);
           count(isolated(input.image,
                          {rows * slice / parts(input), rows * (slice + 1) / parts(input)}),
                 reinterpret_cast<std::uint32_t*>(record));
         }},
};

// Levels down, channels across, these in the order of OpenCV.
cv::Mat_<double> sum(const PhaseInput& input) {
  const int levels = int(levels_of(input.image)), channels = input.image.channels();
  cv::Mat_<double> total(levels, channels, 0.);
  for (std::size_t i = 0; i < input.found[0].count; ++i) {
    const auto* counts = input.found[0].of<std::uint32_t>(i);
    for (int c = 0; c < channels; ++c)
      for (int level = 0; level < levels; ++level) total(level, c) += *counts++;
  }
  return total;
}

Table list_counts(const PhaseInput& input) {
  const cv::Mat_<double> counts = sum(input);
  Table table{{"level", "count"}, cv::Mat_<double>(counts.rows, counts.cols + 1)};
  if (counts.cols > 1) table.names = {"level", "red", "green", "blue"};
  if (counts.cols == 4) table.names.emplace_back("alpha");
  constexpr int from_blue[] = {2, 1, 0, 3};
  for (int level = 0; level < counts.rows; ++level) {
    table.values(level, 0) = level;
    for (int c = 0; c < counts.cols; ++c)
      table.values(level, c + 1) = counts(level, counts.cols > 1 ? from_blue[c] : c);
  }
  return table;
}

// A bar of two columns for each of 256 levels, as high as its count beside the largest; where those of
// colours overlap, they mix.
const cv::Size plot_size{512, 256};

void plot_counts(const PhaseInput& input, Range rows, cv::Mat& out) {
  const cv::Mat_<double> counts = sum(input);
  const int colours = std::min(counts.cols, 3), at_once = counts.rows / 256;
  cv::Mat_<double> bars(256, colours, 0.);
  for (int level = 0; level < counts.rows; ++level)
    for (int c = 0; c < colours; ++c) bars(level / at_once, c) += counts(level, c);
  const double most = *std::max_element(bars.begin(), bars.end());
  for (int y = 0; y < out.rows; ++y)
    for (int x = 0; x < out.cols; ++x) {
      const int above = plot_size.height - 1 - int(rows.begin) - y;  // of the lower edge
      cv::Vec3b& pixel = out.at<cv::Vec3b>(y, x);
      for (int c = 0; c < 3; ++c)
        pixel[c] = bars(x / 2, c % colours) * plot_size.height > above * most ? 255 : 0;
    }
}

}  // namespace

std::vector<std::vector<std::uint64_t>> histogram(const PoolWith& on, const cv::Mat& image) {
  const auto channels = static_cast<std::size_t>(image.channels());
  std::vector<std::vector<std::uint64_t>> result(channels,
                                                 std::vector<std::uint64_t>(levels_of(image)));
  const cv::Mat_<double> counts = Chain::of("histogram").list(on, image).values;
  constexpr std::size_t from_blue[] = {2, 1, 0, 3};
  for (int level = 0; level < counts.rows; ++level)
    for (std::size_t c = 0; c < channels; ++c)
      result[c][std::size_t(level)] =
          std::uint64_t(counts(level, int(channels > 1 ? from_blue[c] : c) + 1));
  return result;
}

constinit const Operation histogram_operation{
    .name = "histogram",
    .help = "how many pixels have each level, as a plot; as a list: the counts",
    .scope = Operation::Scope::phased,
    .accepts = always<depth_8 | depth_16, any_channels>,
    .output_type = [](int) { return CV_8UC3; },
    .output_size = [](const Values&, cv::Size) { return plot_size; },
    .phases = histogram_phases,
    .finish = plot_counts,
    .list = list_counts,
    .reference =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          PhaseInput input{.image = in, .bands = {}, .values = v};
          std::vector<std::uint32_t> counts(count_bytes(input) / sizeof(std::uint32_t));
          count(in, counts.data());
          input.found[0] = {reinterpret_cast<const std::uint8_t*>(counts.data()),
                            count_bytes(input), 1};
          plot_counts(input, {0, static_cast<std::size_t>(plot_size.height)}, out);
        },
};

}  // namespace tine::image
