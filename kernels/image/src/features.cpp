// keypoints, orb.
#include <tine/image/features.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <type_traits>

#include <opencv2/features2d.hpp>
#include <opencv2/imgproc.hpp>

#include <tine/error.hpp>

#include "operations/all.hpp"

namespace tine::image {

namespace {

constexpr int patch = 31;  // cv::ORB's default; points are at least so far from its image's edges

struct Feature {
  cv::KeyPoint point;
  std::uint8_t descriptor[32];
};
static_assert(std::is_trivially_copyable_v<Feature>);

constexpr Parameter orb_parameters[] = {
    {"features", "in a tile and its surroundings, at most; the strongest stay", "", 1, 10000, 500,
     Parameter::Kind::integer},
    {"scale", "from one level of the pyramid to the next", "", 1.01, 8, 1.2},
    {"levels", "of the pyramid", "", 1, 32, 8, Parameter::Kind::integer},
    {"threshold", "of the corner detector", "levels", 1, 255, 20, Parameter::Kind::integer},
    {"tile", "side of a tile", "pixels", 64, 65500, 512, Parameter::Kind::integer},
};

struct Tiles {
  int tile, across, down;
  int margin;  // around a tile

  Tiles(const Values& v, const cv::Mat& image)
      : tile(int(v[4])),
        across((image.cols + tile - 1) / tile),
        down((image.rows + tile - 1) / tile),
        margin(int(std::min(4096., std::ceil((patch + 1) * std::pow(v[1], v[2] - 1))))) {}
  std::size_t size() const { return std::size_t(across) * std::size_t(down); }
};

// As many levels as leave a pixel of the image; cv::ORB fails where there are more.
int levels_in(const Values& v, const cv::Rect& image) {
  const int side = std::min(image.width, image.height);
  int levels = int(v[2]);
  while (cvRound(side / std::pow(v[1], levels - 1)) < 1) --levels;
  return levels;
}

// Fills a tile's record, which begins with the number of features.
void find_features(const PhaseInput& input, std::size_t slice, std::uint8_t* record) {
  const Values& v = input.values;
  const cv::Mat& image = input.image;
  const Tiles all(v, image);
  const int index = int(slice), most = int(v[0]);
  const cv::Rect tile(index % all.across * all.tile, index / all.across * all.tile, all.tile,
                      all.tile);
  const cv::Rect around = cv::Rect(tile.x - all.margin, tile.y - all.margin,
                                   tile.width + 2 * all.margin, tile.height + 2 * all.margin) &
                          cv::Rect(0, 0, image.cols, image.rows);
  const auto orb = cv::ORB::create(most, float(v[1]), levels_in(v, around), patch, 0, 2,
                                   cv::ORB::HARRIS_SCORE, patch, int(v[3]));
  std::vector<cv::KeyPoint> points;
  cv::Mat descriptors;
  orb->detectAndCompute(image(around).clone(), cv::noArray(), points, descriptors);
  auto* features = reinterpret_cast<Feature*>(record + sizeof(std::uint64_t));
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < points.size() && count < static_cast<std::uint64_t>(most); ++i) {
    cv::KeyPoint point = points[i];
    point.pt += cv::Point2f(around.tl());
    if (!tile.contains(point.pt)) continue;
    features[count].point = point;
    std::memcpy(features[count].descriptor, descriptors.ptr(static_cast<int>(i)), 32);
    ++count;
  }
  std::memcpy(record, &count, sizeof count);
}

std::size_t record_bytes(const PhaseInput& input) {
  return sizeof(std::uint64_t) + static_cast<std::size_t>(input.values[0]) * sizeof(Feature);
}

constexpr Phase orb_phases[] = {
    {.slices = [](const PhaseInput& input) { return Tiles(input.values, input.image).size(); },
     .bytes = record_bytes,
     .run = find_features},
};

template <class F>
void for_each_feature(const PhaseInput& input, F f) {
  for (std::size_t i = 0; i < input.found[0].count; ++i) {
    const auto* record = input.found[0].of<std::uint8_t>(i);
    std::uint64_t count = 0;
    std::memcpy(&count, record, sizeof count);
    count = std::min(count, static_cast<std::uint64_t>(input.values[0]));
    const auto* features = reinterpret_cast<const Feature*>(record + sizeof count);
    for (std::uint64_t k = 0; k < count; ++k) f(features[k]);
  }
}

// A circle for each feature: a tenth of what its descriptor looks at, which would hide the image.
void draw_features(const PhaseInput& input, Range rows, cv::Mat& out) {
  const int first = int(rows.begin);
  const cv::Mat part = input.image.rowRange(first, int(rows.end));
  if (part.channels() == 1)
    cv::cvtColor(part, out, cv::COLOR_GRAY2BGR);
  else
    part.copyTo(out);
  for_each_feature(input, [&](const Feature& feature) {
    const cv::KeyPoint& p = feature.point;
    if (p.pt.y + p.size < float(first) || p.pt.y - p.size > float(rows.end)) return;
    cv::circle(out, {cvRound(p.pt.x), cvRound(p.pt.y) - first}, cvRound(p.size / 10), {0, 255, 0});
  });
}

Table list_features(const PhaseInput& input) {
  Table table{{"x", "y", "size", "angle", "response", "octave"}, {}};
  for (int i = 0; i < 32; ++i) table.names.push_back("d" + std::to_string(i));
  std::vector<double> values;
  for_each_feature(input, [&](const Feature& f) {
    const cv::KeyPoint& p = f.point;
    for (double value : {double(p.pt.x), double(p.pt.y), double(p.size), double(p.angle),
                         double(p.response), double(p.octave)})
      values.push_back(value);
    values.insert(values.end(), f.descriptor, f.descriptor + 32);
  });
  const int columns = int(table.names.size());
  table.values = cv::Mat_<double>(int(values.size()) / columns, columns);
  std::copy(values.begin(), values.end(), table.values.begin());
  return table;
}

}  // namespace

