// What every operation of tine::image does to a photograph: a picture of each, and a sheet with all of
// them.
//
//   image_gallery [PHOTO [FOLDER]]     pictures go to FOLDER (gallery/); without a PHOTO a scene is drawn
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include <tine/image/filters.hpp>

namespace {

// Where defaults do not show much, or need something before or after.
std::string chain_for(const tine::image::Operation& operation) {
  static const std::map<std::string, std::string> chains{
      {"affine", "affine xy=0.3 x=-60"},
      {"bilateral", "bilateral d=15 sigma_color=90 sigma_space=9"},
      {"blackhat", "blackhat 15 ellipse"},
      {"box", "box 15"},
      {"close", "close 11 ellipse"},
      {"components", "gray | gaussian 2 | threshold otsu | components"},
      {"convert", "convert to=lab"},
      {"corners", "gray | corners quality=0.05 | dilate 7 ellipse"},
      {"crop", "crop x=60 y=40 width=200 height=200"},
      {"dilate", "dilate 9 ellipse"},
      {"distance", "gray | threshold 120 | distance"},
      {"erode", "erode 9 ellipse"},
      {"fast", "gray | fast 40 | threshold 0 | dilate 7 ellipse"},
      {"filter2d kernel",
       "filter2d kernel weights=1,1,1,0,-1,1,1,0,-1,-1,1,0,-1,-1,-1,0,-1,0,0,0,1,1,1,1,1"},
      {"filter2d", "filter2d -2 -1 0 -1 1 1 0 1 2"},
      {"gamma", "gamma 0.5"},
      {"gaussian", "gaussian 6"},
      {"gradient", "gradient 5 ellipse"},
      {"guided", "guided 12"},
      {"lens", "lens k1=0.4"},
      {"levels", "levels black=40 white=160"},
      {"match", "gray | match template=disc"},
      {"median", "median 11"},
      {"nlmeans", "nlmeans 20"},
      {"open", "open 11 ellipse"},
      {"perspective", "perspective 1 0.2 0 0 1.1 0 0 0.0012"},
      {"pyrdown", "pyrdown | pyrdown"},
      {"pyrup", "crop x=60 y=40 width=160 height=120 | pyrup"},
      {"remap", "remap maps=whirl"},
      {"resize", "resize 0.1 | resize 10 method=nearest"},
      {"rotate", "rotate 20"},
      {"sharpen", "sharpen amount=3 sigma=2"},
      {"threshold", "threshold 140"},
      {"threshold adaptive", "gray | threshold adaptive 31 offset=4"},
      {"tophat", "tophat 15 ellipse"},
  };
  const std::string name(operation.name);
  const auto found = chains.find(name);
  if (found != chains.end()) return found->second;
  const bool gray_only = operation.accepts(tine::image::Values{}).channels == 1u << 1;
  return gray_only ? "gray | " + name : name;
}

// The second image of a step: a part of the photo, or maps that turn it the more the nearer to its middle.
cv::Mat second_image(const tine::image::Step& step, const cv::Mat& photo) {
  if (step.operation->name == "match") {
    cv::Mat gray;
    cv::cvtColor(photo, gray, cv::COLOR_BGR2GRAY);
    return gray({photo.cols / 2, photo.rows / 2, photo.cols / 10, photo.rows / 10}).clone();
  }
  cv::Mat maps(photo.size(), CV_32FC2);
  for (int y = 0; y < maps.rows; ++y)
    for (int x = 0; x < maps.cols; ++x) {
      const double dx = x - maps.cols / 2., dy = y - maps.rows / 2.;
      const double angle = 2 * std::exp(-(dx * dx + dy * dy) / (20. * maps.rows));
      maps.at<cv::Vec2f>(y, x) = {float(x + (std::cos(angle) - 1) * dx - std::sin(angle) * dy),
                                  float(y + std::sin(angle) * dx + (std::cos(angle) - 1) * dy)};
    }
  return maps;
}

// Lines, discs and soft light.
cv::Mat scene() {
  cv::Mat image(320, 480, CV_8UC3);
  for (int y = 0; y < image.rows; ++y)
    for (int x = 0; x < image.cols; ++x)
      image.at<cv::Vec3b>(y, x) = cv::Vec3b(cv::saturate_cast<uchar>(60 + y / 2),
                                            cv::saturate_cast<uchar>(90 + 60 * std::sin(x * 0.02)),
                                            cv::saturate_cast<uchar>(200 - y / 2));
  for (int i = 0; i < 9; ++i)
    cv::circle(image, {30 + 53 * i, 80 + 22 * (i * 7 % 9)}, 12 + 3 * i,
               cv::Scalar(25 * i, 255 - 25 * i, 90 + 60 * (i % 3)), cv::FILLED, cv::LINE_AA);
  for (int i = 0; i < 12; ++i)
    cv::line(image, {40 * i, 319}, {20 + 38 * i, 220 - 9 * i}, {40, 120, 60}, 3, cv::LINE_AA);
  return image;
}

// 8-bit colour, from black to white where the type has no white.
cv::Mat displayable(const cv::Mat& image) {
  cv::Mat result = image;
  if (image.depth() != CV_8U) {
    image.convertTo(result, CV_64F);
    cv::normalize(result, result, 0, 255, cv::NORM_MINMAX, CV_8U);
  }
  if (result.channels() == 1) cv::cvtColor(result, result, cv::COLOR_GRAY2BGR);
  return result;
}

// A cell of the sheet: the picture as large as fits, and its chain below.
cv::Mat cell(const cv::Mat& picture, const std::string& chain) {
  constexpr int width = 300, height = 200, text = 26;
  cv::Mat result(height + text, width, CV_8UC3, cv::Scalar::all(255));
  const double scale =
      std::min(double(width - 10) / picture.cols, double(height - 6) / picture.rows);
  cv::Mat small;
  cv::resize(picture, small, {}, scale, scale, cv::INTER_AREA);
  small.copyTo(result(
      cv::Rect((width - small.cols) / 2, (height - small.rows) / 2 + 3, small.cols, small.rows)));
  const double size = chain.size() > 44 ? 0.30 : 0.36;
  cv::putText(result, chain, {6, height + 16}, cv::FONT_HERSHEY_SIMPLEX, size, cv::Scalar::all(30),
              1, cv::LINE_AA);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path folder = argc > 2 ? argv[2] : "gallery";
  cv::Mat photo = argc > 1 ? cv::imread(argv[1], cv::IMREAD_COLOR) : scene();
  if (photo.empty()) {
    std::fprintf(stderr, "image_gallery: %s cannot be read as an image\n", argv[1]);
    return 2;
  }
  tine::Pool pool;
  // Not larger than what a page shows.
  if (photo.cols > 640) tine::image::resize_to(640, 0)(pool, photo, photo);

  std::filesystem::create_directories(folder);
  std::vector<cv::Mat> rows, row;
  int differ = 0;
  for (const tine::image::Operation* operation : tine::image::operations()) {
    const std::string text = chain_for(*operation);
    const auto chain = tine::image::Chain::parse(text).with_operands(
        [&](const tine::image::Step& step) { return second_image(step, photo); });
    cv::Mat out;
    chain(pool, photo, out);
    if (cv::norm(out, chain.reference(photo), cv::NORM_INF) != 0) {
      std::fprintf(stderr, "image_gallery: \"%s\" differs from OpenCV\n", text.c_str());
      ++differ;
    }
    const cv::Mat picture = displayable(out);
    std::string file(operation->name);
    for (char& c : file) c = c == ' ' ? '_' : c;
    cv::imwrite(folder / (file + ".png"), picture);
    row.push_back(cell(picture, text));
    if (row.size() == 4) {
      rows.emplace_back();
      cv::hconcat(row, rows.back());
      row.clear();
    }
  }
  if (!row.empty()) {
    while (row.size() < 4) row.emplace_back(row[0].size(), CV_8UC3, cv::Scalar::all(255));
    rows.emplace_back();
    cv::hconcat(row, rows.back());
  }
  cv::Mat sheet;
  cv::vconcat(rows, sheet);
  cv::imwrite(folder / "all.png", sheet);
  std::printf("%zu pictures in %s, %d that differ from OpenCV; all of them in %s\n",
              tine::image::operations().size(), folder.c_str(), differ,
              (folder / "all.png").c_str());
  return differ == 0 ? 0 : 1;
}
