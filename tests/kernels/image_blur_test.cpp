// Blurs of bytes that tine makes itself: OpenCV's bits for any sigma, at any border, in images that are
// narrower or lower than what is summed, in bands of any height.
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include <tine/image/filters.hpp>

#include "image_test.hpp"

namespace tine::image {
namespace {

constexpr int borders[] = {cv::BORDER_REFLECT_101, cv::BORDER_REFLECT, cv::BORDER_REPLICATE,
                           cv::BORDER_CONSTANT};

std::vector<double> sigmas() {
  std::vector<double> result{0.1, 0.3, 0.5, 0.7, 1, 2, 8, 100};
  for (double sigma = 0.11; sigma < 100; sigma *= 1.17) result.push_back(sigma);
  return result;
}

class Blur : public testing::TestWithParam<int> {
 protected:
  // Noise, and white, whose sums are the largest.
  void check(const Chain& chain, cv::Size size, int band_rows) {
    const cv::Mat noise = picture(size.height, size.width, GetParam());
    const cv::Mat white(size, GetParam(), cv::Scalar::all(255));
    for (const cv::Mat& in : {noise, white})
      EXPECT_TRUE(same_bits(chain(in, {.band_rows = band_rows}), chain.reference(in)))
          << chain.to_string() << " on " << size << " in bands of " << band_rows;
  }
};

TEST_P(Blur, GaussianWithAnySigma) {
  for (const double sigma : sigmas())
    for (const int border : borders)
      for (const cv::Size size : {cv::Size{1, 1}, {1, 19}, {45, 7}, {64, 33}, {701, 5}})
        check(gaussian(sigma, border), size, 1 + size.height / 3);
}

TEST_P(Blur, GaussianOfRowsInManyStrips) {
  for (const double sigma : {0.7, 20.0, 100.0}) check(gaussian(sigma), {5003, 11}, 4);
}

TEST_P(Blur, SharpenByAnyAmount) {
  for (int amount = 0; amount <= 200; ++amount)
    check(sharpen(0.05 * amount, 0.3 + 0.01 * amount, borders[amount % 4]), {97, 13}, 5);
}

TEST_P(Blur, PyrdownOfAnySize) {
  for (const int border : {cv::BORDER_REFLECT_101, cv::BORDER_REFLECT, cv::BORDER_REPLICATE})
    for (const int width : {1, 2, 3, 4, 5, 6, 7, 31, 64, 2049})
      for (const int height : {1, 2, 3, 4, 5, 6, 23, 40})
        check(pyrdown(border), {width, height}, 1 + height / 5);
}

INSTANTIATE_TEST_SUITE_P(Bytes, Blur, testing::Values(CV_8UC1, CV_8UC3, CV_8UC4),
                         [](const auto& type) {
                           return "Channels" + std::to_string(CV_MAT_CN(type.param));
                         });

}  // namespace
}  // namespace tine::image
