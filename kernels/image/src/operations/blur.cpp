// gaussian, sharpen.
#include "operations/all.hpp"

namespace tine::image {

namespace {

constexpr Parameter gaussian_parameters[] = {
    {"sigma", "standard deviation", "pixels", 0.1, 100, 1},
    border_parameter,
};
constexpr Parameter sharpen_parameters[] = {
    {"amount", "how much of the detail is added", "", 0, 10, 1},
    {"sigma", "size of the detail: standard deviation of the blur", "pixels", 0.1, 100, 1},
    border_parameter,
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
              const Values& v) { cv::GaussianBlur(in, out, {}, v[0], 0, int(v[1])); },
};

constinit const Operation sharpen_operation{
    .name = "sharpen",
    .help = "unsharp mask: adds what a Gaussian blur would take away",
    .parameters = sharpen_parameters,
    .accepts = always<all_depths, any_channels>,
    .halo = [](const Values& v, int type) { return gaussian_halo(v[1], type); },
    .run =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          cv::GaussianBlur(in, out, {}, v[1], 0, int(v[2]));
          cv::addWeighted(in, 1 + v[0], out, -v[0], 0, out);
        },
};

}  // namespace tine::image
