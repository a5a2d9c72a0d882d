// fast, corners: they mark points of interest in an image that is black elsewhere.
#include <algorithm>
#include <limits>

#include <opencv2/features2d.hpp>
#include <opencv2/imgproc.hpp>

#include "operations/all.hpp"
#include "stage.hpp"

namespace tine::image {

namespace {

constexpr Choice circles[] = {{"9of16", cv::FastFeatureDetector::TYPE_9_16},
                              {"7of12", cv::FastFeatureDetector::TYPE_7_12},
                              {"5of8", cv::FastFeatureDetector::TYPE_5_8}};
constexpr Parameter fast_parameters[] = {
    {"threshold", "how much brighter or darker than the pixel its surroundings are", "levels", 1,
     254, 20, Parameter::Kind::integer},
    {"circle", "how many neighbours in a row, of how many", "", 0, 2,
     cv::FastFeatureDetector::TYPE_9_16, Parameter::Kind::choice, circles},
};

int marks_type(int) {
  return CV_8UC1;
}

void fast_marks(const cv::Mat& in, cv::Mat& out, const Values& v) {
  std::vector<cv::KeyPoint> points;
  cv::FAST(in, points, int(v[0]), true, cv::FastFeatureDetector::DetectorType(int(v[1])));
  out.setTo(0);
  for (const cv::KeyPoint& point : points)
    out.at<std::uint8_t>(cv::Point(point.pt)) = cv::saturate_cast<std::uint8_t>(point.response);
}

enum Measure { harris, least_eigenvalue };
constexpr Choice measures[] = {{"harris", harris}, {"eigenvalue", least_eigenvalue}};
constexpr Parameter corners_parameters[] = {
    {"quality", "share of the strongest corner's response that one must have", "", 1e-6, 1, 0.01},
    {"measure", "Harris', or the least eigenvalue (Shi and Tomasi)", "", 0, 1, harris,
     Parameter::Kind::choice, measures},
    {"block", "side of the square that is looked at", "pixels", 1, 31, 3, Parameter::Kind::odd},
    {"size", "side of the kernel for derivatives", "pixels", 3, 7, 3, Parameter::Kind::odd},
    {"k", "of Harris' measure", "", 0, 1, 0.04},
};

cv::Mat response(const cv::Mat& in, const Values& v) {
  cv::Mat result;
  if (int(v[1]) == harris)
    cv::cornerHarris(in, result, int(v[2]), int(v[3]), v[4]);
  else
    cv::cornerMinEigenVal(in, result, int(v[2]), int(v[3]));
  return result;
}

// The responses of a band, with the largest of them before.
constexpr std::size_t header = 64;

std::size_t responses_size(const PhaseInput& input) {
  return header + input.bands.grain * static_cast<std::size_t>(input.image.cols) * sizeof(float);
}

void find_responses(const PhaseInput& input, std::size_t band, std::uint8_t* record) {
  const Slice s = input.bands.slice(band);
  const auto reach =
      static_cast<std::size_t>(input.values[2] / 2) + static_cast<std::size_t>(input.values[3] / 2);
  const std::size_t first = s.begin - std::min(s.begin, reach);
  const std::size_t end = std::min(s.end + reach, input.bands.n);
  const cv::Mat rows = isolated(input.image, {first, end});
  const auto offset = static_cast<int>(s.begin - first);
  const cv::Mat kept =
      response(rows, input.values).rowRange(offset, offset + static_cast<int>(s.size()));
  cv::Mat place(kept.size(), CV_32F, record + header);
  kept.copyTo(place);
  double most = 0;
  cv::minMaxLoc(kept, nullptr, &most);
  *reinterpret_cast<double*>(record) = most;
}

constexpr Phase corners_phases[] = {{.bytes = responses_size, .run = find_responses}};

const float* response_row(const PhaseInput& input, std::size_t y) {
  return input.found[0].of<float>(y / input.bands.grain) + header / sizeof(float) +
         y % input.bands.grain * static_cast<std::size_t>(input.image.cols);
}

// What is larger than the least that counts, and not smaller than its eight neighbours, of which
// those that do not count are 0.
void mark_corners(const PhaseInput& input, Range rows, cv::Mat& out) {
  double most = std::numeric_limits<double>::lowest();
  for (std::size_t i = 0; i < input.found[0].count; ++i)
    most = std::max(most, *input.found[0].of<double>(i));
  const auto least = static_cast<float>(most * input.values[0]);
  out.setTo(0);
  for (std::size_t y = std::max<std::size_t>(rows.begin, 1);
       y < std::min(rows.end, input.bands.n - 1); ++y) {
    const float* at = response_row(input, y);
    const float* around[] = {response_row(input, y - 1), at, response_row(input, y + 1)};
    for (int x = 1; x + 1 < out.cols; ++x) {
      if (!(at[x] > least) || at[x] == 0) continue;
      float largest = at[x];
      for (const float* row : around)
        for (int dx = -1; dx <= 1; ++dx)
          largest = std::max(largest, row[x + dx] > least ? row[x + dx] : 0);
      if (largest == at[x]) out.at<std::uint8_t>(static_cast<int>(y - rows.begin), x) = 255;
    }
  }
}

}  // namespace

constinit const Operation fast_operation{
    .name = "fast",
    .help = "marks corners, by the ring of pixels around them, with how marked they are",
    .parameters = fast_parameters,
    .accepts = always<depth_8, gray_only>,
    .halo = [](const Values&, int) { return 4; },  // a ring of radius 3, and one pixel's neighbours
    .run = fast_marks,
};

constinit const Operation corners_operation{
    .name = "corners",
    .help = "marks corners, by how the gradient changes around them",
    .parameters = corners_parameters,
    .scope = Operation::Scope::phased,
    .accepts = always<depth_8 | depth_float, gray_only>,
    .output_type = marks_type,
    .phases = corners_phases,
    .finish = mark_corners,
    .reference =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          std::vector<cv::Point2f> points;
          cv::goodFeaturesToTrack(in, points, 0, v[0], 0, cv::noArray(), int(v[2]), int(v[3]),
                                  int(v[1]) == harris, v[4]);
          out.setTo(0);
          for (const cv::Point2f& point : points) out.at<std::uint8_t>(cv::Point(point)) = 255;
        },
};

}  // namespace tine::image