std::vector<cv::KeyPoint> keypoints(const cv::Mat& marks, float size) {
  if (marks.type() != CV_8UC1)
    throw InvalidArgument("tine::image::keypoints takes 8-bit images with 1 channel");
  std::vector<cv::KeyPoint> points;
  for (int y = 0; y < marks.rows; ++y) {
    const std::uint8_t* row = marks.ptr(y);
    const std::uint8_t* end = row + marks.cols;
    const auto some = [](std::uint8_t value) { return value != 0; };
    for (const std::uint8_t* p = std::find_if(row, end, some); p != end;
         p = std::find_if(p + 1, end, some))
      points.emplace_back(static_cast<float>(p - row), static_cast<float>(y), size, -1.f,
                          static_cast<float>(*p));
  }
  return points;
}

Features orb(const PoolWith& on, const cv::Mat& image, const OrbOptions& o) {
  const Chain chain = Chain::of("orb", {double(o.features), double(o.scale), double(o.levels),
                                        double(o.threshold), double(o.tile)});
  const Table table = chain.list(on, image);
  Features result;
  result.descriptors.create(table.values.rows, 32, CV_8U);
  for (int i = 0; i < table.values.rows; ++i) {
    const double* v = table.values[i];
    result.points.emplace_back(float(v[0]), float(v[1]), float(v[2]), float(v[3]), float(v[4]),
                               int(v[5]));
    std::copy(v + 6, v + 38, result.descriptors.ptr(i));
  }
  return result;
}

constinit const Operation orb_operation{
    .name = "orb",
    .help = "ORB features of each tile, drawn as circles; as a list: points and descriptors",
    .parameters = orb_parameters,
    .scope = Operation::Scope::phased,
    .accepts = always<depth_8, gray_or_colour>,
    .output_type = [](int) { return CV_8UC3; },
    .phases = orb_phases,
    .finish = draw_features,
    .list = list_features,
    .reference =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          PhaseInput input{.image = in, .bands = {}, .values = v};
          const std::size_t tiles = Tiles(v, in).size(),
                            bytes = (record_bytes(input) + 63) / 64 * 64;
          std::vector<std::uint64_t> records(tiles * bytes / sizeof(std::uint64_t));
          auto* record = reinterpret_cast<std::uint8_t*>(records.data());
          for (std::size_t i = 0; i < tiles; ++i) find_features(input, i, record + i * bytes);
          input.found[0] = {record, bytes, tiles};
          draw_features(input, {0, static_cast<std::size_t>(in.rows)}, out);
        },
};

}  // namespace tine::image
