// threshold otsu, equalize, normalize: they need the histogram of the whole image. What they make of it is
// computed here exactly as OpenCV does. Other than 8-bit gray images have no histogram that is taken on the
// way; they go through phases. So does normalize wherever it can: extremes are found faster than levels are
// counted, even if that takes a pass of its own.
#include <algorithm>
#include <cfloat>
#include <numeric>
#include <span>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "count_levels.hpp"
#include "operations/all.hpp"
#include "operations/phases.hpp"
#include "stage.hpp"

namespace tine::image {

namespace {

// N. Otsu, A threshold selection method from gray-level histograms, IEEE Trans. SMC 9 (1979): the
// level that makes the variance between the two classes largest.
double otsu_level(std::span<const std::uint32_t> count) {
  double pixels = 0, mean = 0;
  for (std::size_t i = 0; i < count.size(); ++i) {
    pixels += count[i];
    mean += double(i) * double(count[i]);
  }
  const double scale = 1. / pixels;
  mean *= scale;
  double dark_share = 0, dark_mean = 0, best_variance = 0, best = 0;
  for (std::size_t i = 0; i < count.size(); ++i) {
    const double share = count[i] * scale;
    dark_mean *= dark_share;
    dark_share += share;
    const double bright_share = 1. - dark_share;
    if (std::min(dark_share, bright_share) < FLT_EPSILON ||
        std::max(dark_share, bright_share) > 1. - FLT_EPSILON)
      continue;
    dark_mean = (dark_mean + double(i) * share) / dark_share;
    const double bright_mean = (mean - dark_share * dark_mean) / bright_share;
    const double variance =
        dark_share * bright_share * (dark_mean - bright_mean) * (dark_mean - bright_mean);
    if (variance > best_variance) {
      best_variance = variance;
      best = double(i);
    }
  }
  return best;
}

Values otsu_value(const Values&, const Histogram& histogram, std::uint8_t*) {
  return {.number = {otsu_level(histogram.count)}};
}

void otsu_reference(const cv::Mat& in, cv::Mat& out, const Values&) {
  cv::threshold(in, out, 0, white(in.type()), cv::THRESH_BINARY | cv::THRESH_OTSU);
}

// 16-bit images: a histogram has 256 KiB, so that there are not many; then one of the whole image.
constexpr std::size_t levels_16 = 65536, histograms = 32;

std::size_t histogram_slices(const PhaseInput& input) {
  return std::min(histograms, input.bands.n);
}

void count_part(const PhaseInput& input, std::size_t slice, std::uint8_t* record) {
  const std::size_t rows = input.bands.n, slices = histogram_slices(input);
  const Range part{rows * slice / slices, rows * (slice + 1) / slices};
  count_levels<std::uint16_t>(isolated(input.image, part),
                              reinterpret_cast<std::uint32_t*>(record));
}

void find_level(const PhaseInput& input, std::size_t, std::uint8_t* record) {
  std::vector<std::uint32_t> total(levels_16);
  for (std::size_t i = 0; i < input.found[0].count; ++i) {
    const auto* count = input.found[0].of<std::uint32_t>(i);
    for (std::size_t level = 0; level < levels_16; ++level) total[level] += count[level];
  }
  *reinterpret_cast<double*>(record) = otsu_level(total);
}

constexpr Phase otsu_phases[] = {
    {.slices = histogram_slices,
     .bytes = [](const PhaseInput&) { return levels_16 * sizeof(std::uint32_t); },
     .run = count_part},
    {.slices = one_slice,
     .bytes = [](const PhaseInput&) { return sizeof(double); },
     .run = find_level},
};

constinit const Operation threshold_otsu_16{
    .name = "threshold otsu",
    .help = "of 16-bit images",
    .scope = Operation::Scope::phased,
    .accepts = always<depth_16, gray_only>,
    .phases = otsu_phases,
    .finish =
        [](const PhaseInput& input, Range rows, cv::Mat& out) {
          cut_at(isolated(input.image, rows), out, *input.found[1].of<double>(0),
                 input.values.streams);
        },
    .reference = otsu_reference,
};

Values equalizing_table(const Values&, const Histogram& histogram, std::uint8_t* table) {
  const auto& count = histogram.count;
  const auto total = std::accumulate(count.begin(), count.end(), std::uint32_t{0});
  const auto first =
      std::find_if(count.begin(), count.end(), [](auto n) { return n != 0; }) - count.begin();
  std::fill_n(table, 256, std::uint8_t{0});
  if (count[first] == total) {
    table[first] = static_cast<std::uint8_t>(first);  // one level only: stays as it is
  } else {
    const float scale = 255.f / static_cast<float>(total - count[first]);
    std::uint32_t below = 0;
    for (auto i = first + 1; i < 256; ++i) {
      below += count[i];
      table[i] = cv::saturate_cast<std::uint8_t>(static_cast<float>(below) * scale);
    }
  }
  return {};
}

void normalize_reference(const cv::Mat& in, cv::Mat& out, const Values&) {
  cv::normalize(in, out, 0, white(in.type()), cv::NORM_MINMAX);
}

// Scale and offset, as cv::normalize() computes them.
Values scale_and_offset(double low, double high, int type) {
  double scale = white(type) * (high - low > DBL_EPSILON ? 1. / (high - low) : 0);
  double offset = 0 - low * scale;
  if (CV_MAT_DEPTH(type) == CV_32F) {
    scale = static_cast<float>(scale);
    offset = 0 - static_cast<float>(low * scale);
  }
  return {.number = {scale, offset}};
}

Values stretching(const Values&, const Histogram& histogram, std::uint8_t*) {
  const auto& count = histogram.count;
  const auto some = [](auto n) { return n != 0; };
  const auto low = std::find_if(count.begin(), count.end(), some) - count.begin();
  const auto high = count.rend() - std::find_if(count.rbegin(), count.rend(), some) - 1;
  return scale_and_offset(static_cast<double>(low), static_cast<double>(high), CV_8U);
}

// In phases: the extremes of each band, then of all.
void find_extremes(const PhaseInput& input, std::size_t slice, std::uint8_t* record) {
  const Slice band = input.bands.slice(slice);
  auto* extremes = reinterpret_cast<double*>(record);
  cv::minMaxIdx(isolated(input.image, {band.begin, band.end}), &extremes[0], &extremes[1]);
}

void join_extremes(const PhaseInput& input, std::size_t, std::uint8_t* record) {
  const auto* first = input.found[0].of<double>(0);
  double low = first[0], high = first[1];
  for (std::size_t i = 1; i < input.found[0].count; ++i) {
    const auto* extremes = input.found[0].of<double>(i);
    low = std::min(low, extremes[0]);
    high = std::max(high, extremes[1]);
  }
  const Values values = scale_and_offset(low, high, input.image.type());
  std::copy_n(values.number.begin(), 2, reinterpret_cast<double*>(record));
}

constexpr Phase normalize_phases[] = {
    {.bytes = [](const PhaseInput&) { return 2 * sizeof(double); }, .run = find_extremes},
    {.slices = one_slice,
     .bytes = [](const PhaseInput&) { return 2 * sizeof(double); },
     .run = join_extremes},
};

constinit const Operation normalize_any{
    .name = "normalize",
    .help = "in phases",
    .scope = Operation::Scope::phased,
    .accepts = always<all_depths, any_channels>,
    .phases = normalize_phases,
    .finish =
        [](const PhaseInput& input, Range rows, cv::Mat& out) {
          const auto* values = input.found[1].of<double>(0);
          isolated(input.image, rows).convertTo(out, out.type(), values[0], values[1]);
        },
    .reference = normalize_reference,
};

}  // namespace

constinit const Operation threshold_otsu_operation{
    .name = "threshold otsu",
    .help = "black and white, cut at the level that separates dark and light best",
    .scope = Operation::Scope::global,
    .variant = [](const Values&,
                  int type) { return type == CV_8UC1 ? nullptr : &threshold_otsu_16; },
    .accepts = always<depth_8 | depth_16, gray_only>,
    .run = [](const cv::Mat& in, cv::Mat& out,
              const Values& v) { cut_at(in, out, v[0], v.streams); },
    .resolve = otsu_value,
    .reference = otsu_reference,
};

constinit const Operation equalize_operation{
    .name = "equalize",
    .help = "spreads the levels evenly: more contrast",
    .scope = Operation::Scope::global,
    .accepts = always<depth_8, gray_only>,
    .run =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          for (int y = 0; y < in.rows; ++y) {
            const std::uint8_t* from = in.ptr(y);
            std::transform(from, from + in.cols, out.ptr(y),
                           [table = v.table](std::uint8_t level) { return table[level]; });
          }
        },
    .resolve = equalizing_table,
    .reference = [](const cv::Mat& in, cv::Mat& out, const Values&) { cv::equalizeHist(in, out); },
};

constinit const Operation normalize_operation{
    .name = "normalize",
    .help = "stretches the levels there are to the whole range",
    .scope = Operation::Scope::global,
    .variant = [](const Values&, int type) { return type == CV_8UC1 ? nullptr : &normalize_any; },
    .in_phases = &normalize_any,
    .accepts = always<all_depths, any_channels>,
    .run = [](const cv::Mat& in, cv::Mat& out,
              const Values& v) { in.convertTo(out, CV_8U, v[0], v[1]); },
    .resolve = stretching,
    .reference = normalize_reference,
};

}  // namespace tine::image
