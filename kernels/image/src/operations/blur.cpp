// gaussian, sharpen, filter2d.
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
constexpr Parameter filter2d_parameters[] = {
    {"k00", "weight of the pixel above, to the left", "", -1e6, 1e6, 0},
    {"k01", "above", "", -1e6, 1e6, 0},
    {"k02", "above, to the right", "", -1e6, 1e6, 0},
    {"k10", "to the left", "", -1e6, 1e6, 0},
    {"k11", "of the pixel itself", "", -1e6, 1e6, 1},
    {"k12", "to the right", "", -1e6, 1e6, 0},
    {"k20", "below, to the left", "", -1e6, 1e6, 0},
    {"k21", "below", "", -1e6, 1e6, 0},
    {"k22", "below, to the right", "", -1e6, 1e6, 0},
    {"offset", "is added", "levels", -65535, 65535, 0},
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

constinit const Operation filter2d_operation{
    .name = "filter2d",
    .help = "weighted sum of a pixel and its eight neighbours, row by row",
    .parameters = filter2d_parameters,
    .accepts = always<all_depths, any_channels>,
    .halo = [](const Values&, int) { return 1; },
    .run =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          const cv::Mat weights(3, 3, CV_64F, const_cast<double*>(v.number.data()));
          cv::filter2D(in, out, -1, weights, {-1, -1}, v[9], int(v[10]));
        },
    .reads_around = true,
};

}  // namespace tine::image
