// gaussian, box, median, sharpen.
#include <opencv2/imgproc.hpp>

#include "operations/all.hpp"

namespace tine::image {

namespace {

constexpr Parameter gaussian_parameters[] = {
    {"sigma", "standard deviation", "pixels", 0.1, 100, 1},
};
constexpr Parameter box_parameters[] = {
    {"size", "side of the square", "pixels", 1, 255, 3, Parameter::Kind::odd},
};
constexpr Parameter median_parameters[] = {
    {"size", "side of the square", "pixels", 3, 101, 3, Parameter::Kind::odd},
};
constexpr Parameter sharpen_parameters[] = {
    {"amount", "how much of the detail is added", "", 0, 10, 1},
    {"sigma", "size of the detail: standard deviation of the blur", "pixels", 0.1, 100, 1},
};

// The kernel size that cv::GaussianBlur chooses.
int gaussian_halo(double sigma, int type) {
  const int reach = CV_MAT_DEPTH(type) == CV_8U ? 3 : 4;
  return (cvRound(sigma * reach * 2 + 1) | 1) / 2;
}

}  // namespace

// constinit const rather than constexpr: constexpr objects cannot be declared in a header first.
constinit const Operation gaussian_operation{
    .name = "gaussian",
    .help = "Gaussian blur",
    .parameters = gaussian_parameters,
    .accepts = always<all_depths, any_channels>,
    .halo = [](const Values& v, int type) { return gaussian_halo(v[0], type); },
    .run = [](const cv::Mat& in, cv::Mat& out,
              const Values& v) { cv::GaussianBlur(in, out, {}, v[0]); },
};

// Not for floats: cv::blur keeps a running sum down each column, whose rounding depends on where
// the image begins.
constinit const Operation box_operation{
    .name = "box",
    .help = "mean of a square",
    .parameters = box_parameters,
    .accepts = always<depth_8 | depth_16, any_channels>,
    .halo = [](const Values& v, int) { return int(v[0]) / 2; },
    .run =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          cv::blur(in, out, {int(v[0]), int(v[0])});
        },
};

constinit const Operation median_operation{
    .name = "median",
    .help = "median of a square: removes specks",
    .parameters = median_parameters,
    .accepts =
        [](const Values& v) {
          return Accepts{v[0] > 5 ? depth_8 : all_depths, any_channels};
        },
    .halo = [](const Values& v, int) { return int(v[0]) / 2; },
    .run = [](const cv::Mat& in, cv::Mat& out,
              const Values& v) { cv::medianBlur(in, out, int(v[0])); },
};

constinit const Operation sharpen_operation{
    .name = "sharpen",
    .help = "unsharp mask: adds what a Gaussian blur would take away",
    .parameters = sharpen_parameters,
    .accepts = always<all_depths, any_channels>,
    .halo = [](const Values& v, int type) { return gaussian_halo(v[1], type); },
    .run =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          cv::Mat blurred;
          cv::GaussianBlur(in, blurred, {}, v[1]);
          cv::addWeighted(in, 1 + v[0], blurred, -v[0], 0, out);
        },
};

}  // namespace tine::image
