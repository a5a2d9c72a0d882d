// Lists of points, and ORB features of tiles.
#include <opencv2/features2d.hpp>
#include <opencv2/imgproc.hpp>

#include <tine/image/features.hpp>
#include <tine/image/filters.hpp>

#include "image_test.hpp"

namespace tine::image {
namespace {

// Corners to find: rectangles of all grays over each other.
cv::Mat rectangles(int rows, int columns) {
  cv::Mat image(rows, columns, CV_8U, cv::Scalar(90));
  cv::RNG random(11);
  for (int i = 0; i < rows * columns / 800; ++i)
    cv::rectangle(image,
                  {random.uniform(0, columns), random.uniform(0, rows), random.uniform(5, 40),
                   random.uniform(5, 40)},
                  random.uniform(0, 256), cv::FILLED);
  return image;
}

TEST(Keypoints, AreThoseOfFast) {
  Pool pool({.workers = 2});
  const cv::Mat image = rectangles(300, 411);
  cv::Mat marks;
  fast(25)(pool, image, marks, {.band_rows = 13});
  std::vector<cv::KeyPoint> expected;
  cv::FAST(image, expected, 25, true);
  const auto points = keypoints(marks);
  ASSERT_EQ(points.size(), expected.size());
  EXPECT_GT(points.size(), 10u);
  for (std::size_t i = 0; i < points.size(); ++i) {
    EXPECT_EQ(points[i].pt, expected[i].pt);
    EXPECT_EQ(points[i].response, expected[i].response);
    EXPECT_EQ(points[i].size, expected[i].size);
  }
}

TEST(Keypoints, RefuseOtherTypes) {
  EXPECT_THROW(keypoints(picture(9, 9, CV_8UC3)), InvalidArgument);
  EXPECT_TRUE(keypoints(cv::Mat()).empty());
}

// The definition, without a pool: each tile with what is around it is an image of its own.
Features orb_one_by_one(const cv::Mat& image, const OrbOptions& o) {
  Features all;
  all.descriptors.create(0, 32, CV_8U);
  const int margin = static_cast<int>(std::ceil(32 * std::pow(double(o.scale), o.levels - 1)));
  for (int y = 0; y < image.rows; y += o.tile)
    for (int x = 0; x < image.cols; x += o.tile) {
      const cv::Rect tile(x, y, o.tile, o.tile);
      const cv::Rect around =
          cv::Rect(x - margin, y - margin, o.tile + 2 * margin, o.tile + 2 * margin) &
          cv::Rect({}, image.size());
      std::vector<cv::KeyPoint> points;
      cv::Mat descriptors;
      cv::ORB::create(o.features, o.scale, o.levels, 31, 0, 2, cv::ORB::HARRIS_SCORE, 31,
                      o.threshold)
          ->detectAndCompute(image(around).clone(), cv::noArray(), points, descriptors);
      for (int i = 0; i < descriptors.rows; ++i) {
        cv::KeyPoint point = points[static_cast<std::size_t>(i)];
        point.pt += cv::Point2f(around.tl());
        if (!tile.contains(point.pt)) continue;
        all.points.push_back(point);
        all.descriptors.push_back(descriptors.row(i));
      }
    }
  return all;
}

class Orb : public testing::TestWithParam<unsigned> {};

TEST_P(Orb, FindsInEachTileWhatOpenCvFinds) {
  Pool pool({.workers = GetParam()});
  const OrbOptions options{.tile = 128, .features = 60, .levels = 4};
  const int sizes[][2] = {{1, 1}, {40, 700}, {397, 523}};
  for (const auto& [rows, columns] : sizes) {
    const cv::Mat image = rectangles(rows, columns);
    const Features expected = orb_one_by_one(image, options);
    const Features got = orb(pool, image, options);
    ASSERT_EQ(got.points.size(), expected.points.size());
    EXPECT_TRUE(same_bits(got.descriptors, expected.descriptors));
    for (std::size_t i = 0; i < got.points.size(); ++i) {
      EXPECT_EQ(got.points[i].pt, expected.points[i].pt);
      EXPECT_EQ(got.points[i].angle, expected.points[i].angle);
      EXPECT_EQ(got.points[i].octave, expected.points[i].octave);
    }
    if (rows == 397) {
      EXPECT_GT(got.points.size(), 100u);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Orb, testing::Values(1u, 2u, 3u, 7u));

TEST(Orb, ImagesThatAreTooSmallForAllLevels) {
  Pool pool({.workers = 1});
  for (const auto& [rows, columns] : {std::pair{1, 1}, {1, 300}, {90, 90}})
    EXPECT_TRUE(orb(pool, cv::Mat(rows, columns, CV_8U, cv::Scalar(3)), {.scale = 8, .levels = 32})
                    .points.empty());
}

TEST(Orb, SaysWhatItTakes) {
  Pool pool({.workers = 1});
  EXPECT_THROW(orb(pool, picture(90, 90, CV_16UC1)), InvalidArgument);
  EXPECT_THROW(orb(pool, picture(90, 90, CV_8UC1), {.tile = 10}), InvalidArgument);
  EXPECT_THROW(orb(pool, picture(90, 90, CV_8UC1), {.scale = 1}), InvalidArgument);
  EXPECT_TRUE(orb(pool, cv::Mat(0, 0, CV_8UC1)).points.empty());
}

}  // namespace
}  // namespace tine::image
