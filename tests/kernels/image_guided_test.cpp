// The guided filter beside the formulas of the paper.
#include <opencv2/imgproc.hpp>

#include <tine/image/filters.hpp>

#include "image_test.hpp"

namespace tine::image {
namespace {

// In double, with cv::blur for the means.
cv::Mat textbook(const cv::Mat& in, int radius, double eps) {
  const double white = in.depth() == CV_8U ? 255 : in.depth() == CV_16U ? 65535 : 1;
  const auto mean_of = [&](const cv::Mat& m) {
    cv::Mat mean;
    cv::blur(m, mean, {2 * radius + 1, 2 * radius + 1}, {-1, -1}, cv::BORDER_REFLECT);
    return mean;
  };
  cv::Mat image;
  in.convertTo(image, CV_64F, 1 / white);
  const cv::Mat mean = mean_of(image);
  const cv::Mat variance = mean_of(image.mul(image)) - mean.mul(mean);
  const cv::Mat a = variance / (variance + cv::Scalar::all(eps));
  const cv::Mat b = mean - a.mul(mean);
  return (mean_of(a).mul(image) + mean_of(b)) * white;
}

TEST(Guided, IsThePapersFormulaWithinRounding) {
  for (int type : {CV_8UC1, CV_8UC3, CV_16UC1, CV_16UC4, CV_32FC1, CV_32FC3})
    for (const auto& [rows, columns] : {std::pair{97, 61}, {40, 130}, {5, 7}, {1, 1}})
      for (const auto& [radius, eps] : {std::pair{4, 0.01}, {1, 1e-4}, {20, 0.1}}) {
        const cv::Mat in = picture(rows, columns, type);
        cv::Mat got;
        guided(radius, eps)(in).convertTo(got, CV_64F);
        // Half a level, and what a and b are rounded; of floats a few of the 24 bits.
        const double rounding = in.depth() == CV_32F ? 1e-6 : 0.5 + 1e-4;
        EXPECT_LE(cv::norm(got, textbook(in, radius, eps), cv::NORM_INF), rounding)
            << rows << " x " << columns << " of type " << type << ", radius " << radius;
      }
}

TEST(Guided, LeavesAnEvenImageAlone) {
  const cv::Mat in(50, 60, CV_16UC3, cv::Scalar(1, 30000, 65535));
  EXPECT_TRUE(same_bits(guided(8, 0.01)(in), in));
}

TEST(Guided, KeepsAnEdgeThatABlurWouldNot) {
  cv::Mat in(40, 40, CV_8U, cv::Scalar(20));
  in.colRange(20, 40).setTo(220);
  const cv::Mat out = guided(6, 1e-4)(in);
  EXPECT_LT(cv::norm(out, in, cv::NORM_INF), 3);
}

}  // namespace
}  // namespace tine::image
