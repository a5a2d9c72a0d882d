// gamma, levels, threshold adaptive: brightness, one pixel or its surroundings at a time.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <tine/error.hpp>

#include "operations/all.hpp"
#include "operations/look_up.hpp"

namespace tine::image {

namespace {

constexpr Parameter gamma_parameters[] = {
    {"gamma", "exponent; below 1 makes it brighter", "", 0.01, 100, 1},
};
constexpr Parameter levels_parameters[] = {
    {"black", "level that becomes black", "levels", -65535, 65535, 0},
    {"white", "level that becomes white", "levels", -65535, 65535, 255},
};
constexpr Choice methods[] = {{"mean", cv::ADAPTIVE_THRESH_MEAN_C},
                              {"gaussian", cv::ADAPTIVE_THRESH_GAUSSIAN_C}};
constexpr Parameter adaptive_parameters[] = {
    {"size", "side of the surroundings", "pixels", 3, 255, 15, Parameter::Kind::odd},
    {"offset", "how far above the mean less this a pixel must be", "levels", -255, 255, 5},
    {"method", "mean of the surroundings, or weighted by a Gaussian", "", 0, 1,
     cv::ADAPTIVE_THRESH_MEAN_C, Parameter::Kind::choice, methods},
};

// Kept from band to band: 65,536 powers take a millisecond.
template <class T>
const std::vector<T>& gamma_table(double gamma) {
  constexpr double top = std::numeric_limits<T>::max();
  thread_local double last = 0;
  thread_local std::vector<T> table(static_cast<std::size_t>(top) + 1);
  if (last != gamma)
    for (std::size_t i = 0; i < table.size(); ++i)
      table[i] = cv::saturate_cast<T>(std::pow(static_cast<double>(i) / top, gamma) * top);
  last = gamma;
  return table;
}

void apply_gamma_16(const cv::Mat& in, cv::Mat& out, double gamma) {
  const auto& table = gamma_table<std::uint16_t>(gamma);
  const int values = in.cols * in.channels();
  for (int y = 0; y < in.rows; ++y) {
    const auto* from = in.ptr<std::uint16_t>(y);
    std::transform(from, from + values, out.ptr<std::uint16_t>(y),
                   [&table](std::uint16_t level) { return table[level]; });
  }
}

void apply_gamma(const cv::Mat& in, cv::Mat& out, const Values& v) {
  switch (in.depth()) {
    case CV_8U:
      look_up(in, gamma_table<std::uint8_t>(v[0]).data(), out);
      break;
    case CV_16U:
      apply_gamma_16(in, out, v[0]);
      break;
    default:
      cv::pow(cv::max(in, 0), v[0], out);
  }
  keep_alpha(in, out);
}

void gamma_reference(const cv::Mat& in, cv::Mat& out, const Values& v) {
  if (in.depth() != CV_8U) return apply_gamma(in, out, v);
  cv::LUT(in, gamma_table<std::uint8_t>(v[0]), out);
  keep_alpha(in, out);
}

}  // namespace

constinit const Operation gamma_operation{
    .name = "gamma",
    .help = "each level to a power, where white is 1",
    .parameters = gamma_parameters,
    .accepts = always<all_depths, any_channels>,
    .run = apply_gamma,
    .reference = gamma_reference,
};

constinit const Operation levels_operation{
    .name = "levels",
    .help = "stretches the levels between two to the whole range",
    .parameters = levels_parameters,
    .accepts = always<all_depths, any_channels>,
    .validate =
        [](const Values& v) {
          if (v[0] == v[1])
            throw InvalidArgument("levels: black and white must differ: levels black=20 white=230");
        },
    .run =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          const double scale = white(in.type()) / (v[1] - v[0]);
          in.convertTo(out, in.depth(), scale, -v[0] * scale);
          keep_alpha(in, out);
        },
};

constinit const Operation threshold_adaptive_operation{
    .name = "threshold adaptive",
    .help = "black and white, cut at the mean of each pixel's surroundings: uneven light",
    .parameters = adaptive_parameters,
    .accepts = always<depth_8, gray_only>,
    .halo = [](const Values& v, int) { return int(v[0]) / 2; },
    .run =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          cv::adaptiveThreshold(in, out, 255, int(v[2]), cv::THRESH_BINARY, int(v[0]), v[1]);
        },
};

}  // namespace tine::image
