// Every operation against the OpenCV calls that define it, at odd sizes, for all types it takes,
// with bands of several heights.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <opencv2/features2d.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/photo.hpp>

#include <tine/image/filters.hpp>

#include "image_test.hpp"
#include "plain_reference.hpp"

namespace tine::image {
namespace {

using Call = std::function<void(const cv::Mat& in, cv::Mat& out)>;

double white_of(const cv::Mat& m) {
  return m.depth() == CV_8U ? 255 : m.depth() == CV_16U ? 65535 : 1;
}

cv::Mat gray_of(const cv::Mat& m) {
  if (m.channels() == 1) return m;
  cv::Mat gray;
  cv::cvtColor(m, gray, m.channels() == 3 ? cv::COLOR_BGR2GRAY : cv::COLOR_BGRA2GRAY);
  return gray;
}

// The gradient by cv::Sobel with a kernel of `size`, or by cv::Scharr.
constexpr int scharr_size = -1;
void gradient_calls(const cv::Mat& in, cv::Mat& out, int size, int border) {
  const cv::Mat gray = gray_of(in);
  cv::Mat gx, gy, ax, ay;
  const int depth = gray.depth() == CV_8U ? CV_16S : CV_32F;
  if (size == scharr_size) {
    cv::Scharr(gray, gx, depth, 1, 0, 1, 0, border);
    cv::Scharr(gray, gy, depth, 0, 1, 1, 0, border);
  } else {
    cv::Sobel(gray, gx, depth, 1, 0, size, 1, 0, border);
    cv::Sobel(gray, gy, depth, 0, 1, size, 1, 0, border);
  }
  if (gray.depth() == CV_8U) {
    cv::convertScaleAbs(gx, ax);
    cv::convertScaleAbs(gy, ay);
    cv::addWeighted(ax, 0.5, ay, 0.5, 0, out);
  } else {
    ax = cv::abs(gx);
    ay = cv::abs(gy);
    cv::addWeighted(ax, 0.5, ay, 0.5, 0, out, gray.depth());
  }
}

Call gradient_call(int size, int border = cv::BORDER_DEFAULT) {
  return [=](const cv::Mat& in, cv::Mat& out) { gradient_calls(in, out, size, border); };
}

void laplacian_calls(const cv::Mat& in, cv::Mat& out, int size, int border) {
  const cv::Mat gray = gray_of(in);
  cv::Mat second;
  cv::Laplacian(gray, second, gray.depth() == CV_8U ? CV_16S : CV_32F, size, 1, 0, border);
  if (gray.depth() == CV_8U)
    cv::convertScaleAbs(second, out);
  else
    cv::Mat(cv::abs(second)).convertTo(out, gray.depth());
}

Call laplacian_call(int size, int border = cv::BORDER_DEFAULT) {
  return [=](const cv::Mat& in, cv::Mat& out) { laplacian_calls(in, out, size, border); };
}

// What the edges of an image are called in chains.
const std::vector<std::pair<std::string, int>> borders{{"reflect101", cv::BORDER_REFLECT_101},
                                                       {"reflect", cv::BORDER_REFLECT},
                                                       {"replicate", cv::BORDER_REPLICATE},
                                                       {"constant", cv::BORDER_CONSTANT}};

// Levels to a power, alpha kept: there is no such call in OpenCV.
void gamma_calls(const cv::Mat& in, cv::Mat& out, double gamma) {
  std::vector<cv::Mat> planes;
  cv::split(in, planes);
  for (std::size_t c = 0; c < planes.size() && c < 3; ++c) {
    if (in.depth() == CV_32F) {
      cv::pow(cv::max(planes[c], 0), gamma, planes[c]);
      continue;
    }
    const double top = white_of(in);
    const auto power = [&](double level) { return std::pow(level / top, gamma) * top; };
    for (int y = 0; y < in.rows; ++y)
      for (int x = 0; x < in.cols; ++x)
        if (in.depth() == CV_8U) {
          auto& level = planes[c].at<uchar>(y, x);
          level = static_cast<uchar>(std::lrint(power(level)));
        } else {
          auto& level = planes[c].at<ushort>(y, x);
          level = static_cast<ushort>(std::lrint(power(level)));
        }
  }
  cv::merge(planes, out);
}

struct Case {
  std::string chain;
  Call opencv;
};

// How a failing case is named.
void PrintTo(const Case& c, std::ostream* out) {
  *out << c.chain;
}

Call gaussian_call(double sigma) {
  return [sigma](const cv::Mat& in, cv::Mat& out) { cv::GaussianBlur(in, out, {}, sigma); };
}

Call canny_call(double low, double high, int size, bool l2) {
  return [=](const cv::Mat& in, cv::Mat& out) {
    if (in.depth() == CV_8U)
      cv::Canny(in, out, low, high, size, l2);
    else
      out = plain_canny(in, low, high, size, l2);
  };
}

Call clahe_call(double clip, int x, int y) {
  return [=](const cv::Mat& in, cv::Mat& out) { cv::createCLAHE(clip, {x, y})->apply(in, out); };
}

// 16-bit images are filtered as floats: OpenCV's takes none. Zeros beyond the edges of floats need a
// row of zeros in the image, where it has none itself: OpenCV then has them in its table.
Call bilateral_call(int d, double sigma_color, double sigma_space,
                    int border = cv::BORDER_DEFAULT) {
  return [=](const cv::Mat& in, cv::Mat& out) {
    if (in.depth() == CV_8U) {
      cv::bilateralFilter(in, out, d, sigma_color, sigma_space, border);
      return;
    }
    cv::Mat values, smooth;
    in.convertTo(values, CV_32F);
    if (border == cv::BORDER_CONSTANT)
      cv::copyMakeBorder(values, values, 0, 1, 0, 0, cv::BORDER_CONSTANT);
    cv::bilateralFilter(values, smooth, d, sigma_color, sigma_space, border);
    smooth.rowRange(0, in.rows).convertTo(out, in.depth());
  };
}

Call nlmeans_call(float h) {
  return [=](const cv::Mat& in, cv::Mat& out) {
    if (in.depth() == CV_16U)
      cv::fastNlMeansDenoising(in, out, std::vector<float>{h}, 7, 21, cv::NORM_L1);
    else if (in.channels() == 1)
      cv::fastNlMeansDenoising(in, out, h);
    else
      cv::fastNlMeansDenoisingColored(in, out, h, h);
  };
}

// The definition, for what cv::medianBlur does not take.
template <class T>
void sorted_medians(const cv::Mat& in, cv::Mat& out, int size) {
  const int radius = size / 2, channels = in.channels();
  cv::Mat wide;
  cv::copyMakeBorder(in, wide, radius, radius, radius, radius, cv::BORDER_REPLICATE);
  out.create(in.size(), in.type());
  std::vector<T> square;
  for (int y = 0; y < in.rows; ++y)
    for (int i = 0; i < in.cols * channels; ++i) {
      square.clear();
      for (int dy = 0; dy < size; ++dy)
        for (int dx = 0; dx < size; ++dx) square.push_back(wide.ptr<T>(y + dy)[i + dx * channels]);
      const auto middle = square.begin() + static_cast<std::ptrdiff_t>(square.size() / 2);
      std::nth_element(square.begin(), middle, square.end());
      out.ptr<T>(y)[i] = *middle;
    }
}

Call median_call(int size) {
  return [size](const cv::Mat& in, cv::Mat& out) {
    if (in.depth() == CV_8U)
      cv::medianBlur(in, out, size);
    else if (in.depth() == CV_16U)
      sorted_medians<std::uint16_t>(in, out, size);
    else
      sorted_medians<float>(in, out, size);
  };
}

cv::Mat some_weights(int side) {
  cv::Mat_<double> weights(side, side);
  cv::RNG random(static_cast<std::uint64_t>(side));
  random.fill(weights, cv::RNG::UNIFORM, -1, 1);
  return weights / cv::norm(weights, cv::NORM_L1) + cv::Scalar(0.8 / (side * side));
}

// Where cv::filter2D goes by Fourier transforms, the sum as it is written.
Call kernel_call(int side, double offset = 0, int border = cv::BORDER_DEFAULT) {
  return [=](const cv::Mat& in, cv::Mat& out) {
    const cv::Mat weights = some_weights(side);
    if (side <= (in.depth() == CV_16U ? 7 : 11)) {
      cv::filter2D(in, out, -1, weights, {-1, -1}, offset, border);
      return;
    }
    const int radius = side / 2, channels = in.channels();
    cv::Mat wide, factors, sums(in.size(), CV_MAKETYPE(CV_32F, channels));
    cv::copyMakeBorder(in, wide, radius, radius, radius, radius, border);
    wide.convertTo(wide, CV_32F);
    weights.convertTo(factors, CV_32F);
    for (int y = 0; y < in.rows; ++y)
      for (int i = 0; i < in.cols * channels; ++i) {
        auto sum = static_cast<float>(offset);
        for (int dy = 0; dy < side; ++dy)
          for (int dx = 0; dx < side; ++dx)
            sum += factors.at<float>(dy, dx) * wide.ptr<float>(y + dy)[i + dx * channels];
        sums.ptr<float>(y)[i] = sum;
      }
    sums.convertTo(out, in.depth());
  };
}

// tine's own; image_guided_test.cpp has what it should be.
Call guided_call(int radius, double eps) {
  return [=](const cv::Mat& in, cv::Mat& out) { out = guided(radius, eps).reference(in); };
}

Call resize_call(double scale, int method) {
  return [=](const cv::Mat& in, cv::Mat& out) {
    const cv::Size size{std::max(1, cvRound(in.cols * scale)),
                        std::max(1, cvRound(in.rows * scale))};
    cv::resize(in, out, size, 0, 0, method);
  };
}

Call pyrdown_call(int border) {
  return [=](const cv::Mat& in, cv::Mat& out) { cv::pyrDown(in, out, {}, border); };
}

// About the middle, on a canvas that the corners fit on, or on one of the same size.
Call rotate_call(double degrees, bool grow) {
  return [=](const cv::Mat& in, cv::Mat& out) {
    const double c = std::cos(degrees * CV_PI / 180), s = std::sin(degrees * CV_PI / 180);
    cv::Size size = in.size();
    if (grow)
      size = {int(std::ceil(in.cols * std::abs(c) + in.rows * std::abs(s) - 0.01)),
              int(std::ceil(in.cols * std::abs(s) + in.rows * std::abs(c) - 0.01))};
    const double x = (in.cols - 1) / 2., y = (in.rows - 1) / 2.;
    const cv::Matx23d m(c, -s, (size.width - 1) / 2. - c * x + s * y,  //
                        s, c, (size.height - 1) / 2. - s * x - c * y);
    cv::warpAffine(in, out, m, size);
  };
}

Call fast_call(int threshold, cv::FastFeatureDetector::DetectorType circle) {
  return [=](const cv::Mat& in, cv::Mat& out) {
    std::vector<cv::KeyPoint> points;
    cv::FAST(in, points, threshold, true, circle);
    out = cv::Mat::zeros(in.size(), CV_8U);
    for (const auto& point : points) out.at<uchar>(point.pt) = static_cast<uchar>(point.response);
  };
}

Call corners_call(double quality, int block, int size, bool harris) {
  return [=](const cv::Mat& in, cv::Mat& out) {
    std::vector<cv::Point2f> points;
    cv::goodFeaturesToTrack(in, points, 0, quality, 0, cv::noArray(), block, size, harris, 0.04);
    out = cv::Mat::zeros(in.size(), CV_8U);
    for (const auto& point : points) out.at<uchar>(point) = 255;
  };
}

Call lens_call(double k1, double k2) {
  return [=](const cv::Mat& in, cv::Mat& out) {
    cv::Mat xs(in.size(), CV_32F), ys(in.size(), CV_32F);
    const double mx = (in.cols - 1) / 2., my = (in.rows - 1) / 2.;
    const double corner = std::max(1., mx * mx + my * my);
    for (int y = 0; y < in.rows; ++y)
      for (int x = 0; x < in.cols; ++x) {
        const double r2 = ((x - mx) * (x - mx) + (y - my) * (y - my)) / corner;
        const double factor = 1 + r2 * (k1 + k2 * r2);
        xs.at<float>(y, x) = static_cast<float>(mx + (x - mx) * factor);
        ys.at<float>(y, x) = static_cast<float>(my + (y - my) * factor);
      }
    cv::remap(in, out, xs, ys, cv::INTER_LINEAR);
  };
}

std::vector<Case> cases_inside() {
  using cv::Mat;
  const auto square = [](int n) { return cv::Mat::ones(n, n, CV_8U); };
  return {
      {"gaussian sigma=0.4", gaussian_call(0.4)},
      {"gaussian 1", gaussian_call(1)},
      {"gaussian sigma=2", gaussian_call(2)},
      {"gaussian sigma=8.3", gaussian_call(8.3)},
      {"box 3",
       [](const Mat& in, Mat& out) {
         cv::blur(in, out, {3, 3});
       }},
      {"box size=101",
       [](const Mat& in, Mat& out) {
         cv::blur(in, out, {101, 101});
       }},
      {"box size=15",
       [](const Mat& in, Mat& out) {
         cv::blur(in, out, {15, 15});
       }},
      {"median", [](const Mat& in, Mat& out) { cv::medianBlur(in, out, 3); }},
      {"median 5", [](const Mat& in, Mat& out) { cv::medianBlur(in, out, 5); }},
      {"median size=7", median_call(7)},
      {"median size=11", median_call(11)},
      {"median size=33", median_call(33)},
      {"bilateral", bilateral_call(9, 50, 5)},
      {"bilateral d=5 sigma_color=80 sigma_space=2", bilateral_call(5, 80, 2)},
      {"bilateral d=4 sigma_color=0.2 sigma_space=3", bilateral_call(4, 0.2, 3)},
      {"bilateral d=13 sigma_color=9000", bilateral_call(13, 9000, 5)},
      {"nlmeans h=6", nlmeans_call(6)},
      {"nlmeans h=3000", nlmeans_call(3000)},
      {"guided", guided_call(4, 0.01)},
      {"guided radius=9 eps=0.0001", guided_call(9, 0.0001)},
      {"sharpen amount=1.5 sigma=2",
       [](const Mat& in, Mat& out) {
         Mat blurred;
         cv::GaussianBlur(in, blurred, {}, 2);
         cv::addWeighted(in, 2.5, blurred, -1.5, 0, out);
       }},
      {"filter2d 0 -1 0 -1 5.5 -1 0 -1 0.25 offset=3",
       [](const Mat& in, Mat& out) {
         const Mat weights = (cv::Mat_<double>(3, 3) << 0, -1, 0, -1, 5.5, -1, 0, -1, 0.25);
         cv::filter2D(in, out, -1, weights, {-1, -1}, 3);
       }},
      {"filter2d kernel weights=0,-1,0,-1,5.5,-1,0,-1,0.25 offset=3",
       [](const Mat& in, Mat& out) {
         const Mat weights = (cv::Mat_<double>(3, 3) << 0, -1, 0, -1, 5.5, -1, 0, -1, 0.25);
         cv::filter2D(in, out, -1, weights, {-1, -1}, 3);
       }},
      {filter2d(some_weights(7)).to_string(), kernel_call(7)},
      {filter2d(some_weights(11), 0.5, cv::BORDER_REPLICATE).to_string(),
       kernel_call(11, 0.5, cv::BORDER_REPLICATE)},
      {filter2d(some_weights(13), 2, cv::BORDER_CONSTANT).to_string(),
       kernel_call(13, 2, cv::BORDER_CONSTANT)},
      {"sobel", gradient_call(3)},
      {"sobel 1", gradient_call(1)},
      {"sobel size=7", gradient_call(7)},
      {"scharr", gradient_call(scharr_size)},
      {"laplacian", laplacian_call(3)},
      {"laplacian 1", laplacian_call(1)},
      {"laplacian 9", laplacian_call(9)},
      {"erode 3", [=](const Mat& in, Mat& out) { cv::erode(in, out, square(3)); }},
      {"erode 9", [=](const Mat& in, Mat& out) { cv::erode(in, out, square(9)); }},
      {"dilate 5", [=](const Mat& in, Mat& out) { cv::dilate(in, out, square(5)); }},
      {"convert", [](const Mat& in, Mat& out) { cv::cvtColor(in, out, cv::COLOR_BGR2HSV); }},
      {"convert to=lab", [](const Mat& in, Mat& out) { cv::cvtColor(in, out, cv::COLOR_BGR2Lab); }},
      {"convert ycrcb",
       [](const Mat& in, Mat& out) { cv::cvtColor(in, out, cv::COLOR_BGR2YCrCb); }},
      {"convert from_hsv",
       [](const Mat& in, Mat& out) { cv::cvtColor(in, out, cv::COLOR_HSV2BGR); }},
      {"convert from_lab",
       [](const Mat& in, Mat& out) { cv::cvtColor(in, out, cv::COLOR_Lab2BGR); }},
      {"convert from_ycrcb",
       [](const Mat& in, Mat& out) { cv::cvtColor(in, out, cv::COLOR_YCrCb2BGR); }},
      {"gamma 0.45", [](const Mat& in, Mat& out) { gamma_calls(in, out, 0.45); }},
      {"gamma 2.2", [](const Mat& in, Mat& out) { gamma_calls(in, out, 2.2); }},
      {"levels black=20 white=180.5",
       [](const Mat& in, Mat& out) {
         const double scale = white_of(in) / (180.5 - 20);
         in.convertTo(out, in.depth(), scale, -20 * scale);
         if (in.channels() == 4) cv::mixChannels(in, out, {3, 3});
       }},
      {"normalize",
       [](const Mat& in, Mat& out) { cv::normalize(in, out, 0, white_of(in), cv::NORM_MINMAX); }},
      {"canny", canny_call(50, 150, 3, false)},
      {"canny low=300 high=40 norm=l2", canny_call(300, 40, 3, true)},
      {"canny 1000 2500 size=5", canny_call(1000, 2500, 5, false)},
      {"canny 2000.5 9000 7 l2", canny_call(2000.5, 9000, 7, true)},
      {"clahe", clahe_call(40, 8, 8)},
      {"clahe clip=2.5 x=3 y=5", clahe_call(2.5, 3, 5)},
      {"clahe 0 7 1", clahe_call(0, 7, 1)},
      {"components", [](const Mat& in, Mat& out) { out = plain_components(in, 8); }},
      {"components connectivity=4", [](const Mat& in, Mat& out) { out = plain_components(in, 4); }},
      {"distance",
       [](const Mat& in, Mat& out) {
         cv::distanceTransform(in, out, cv::DIST_L2, cv::DIST_MASK_PRECISE);
       }},
      {"distance metric=l1",
       [](const Mat& in, Mat& out) {
         cv::distanceTransform(in, out, cv::DIST_L1, cv::DIST_MASK_3);
       }},
      {"integral", [](const Mat& in, Mat& out) { cv::integral(in, out); }},
      {"threshold adaptive size=7 offset=3",
       [](const Mat& in, Mat& out) {
         cv::adaptiveThreshold(in, out, 255, cv::ADAPTIVE_THRESH_MEAN_C, cv::THRESH_BINARY, 7, 3);
       }},
      {"threshold adaptive 21 -2 gaussian",
       [](const Mat& in, Mat& out) {
         cv::adaptiveThreshold(in, out, 255, cv::ADAPTIVE_THRESH_GAUSSIAN_C, cv::THRESH_BINARY, 21,
                               -2);
       }},
      {"flip", [](const Mat& in, Mat& out) { cv::flip(in, out, 1); }},
      {"flip vertical", [](const Mat& in, Mat& out) { cv::flip(in, out, 0); }},
      {"flip both", [](const Mat& in, Mat& out) { cv::flip(in, out, -1); }},
      {"rotate", [](const Mat& in, Mat& out) { cv::rotate(in, out, cv::ROTATE_90_CLOCKWISE); }},
      {"rotate 0", [](const Mat& in, Mat& out) { in.copyTo(out); }},
      {"rotate -90",
       [](const Mat& in, Mat& out) { cv::rotate(in, out, cv::ROTATE_90_COUNTERCLOCKWISE); }},
      {"rotate 90 canvas=keep", rotate_call(90, false)},
      {"rotate 30", rotate_call(30, true)},
      {"rotate -12.5 canvas=keep", rotate_call(-12.5, false)},
      {"rotate 180", [](const Mat& in, Mat& out) { cv::rotate(in, out, cv::ROTATE_180); }},
      {"rotate 270",
       [](const Mat& in, Mat& out) { cv::rotate(in, out, cv::ROTATE_90_COUNTERCLOCKWISE); }},
      {"crop width=1", [](const Mat& in, Mat& out) { out = in.colRange(0, 1).clone(); }},
      {"fast", fast_call(20, cv::FastFeatureDetector::TYPE_9_16)},
      {"fast 9 circle=7of12", fast_call(9, cv::FastFeatureDetector::TYPE_7_12)},
      {"fast 30 circle=5of8", fast_call(30, cv::FastFeatureDetector::TYPE_5_8)},
      {"corners", corners_call(0.01, 3, 3, true)},
      {"corners 0.2 eigenvalue block=5 size=5", corners_call(0.2, 5, 5, false)},
      {"lens k1=-0.2 k2=0.05", lens_call(-0.2, 0.05)},
      {"gray", [](const Mat& in, Mat& out) { gray_of(in).copyTo(out); }},
      {"invert",
       [](const Mat& in, Mat& out) {
         out = in.clone();
         std::vector<Mat> planes;
         cv::split(in, planes);
         for (std::size_t c = 0; c < planes.size() && c < 3; ++c)
           cv::subtract(cv::Scalar::all(white_of(in)), planes[c], planes[c]);
         cv::merge(planes, out);
       }},
      {"threshold 90",
       [](const Mat& in, Mat& out) {
         cv::threshold(in, out, 90, white_of(in), cv::THRESH_BINARY);
       }},
      {"threshold otsu",
       [](const Mat& in, Mat& out) {
         cv::threshold(in, out, 0, white_of(in), cv::THRESH_BINARY | cv::THRESH_OTSU);
       }},
      {"equalize", [](const Mat& in, Mat& out) { cv::equalizeHist(in, out); }},
      {"resize width=33 height=20",
       [](const Mat& in, Mat& out) {
         const bool shrinks = in.cols >= 33 && in.rows >= 20;
         cv::resize(in, out, {33, 20}, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_CUBIC);
       }},
      {"resize scale=0.5 method=area", resize_call(0.5, cv::INTER_AREA)},
      {"resize scale=0.3 method=area", resize_call(0.3, cv::INTER_AREA)},
      {"resize scale=1.3 method=area", resize_call(1.3, cv::INTER_AREA)},
      {"resize scale=0.5 method=linear", resize_call(0.5, cv::INTER_LINEAR)},
      {"resize scale=2.7 method=linear", resize_call(2.7, cv::INTER_LINEAR)},
      {"resize scale=0.7 method=cubic", resize_call(0.7, cv::INTER_CUBIC)},
      {"resize scale=3 method=cubic", resize_call(3, cv::INTER_CUBIC)},
      {"resize scale=0.7 method=lanczos4", resize_call(0.7, cv::INTER_LANCZOS4)},
      {"resize scale=1.9 method=lanczos4", resize_call(1.9, cv::INTER_LANCZOS4)},
      {"resize scale=0.6 method=nearest", resize_call(0.6, cv::INTER_NEAREST)},
      {"resize scale=2.2 method=nearest", resize_call(2.2, cv::INTER_NEAREST)},
      {"pyrdown", pyrdown_call(cv::BORDER_REFLECT_101)},
      {"pyrdown border=reflect", pyrdown_call(cv::BORDER_REFLECT)},
      {"pyrdown border=replicate", pyrdown_call(cv::BORDER_REPLICATE)},
      {"pyrup", [](const Mat& in, Mat& out) { cv::pyrUp(in, out); }},
  };
}

// Each filter that lets one choose, with each choice.
std::vector<Case> cases_at_borders() {
  using cv::Mat;
  std::vector<Case> all;
  for (const auto& [word, border] : borders) {
    const auto add = [&, word = " border=" + word](const std::string& chain, Call call) {
      all.push_back({chain + word, std::move(call)});
    };
    const int b = border;
    const cv::Point middle(-1, -1);
    add("gaussian 1.7", [=](const Mat& in, Mat& out) { cv::GaussianBlur(in, out, {}, 1.7, 0, b); });
    add("box 5", [=](const Mat& in, Mat& out) { cv::blur(in, out, {5, 5}, middle, b); });
    add("bilateral 5 40 3", bilateral_call(5, 40, 3, b));
    add("sharpen 1 1.2", [=](const Mat& in, Mat& out) {
      Mat blurred;
      cv::GaussianBlur(in, blurred, {}, 1.2, 0, b);
      cv::addWeighted(in, 2, blurred, -1, 0, out);
    });
    add("filter2d 1 0 -1 2 1 -2 1 0 -1", [=](const Mat& in, Mat& out) {
      const Mat weights = (cv::Mat_<double>(3, 3) << 1, 0, -1, 2, 1, -2, 1, 0, -1);
      cv::filter2D(in, out, -1, weights, middle, 0, b);
    });
    add("sobel", gradient_call(3, b));
    add("sobel 5", gradient_call(5, b));
    add("scharr", gradient_call(scharr_size, b));
    add("laplacian 5", laplacian_call(5, b));
  }
  const std::pair<const char*, int> operations[] = {
      {"erode", cv::MORPH_ERODE},       {"dilate", cv::MORPH_DILATE},
      {"open", cv::MORPH_OPEN},         {"close", cv::MORPH_CLOSE},
      {"gradient", cv::MORPH_GRADIENT}, {"tophat", cv::MORPH_TOPHAT},
      {"blackhat", cv::MORPH_BLACKHAT}};
  const std::pair<const char*, int> shapes[] = {
      {"square", cv::MORPH_RECT}, {"cross", cv::MORPH_CROSS}, {"ellipse", cv::MORPH_ELLIPSE}};
  for (const auto& [name, operation] : operations)
    for (const auto& [shape_name, shape] : shapes)
      for (auto [word, border] : borders) {
        if (border == cv::BORDER_CONSTANT) word = "ignore";
        const Mat element = cv::getStructuringElement(shape, {5, 5});
        all.push_back({std::string(name) + " 5 " + shape_name + " border=" + word,
                       [=, o = operation, b = border](const Mat& in, Mat& out) {
                         cv::morphologyEx(in, out, o, element, {-1, -1}, 1, b);
                       }});
      }
  return all;
}

// Each warp with each interpolation and border.
std::vector<Case> cases_of_warps() {
  using cv::Mat;
  const std::pair<const char*, int> interpolations[] = {{"nearest", cv::INTER_NEAREST},
                                                        {"linear", cv::INTER_LINEAR},
                                                        {"cubic", cv::INTER_CUBIC},
                                                        {"lanczos4", cv::INTER_LANCZOS4}};
  auto borders_of_warps = borders;
  borders_of_warps.emplace_back("wrap", cv::BORDER_WRAP);
  std::vector<Case> all;
  for (const auto& [how, interpolation] : interpolations)
    for (const auto& [edge, border] : borders_of_warps) {
      const std::string words = std::string(" interpolation=") + how + " border=" + edge;
      const int i = interpolation, b = border;
      all.push_back({"affine 1.1 0.3 -4.5 -0.2 0.9 7.25 width=51 height=37" + words,
                     [=](const Mat& in, Mat& out) {
                       const cv::Matx23d m(1.1, 0.3, -4.5, -0.2, 0.9, 7.25);
                       cv::warpAffine(in, out, m, {51, 37}, i, b);
                     }});
      all.push_back(
          {"perspective 1.1 0.2 -3 -0.1 0.9 5 0.003 -0.002" + words, [=](const Mat& in, Mat& out) {
             const cv::Matx33d m(1.1, 0.2, -3, -0.1, 0.9, 5, 0.003, -0.002, 1);
             cv::warpPerspective(in, out, m, in.size(), i, b);
           }});
    }
  all.push_back(
      {"perspective 0.9 0 0 0 0.9 0 0.0001 0 width=700 height=9", [](const Mat& in, Mat& out) {
         const cv::Matx33d m(0.9, 0, 0, 0, 0.9, 0, 0.0001, 0, 1);
         cv::warpPerspective(in, out, m, {700, 9});
       }});
  return all;
}

std::vector<Case> cases() {
  auto all = cases_inside();
  for (Case& c : cases_of_warps()) all.push_back(std::move(c));
  for (Case& c : cases_at_borders()) all.push_back(std::move(c));
  return all;
}

class Operations : public testing::TestWithParam<Case> {};

TEST_P(Operations, AreTheOpenCvCalls) {
  const Chain chain = Chain::parse(GetParam().chain);
  const int sizes[][2] = {{1, 1}, {1, 7}, {7, 1}, {2, 9}, {13, 17}, {127, 61}, {61, 130}};
  int compared = 0;
  for (const auto& [rows, columns] : sizes)
    for (int depth : {CV_8U, CV_16U, CV_32F})
      for (int channels : {1, 3, 4}) {
        const int type = CV_MAKETYPE(depth, channels);
        const Step& step = chain.steps()[0];
        const Accepts accepts = step.operation->accepts(step.values);
        if (!(accepts.depths >> depth & 1) || !(accepts.channels >> channels & 1)) {
          EXPECT_THROW(chain.output({rows, columns, type}), InvalidArgument);
          continue;
        }
        const cv::Mat in = picture(rows, columns, type);
        cv::Mat expected;
        GetParam().opencv(in, expected);
        SCOPED_TRACE(testing::Message() << rows << " x " << columns << " of type " << type);
        const Shape shape = chain.output({rows, columns, type});
        EXPECT_EQ(shape, (Shape{expected.rows, expected.cols, expected.type()}));
        EXPECT_TRUE(same_bits(chain.reference(in), expected));
        for (int band : {0, 1, 5, 16, 50}) {
          if (band == 1 && rows > 20) continue;  // mostly halo: slow
          EXPECT_TRUE(same_bits(chain(in, {.band_rows = band}), expected)) << "bands of " << band;
          ++compared;
        }
      }
  EXPECT_GE(compared, 28);
}

INSTANTIATE_TEST_SUITE_P(All, Operations, testing::ValuesIn(cases()));

TEST(Operations, AllHaveACase) {
  for (const Operation* operation : operations()) {
    // Those that take a second image, or find what is no image, have tests of their own.
    if (operation->operand != nullptr || operation->list != nullptr) continue;
    bool found = false;
    for (const Case& c : cases()) {
      const Chain chain = Chain::parse(c.chain);
      found = found || chain.steps()[0].operation == operation;
    }
    EXPECT_TRUE(found) << operation->name;
  }
}

TEST(Operations, ParametersHaveDefaultsInTheirRange) {
  for (const Operation* operation : operations()) {
    EXPECT_LE(operation->parameters.size(), Values::capacity) << operation->name;
    EXPECT_FALSE(operation->help.empty()) << operation->name;
    for (const Parameter& parameter : operation->parameters) {
      EXPECT_LE(parameter.low, parameter.fallback) << operation->name << ' ' << parameter.name;
      EXPECT_LE(parameter.fallback, parameter.high) << operation->name << ' ' << parameter.name;
    }
  }
}

TEST(Operations, OtsuOnHistogramsOfEveryKind) {
  cv::RNG random(7);
  for (int i = 0; i < 200; ++i) {
    cv::Mat in(37, 53, CV_8U);
    random.fill(in, cv::RNG::NORMAL, random.uniform(0, 256), random.uniform(0.0, 80.0));
    if (i % 3 == 0) in.rowRange(0, random.uniform(1, 37)).setTo(random.uniform(0, 256));
    if (i % 50 == 0) in.setTo(i);
    EXPECT_TRUE(same_bits(threshold(otsu)(in), threshold(otsu).reference(in))) << i;
    EXPECT_TRUE(same_bits(equalize()(in), equalize().reference(in))) << i;
  }
}

// What is written past the caches: the same bytes, at any place in a line, and none around them.
TEST(Operations, KernelsThatStreamWriteTheSameBytes) {
  const Chain chains[] = {invert(), threshold(100), flip(0), crop(3, 0, 0, 0), rotate(0)};
  for (const Chain& chain : chains)
    for (const int type : {CV_8UC1, CV_8UC3, CV_8UC4, CV_16UC1, CV_32FC1})
      for (const int columns : {1, 5, 17, 64, 101})
        for (const int x : {0, 1, 7}) {
          const Step& step = chain.steps()[0];
          const cv::Mat in = picture(9, columns + 10, type)(cv::Rect(x, 0, columns + 3, 9)).clone();
          const Shape shape = chain.output({in.rows, in.cols, type});
          cv::Mat around[2];
          for (const bool streams : {false, true}) {
            around[streams] = picture(11, columns + 20, type);
            cv::Mat out = around[streams](cv::Rect(x, 1, shape.columns, shape.rows));
            Values values = step.values;
            values.streams = streams;
            const Place place{.input = {in.rows, in.cols, type}, .output = shape};
            if (step.operation->run_at != nullptr)
              step.operation->run_at(in, out, place, values);
            else
              step.operation->run(in, out, values);
          }
          EXPECT_TRUE(same_bits(around[0], around[1]))
              << step.operation->name << " of type " << type << ", " << columns << " columns";
        }
}

TEST(Operations, ImagesThatAreLargerThanTheCaches) {
  Pool pool({.workers = 2});
  const cv::Mat colour = picture(3001, 4099, CV_8UC3), gray = picture(6001, 6007, CV_8UC1);
  for (const char* text : {"invert", "threshold 127", "flip direction=vertical", "crop x=1 y=1",
                           "erode 3", "invert | flip direction=vertical"}) {
    cv::Mat out;
    Chain::parse(text)(pool, colour, out);
    EXPECT_TRUE(same_bits(out, Chain::parse(text).reference(colour))) << text;
  }
  for (const char* text : {"normalize", "threshold otsu", "invert | equalize", "integral"}) {
    cv::Mat out;
    Chain::parse(text)(pool, gray, out);
    EXPECT_TRUE(same_bits(out, Chain::parse(text).reference(gray))) << text;
  }
}

// Floats whose sums round: they do so as they do in one cv::blur of the whole image.
TEST(Operations, BoxOfFloatsThatDoNotAddUpExactly) {
  cv::Mat in = picture(140, 90, CV_32FC3);
  in.row(3).setTo(1e-20);
  in.row(80).setTo(3e7);
  cv::Mat expected;
  cv::blur(in, expected, {7, 7});
  for (int band : {0, 1, 16, 50})
    EXPECT_TRUE(same_bits(box(7)(in, {.band_rows = band}), expected)) << band;
  in.at<cv::Vec3f>(5, 5)[1] = std::numeric_limits<float>::infinity();
  cv::blur(in, expected, {7, 7});
  EXPECT_TRUE(same_bits(box(7)(in, {.band_rows = 16}), expected));
}

TEST(Operations, LargeKernelsAreNearTheFourierTransformsOfOpenCv) {
  const cv::Mat weights = some_weights(21);
  for (int type : {CV_8UC3, CV_16UC1, CV_32FC1}) {
    const cv::Mat in = picture(90, 70, type);
    cv::Mat expected;
    cv::filter2D(in, expected, -1, weights);
    EXPECT_LE(cv::norm(filter2d(weights)(in), expected, cv::NORM_INF),
              in.depth() == CV_32F ? 1e-5 : 1);
  }
}

TEST(Operations, KernelsOfAnySizeAndEachItsOwn) {
  const cv::Mat in = picture(80, 70, CV_8UC3);
  cv::Mat expected;
  kernel_call(31)(in, expected);
  EXPECT_TRUE(same_bits(filter2d(some_weights(31))(in, {.band_rows = 33}), expected));
  const Chain chain = filter2d(some_weights(5)) | filter2d(some_weights(13)) | gaussian(1);
  EXPECT_TRUE(same_bits(chain(in, {.band_rows = 16}), chain.reference(in)));
  EXPECT_EQ(Chain::parse(chain.to_string()).to_string(), chain.to_string());
}

// Squares as large as they may be, equal values and negative ones, tiles and what is between them.
TEST(Operations, MediansAreTheMiddleOfTheSortedSquare) {
  cv::RNG random(3);
  for (const auto& [size, rows, columns, levels] :
       {std::array{101, 190, 40, 65536}, {101, 3, 170, 9}, {7, 300, 40, 3}, {9, 40, 300, 1000}}) {
    SCOPED_TRACE(size);
    cv::Mat in(rows, columns, CV_16U), expected;
    random.fill(in, cv::RNG::UNIFORM, 0, levels);
    sorted_medians<std::uint16_t>(in, expected, size);
    EXPECT_TRUE(same_bits(median(size)(in), expected));
    cv::Mat values;
    in.convertTo(values, CV_32F, 0.01, -1);
    sorted_medians<float>(values, expected, size);
    EXPECT_TRUE(same_bits(median(size)(values, {.band_rows = 33}), expected));
  }
  cv::Mat in(60, 900, CV_8UC3), expected;
  random.fill(in, cv::RNG::UNIFORM, 0, 256);
  for (int size : {7, 51, 101}) {
    cv::medianBlur(in, expected, size);
    EXPECT_TRUE(same_bits(median(size)(in), expected));
  }
}

// A part of a larger image is an image of its own: what is around it does not show.
TEST(Operations, TakeARegionOfInterestForAWholeImage) {
  const cv::Mat large = picture(90, 80, CV_8UC3);
  const cv::Mat region = large(cv::Rect(11, 13, 47, 51));
  for (const char* text : {"gaussian 2", "bilateral", "nlmeans", "sobel", "median 5", "median 9",
                           "guided", "box 5", "filter2d", "erode 5"}) {
    const Chain chain = Chain::parse(text);
    const cv::Mat expected = chain.reference(region.clone());
    EXPECT_TRUE(same_bits(chain.reference(region), expected)) << text;
    EXPECT_TRUE(same_bits(chain(region), expected)) << text;
    EXPECT_TRUE(same_bits(chain(region, {.band_rows = 7}), expected)) << text;
  }
}

}  // namespace
}  // namespace tine::image
