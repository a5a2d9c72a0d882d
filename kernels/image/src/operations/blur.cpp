// gaussian, sharpen.
#include <algorithm>

#include "operations/all.hpp"
#include "operations/gaussian_of_bytes.hpp"

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

void blur(const cv::Mat& in, cv::Mat& out, const Values& v) {
  cv::GaussianBlur(in, out, {}, v[0], 0, int(v[1]));
}

void blur_bytes(const cv::Mat& in, cv::Mat& out, const Values& v) {
  gaussian_of_bytes(in, out, v[0], gaussian_halo(v[0], CV_8U), int(v[1]));
}

void sharpen(const cv::Mat& in, cv::Mat& out, const Values& v) {
  cv::GaussianBlur(in, out, {}, v[1], 0, int(v[2]));
  cv::addWeighted(in, 1 + v[0], out, -v[0], 0, out);
}

// The second half of the work on a few rows while they are in cache.
void sharpen_bytes(const cv::Mat& in, cv::Mat& out, const Values& v) {
  constexpr int at_once = 8;
  for (int y = 0; y < in.rows; y += at_once) {
    const cv::Range rows(y, std::min(y + at_once, in.rows));
    cv::Mat result = out.rowRange(rows);
    gaussian_of_bytes(in.rowRange(rows), result, v[1], gaussian_halo(v[1], CV_8U), int(v[2]));
    cv::addWeighted(in.rowRange(rows), 1 + v[0], result, -v[0], 0, result);
  }
}

int gaussian_rows(const Values& v, int type) {
  return gaussian_halo(v[0], type);
}

int sharpen_rows(const Values& v, int type) {
  return gaussian_halo(v[1], type);
}

constinit const Operation gaussian_on_bytes{
    .name = "gaussian",
    .help = "the same on bytes",
    .accepts = always<depth_8, any_channels>,
    .halo = gaussian_rows,
    .run = blur_bytes,
    .reads_around = true,
    .reference = blur,
};

constinit const Operation sharpen_on_bytes{
    .name = "sharpen",
    .help = "the same on bytes",
    .accepts = always<depth_8, any_channels>,
    .halo = sharpen_rows,
    .run = sharpen_bytes,
    .reads_around = true,
    .reference = sharpen,
};

}  // namespace

// constinit const rather than constexpr: constexpr objects cannot be declared in a header first.
constinit const Operation gaussian_operation{
    .name = "gaussian",
    .help = "Gaussian blur",
    .parameters = gaussian_parameters,
    .variant = [](const Values&,
                  int type) { return CV_MAT_DEPTH(type) == CV_8U ? &gaussian_on_bytes : nullptr; },
    .accepts = always<all_depths, any_channels>,
    .halo = gaussian_rows,
    .run = blur,
};

constinit const Operation sharpen_operation{
    .name = "sharpen",
    .help = "unsharp mask: adds what a Gaussian blur would take away",
    .parameters = sharpen_parameters,
    .variant = [](const Values&,
                  int type) { return CV_MAT_DEPTH(type) == CV_8U ? &sharpen_on_bytes : nullptr; },
    .accepts = always<all_depths, any_channels>,
    .halo = sharpen_rows,
    .run = sharpen,
};

}  // namespace tine::image
