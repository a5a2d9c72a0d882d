// remap and match_template against OpenCV's.
#include <tine/image/two_images.hpp>

#include "image_test.hpp"

namespace tine::image {
namespace {

class TwoImages : public testing::TestWithParam<unsigned> {};

TEST_P(TwoImages, RemapIsOpenCvs) {
  Pool pool({.workers = GetParam()});
  const int sizes[][2] = {{1, 1}, {1, 9}, {9, 1}, {61, 47}, {211, 133}};
  for (const auto& [rows, columns] : sizes)
    for (int type : {CV_8UC1, CV_8UC3, CV_16UC4, CV_32FC3}) {
      const cv::Mat in = picture(53, 71, type);
      cv::Mat xs(rows, columns, CV_32F), ys(rows, columns, CV_32F);
      cv::RNG random(3);
      random.fill(xs, cv::RNG::UNIFORM, -9, 80);
      random.fill(ys, cv::RNG::UNIFORM, -9, 62);
      cv::Mat pixels, fractions;
      cv::convertMaps(xs, ys, pixels, fractions, CV_16SC2);
      for (int how : {cv::INTER_NEAREST, cv::INTER_LINEAR, cv::INTER_CUBIC, cv::INTER_LANCZOS4})
        for (int border : {cv::BORDER_CONSTANT, cv::BORDER_REPLICATE, cv::BORDER_REFLECT,
                           cv::BORDER_REFLECT_101, cv::BORDER_WRAP}) {
          cv::Mat out, expected;
          const Report report = remap(pool, in, out, xs, ys, how, border);
          EXPECT_EQ(report.done, report.slices);
          cv::remap(in, expected, xs, ys, how, border);
          EXPECT_TRUE(same_bits(out, expected)) << how << ' ' << border;
          remap(pool, in, out, pixels, fractions, how, border);
          cv::remap(in, expected, pixels, fractions, how, border);
          EXPECT_TRUE(same_bits(out, expected)) << how << ' ' << border << " with fixed points";
        }
    }
}

TEST_P(TwoImages, MatchTemplateIsOpenCvs) {
  Pool pool({.workers = GetParam()});
  for (int type : {CV_8UC1, CV_8UC3, CV_32FC1}) {
    const cv::Mat in = picture(611, 207, type);
    for (const cv::Rect& place : {cv::Rect(0, 0, 1, 1), cv::Rect(33, 400, 41, 37),
                                  cv::Rect(100, 590, 107, 21), cv::Rect(0, 0, 207, 611)}) {
      const cv::Mat pattern = in(place).clone();
      for (int method = cv::TM_SQDIFF; method <= cv::TM_CCOEFF_NORMED; ++method) {
        if (place.area() == 1 && method >= cv::TM_CCOEFF) continue;  // of no variance: noise
        cv::Mat out, expected;
        match_template(pool, in, pattern, out, method);
        cv::matchTemplate(in, pattern, expected, method);
        ASSERT_EQ(out.size(), expected.size());
        const double scale = std::max(1.0, cv::norm(expected, cv::NORM_INF));
        EXPECT_LE(cv::norm(out, expected, cv::NORM_INF), 1e-4 * scale) << method << ' ' << place;
        if (method != cv::TM_CCOEFF_NORMED) continue;
        cv::Point got, wanted;
        cv::minMaxLoc(out, nullptr, nullptr, nullptr, &got);
        cv::minMaxLoc(expected, nullptr, nullptr, nullptr, &wanted);
        EXPECT_EQ(got, wanted);
        EXPECT_EQ(got, place.tl());
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, TwoImages, testing::Values(1u, 2u, 3u, 7u));

TEST(TwoImages, MatchTemplateHasTheSameBitsOnAnyNumberOfWorkers) {
  const cv::Mat in = picture(700, 300, CV_8UC3), pattern = in(cv::Rect(50, 60, 31, 33)).clone();
  cv::Mat first;
  for (unsigned workers : {1u, 2u, 3u, 7u}) {
    Pool pool({.workers = workers});
    cv::Mat out;
    match_template(pool, in, pattern, out);
    if (first.empty()) first = out;
    EXPECT_TRUE(same_bits(out, first)) << workers;
  }
}

TEST(TwoImages, RefuseWhatDoesNotFit) {
  Pool pool({.workers = 1});
  const cv::Mat image = picture(20, 30, CV_8UC1);
  cv::Mat out;
  const cv::Mat map(20, 30, CV_32F, cv::Scalar(1));
  EXPECT_THROW(remap(pool, image, out, map, map.rowRange(0, 9)), InvalidArgument);
  EXPECT_THROW(remap(pool, image, out, image, map), InvalidArgument);
  EXPECT_THROW(remap(pool, cv::Mat(), out, map, map), InvalidArgument);
  EXPECT_THROW(match_template(pool, image, picture(21, 3, CV_8UC1), out), InvalidArgument);
  EXPECT_THROW(match_template(pool, image, picture(3, 3, CV_8UC3), out), InvalidArgument);
  EXPECT_THROW(match_template(pool, image, cv::Mat(), out), InvalidArgument);
}

TEST(TwoImages, RemapInPlace) {
  Pool pool({.workers = 2});
  cv::Mat image = picture(60, 50, CV_8UC3), expected;
  cv::Mat xs(60, 50, CV_32F), ys(60, 50, CV_32F);
  cv::RNG random(5);
  random.fill(xs, cv::RNG::UNIFORM, 0, 50);
  random.fill(ys, cv::RNG::UNIFORM, 0, 60);
  cv::remap(image, expected, xs, ys, cv::INTER_LINEAR);
  remap(pool, image, image, xs, ys);
  EXPECT_TRUE(same_bits(image, expected));
}

}  // namespace
}  // namespace tine::image
