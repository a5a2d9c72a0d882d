// threshold otsu, equalize, normalize: they need the histogram of the whole image. What they make of it is
// computed here exactly as OpenCV does.
#include <algorithm>
#include <cfloat>
#include <numeric>

#include <opencv2/imgproc.hpp>

#include "operations/all.hpp"

namespace tine::image {

namespace {

// N. Otsu, A threshold selection method from gray-level histograms, IEEE Trans. SMC 9 (1979): the
// level that makes the variance between the two classes largest.
Values otsu_value(const Values&, const Histogram& histogram, std::uint8_t*) {
  double pixels = 0, mean = 0;
  for (int i = 0; i < 256; ++i) {
    pixels += histogram.count[i];
    mean += i * double(histogram.count[i]);
  }
  const double scale = 1. / pixels;
  mean *= scale;
  double dark_share = 0, dark_mean = 0, best_variance = 0, best = 0;
  for (int i = 0; i < 256; ++i) {
    const double share = histogram.count[i] * scale;
    dark_mean *= dark_share;
    dark_share += share;
    const double bright_share = 1. - dark_share;
    if (std::min(dark_share, bright_share) < FLT_EPSILON ||
        std::max(dark_share, bright_share) > 1. - FLT_EPSILON)
      continue;
    dark_mean = (dark_mean + i * share) / dark_share;
    const double bright_mean = (mean - dark_share * dark_mean) / bright_share;
    const double variance =
        dark_share * bright_share * (dark_mean - bright_mean) * (dark_mean - bright_mean);
    if (variance > best_variance) {
      best_variance = variance;
      best = i;
    }
  }
  return {.number = {best}};
}

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

// Scale and offset, as cv::normalize() computes them.
Values stretching(const Values&, const Histogram& histogram, std::uint8_t*) {
  const auto& count = histogram.count;
  const auto some = [](auto n) { return n != 0; };
  const auto low = std::find_if(count.begin(), count.end(), some) - count.begin();
  const auto high = count.rend() - std::find_if(count.rbegin(), count.rend(), some) - 1;
  const double scale =
      255.0 * (high - low > DBL_EPSILON ? 1. / static_cast<double>(high - low) : 0);
  return {.number = {scale, 0 - static_cast<double>(low) * scale}};
}

}  // namespace

constinit const Operation threshold_otsu_operation{
    .name = "threshold otsu",
    .help = "black and white, cut at the level that separates dark and light best",
    .scope = Operation::Scope::global,
    .accepts = always<depth_8, gray_only>,
    .run = [](const cv::Mat& in, cv::Mat& out,
              const Values& v) { cv::threshold(in, out, v[0], 255, cv::THRESH_BINARY); },
    .resolve = otsu_value,
    .reference =
        [](const cv::Mat& in, cv::Mat& out, const Values&) {
          cv::threshold(in, out, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
        },
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
    .accepts = always<depth_8, gray_only>,
    .run = [](const cv::Mat& in, cv::Mat& out,
              const Values& v) { in.convertTo(out, CV_8U, v[0], v[1]); },
    .resolve = stretching,
    .reference = [](const cv::Mat& in, cv::Mat& out,
                    const Values&) { cv::normalize(in, out, 0, 255, cv::NORM_MINMAX); },
};

}  // namespace tine::image
