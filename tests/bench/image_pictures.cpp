#include "image_pictures.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace bench {

namespace {

/// Smooth areas, edges at many scales, and noise.
cv::Mat waves_and_noise(cv::Size size, std::size_t number) {
  cv::Mat noise(size, CV_8UC3), image(size, CV_8UC3);
  cv::theRNG().state = number + 1;
  cv::randn(noise, cv::Scalar::all(20), cv::Scalar::all(8));
  const double pace = 0.011 + 0.001 * static_cast<double>(number % 10);
  image.forEach<cv::Vec3b>([&](cv::Vec3b& pixel, const int* place) {
    const double y = place[0] * pace, x = place[1] * pace;
    for (int c = 0; c < 3; ++c)
      pixel[c] = static_cast<uchar>(110 + 60 * std::sin(x + c) * std::cos(0.7 * y) +
                                    40 * (std::sin(9 * x - 5 * y + c) > 0.4));
  });
  return image + noise;
}

/// Part of a photograph in its own resolution, since enlarging would take its detail away; where it
/// is too small, its mirror images go on.
cv::Mat of_size(const cv::Mat& photo, int side) {
  cv::Mat image;
  cv::copyMakeBorder(photo(cv::Rect(0, 0, std::min(photo.cols, side), std::min(photo.rows, side))),
                     image, 0, std::max(0, side - photo.rows), 0, std::max(0, side - photo.cols),
                     cv::BORDER_REFLECT);
  return image;
}

}  // namespace

std::string_view suffix(Picture which) {
  constexpr std::string_view suffixes[] = {"", ", gray", ", black and white", ", small",
                                           ", small gray"};
  return suffixes[static_cast<int>(which)];
}

const cv::Mat& Pictures::operator[](Picture which) {
  const auto found = made_.find(which);
  return found != made_.end() ? found->second : made_.emplace(which, make(which)).first->second;
}

cv::Mat Pictures::make(Picture which) {
  cv::Mat image;
  switch (which) {
    case Picture::colour:
      return of_size(photograph(12), quick_ ? 2048 : 8192);
    case Picture::gray:
      cv::cvtColor((*this)[Picture::colour], image, cv::COLOR_BGR2GRAY);
      break;
    case Picture::black_and_white: {
      const cv::Mat& gray = (*this)[Picture::gray];
      cv::threshold(gray, image, cv::mean(gray)[0], 255, cv::THRESH_BINARY);
      break;
    }
    case Picture::small_colour:
      return of_size(photograph(12), quick_ ? 512 : 1024);
    case Picture::small_gray:
      cv::cvtColor((*this)[Picture::small_colour], image, cv::COLOR_BGR2GRAY);
      break;
  }
  return image;
}

std::vector<std::string> photographs() {
  std::vector<std::string> paths;
  std::error_code none;  // no such folder
  for (const auto& file : std::filesystem::directory_iterator("/usr/share/backgrounds", none))
    if (file.path().extension() == ".jpg") paths.push_back(file.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

cv::Mat photograph(std::size_t number) {
  static const std::vector<std::string> paths = photographs();
  cv::Mat photo;
  if (!paths.empty()) photo = cv::imread(paths[number % paths.size()], cv::IMREAD_COLOR);
  return photo.empty() ? waves_and_noise({4096, 3072}, number) : photo;
}

}  // namespace bench
