// keypoints, orb.
#include <tine/image/features.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include <opencv2/features2d.hpp>

#include <tine/error.hpp>
#include <tine/for_each_slice.hpp>

#include "arena_mats.hpp"

namespace tine::image {

namespace {

constexpr int patch = 31;  // cv::ORB's default; points are at least so far from its image's edges

struct Feature {
  cv::KeyPoint point;
  std::uint8_t descriptor[32];
};
static_assert(std::is_trivially_copyable_v<Feature>);

struct Job {
  Shape image;
  OrbOptions options;
  int margin;  // around a tile

  int tiles_across() const { return (image.columns + options.tile - 1) / options.tile; }
  int tiles_down() const { return (image.rows + options.tile - 1) / options.tile; }
};

// Fills a tile's record, which begins with the number of features.
void find_features(const Job& job, const cv::Mat& image, int index, std::uint8_t* record) {
  const OrbOptions& o = job.options;
  const cv::Rect tile(index % job.tiles_across() * o.tile, index / job.tiles_across() * o.tile,
                      o.tile, o.tile);
  const cv::Rect around = cv::Rect(tile.x - job.margin, tile.y - job.margin,
                                   tile.width + 2 * job.margin, tile.height + 2 * job.margin) &
                          cv::Rect(0, 0, image.cols, image.rows);
  const auto orb = cv::ORB::create(o.features, o.scale, o.levels, patch, 0, 2,
                                   cv::ORB::HARRIS_SCORE, patch, o.threshold);
  std::vector<cv::KeyPoint> points;
  cv::Mat descriptors;
  orb->detectAndCompute(image(around).clone(), cv::noArray(), points, descriptors);
  auto* features = reinterpret_cast<Feature*>(record + sizeof(std::uint64_t));
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < points.size() && count < static_cast<std::uint64_t>(o.features);
       ++i) {
    cv::KeyPoint point = points[i];
    point.pt += cv::Point2f(around.tl());
    if (!tile.contains(point.pt)) continue;
    features[count].point = point;
    std::memcpy(features[count].descriptor, descriptors.ptr(static_cast<int>(i)), 32);
    ++count;
  }
  std::memcpy(record, &count, sizeof count);
}

void check(const cv::Mat& image, const OrbOptions& o) {
  if (image.type() != CV_8UC1 && image.type() != CV_8UC3)
    throw InvalidArgument("tine::image::orb takes 8-bit images with 1 or 3 channels");
  if (o.tile < 64 || o.features < 1 || !(o.scale > 1) || o.levels < 1 || o.levels > 32 ||
      o.threshold < 1)
    throw InvalidArgument(
        "tine::image::orb: tile is at least 64, features, levels (at most 32) and threshold at "
        "least "
        "1, scale more than 1");
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

Features orb(const PoolWith& on, const cv::Mat& image, const OrbOptions& options) {
  check(image, options);
  Features result;
  result.descriptors.create(0, 32, CV_8U);
  if (image.empty()) return result;
  const SharedInput from(on.pool, image);
  const double coarsest = std::pow(static_cast<double>(options.scale), options.levels - 1);
  const Job job{{image.rows, image.cols, image.type()},
                options,
                static_cast<int>(std::min(4096., std::ceil((patch + 1) * coarsest)))};
  const auto shared = share(on.pool, job);
  const auto tiles =
      static_cast<std::size_t>(job.tiles_across()) * static_cast<std::size_t>(job.tiles_down());
  const std::size_t room =
      sizeof(std::uint64_t) + static_cast<std::size_t>(options.features) * sizeof(Feature);
  auto records = on.pool.array<std::uint8_t>(tiles, (room + 63) / 64 * 64);
  for_each_slice(
      on, {.n = tiles},
      [](const Slice& s, std::span<const Job> j, const ConstBytes& pixels, const Bytes& record) {
        find_features(j[0], mat_of(pixels, j[0].image), static_cast<int>(s.begin), record.data());
      },
      whole(shared), whole(bytes_of(from.image())), out(records));
  for (std::size_t i = 0; i < tiles; ++i) {
    const std::uint8_t* record = records.data() + i * records.extent(1);
    std::uint64_t count = 0;
    std::memcpy(&count, record, sizeof count);
    const auto* features = reinterpret_cast<const Feature*>(record + sizeof count);
    for (std::uint64_t k = 0; k < count; ++k) {
      result.points.push_back(features[k].point);
      result.descriptors.push_back(
          cv::Mat(1, 32, CV_8U, const_cast<std::uint8_t*>(features[k].descriptor)));
    }
  }
  return result;
}

}  // namespace tine::image
