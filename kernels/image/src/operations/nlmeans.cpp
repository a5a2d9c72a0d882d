// nlmeans. It looks around a part of a Mat by itself, so no row is computed that is not wanted.
#include <vector>

#include <opencv2/imgproc.hpp>
#include <opencv2/photo.hpp>

#include "operations/all.hpp"

namespace tine::image {

namespace {

constexpr Parameter nlmeans_parameters[] = {
    {"h", "strength: the noise's standard deviation", "levels", 0.1, 65535, 10},
};
constexpr int patch = 7, search = 21;  // OpenCV's defaults

// cv::fastNlMeansDenoisingColored converts the image first, and would lose what is around it.
void nlmeans_colour(const cv::Mat& in, cv::Mat& out, float h) {
  cv::Size whole;
  cv::Point offset;
  in.locateROI(whole, offset);
  cv::Mat around = in;
  around.adjustROI(offset.y, whole.height - offset.y - in.rows, 0, 0);

  cv::Mat lab;
  cv::cvtColor(around, lab, cv::COLOR_LBGR2Lab);
  cv::Mat l(lab.size(), CV_8U), ab(lab.size(), CV_8UC2);
  const int split[] = {0, 0, 1, 1, 2, 2};
  cv::Mat planes[] = {l, ab};
  cv::mixChannels(&lab, 1, planes, 2, split, 3);

  const cv::Range rows(offset.y, offset.y + in.rows);
  cv::Mat smooth_l, smooth_ab;
  cv::fastNlMeansDenoising(l.rowRange(rows), smooth_l, h, patch, search);
  cv::fastNlMeansDenoising(ab.rowRange(rows), smooth_ab, h, patch, search);

  cv::Mat smooth(in.size(), CV_8UC3);
  const cv::Mat smooth_planes[] = {smooth_l, smooth_ab};
  cv::mixChannels(smooth_planes, 2, &smooth, 1, split, 3);
  cv::cvtColor(smooth, out, cv::COLOR_Lab2LBGR);
}

// Squared differences for 8 bits; absolute ones for 16, for which OpenCV has no others, and no way by
// another colour space either.
void nlmeans(const cv::Mat& in, cv::Mat& out, const Values& v) {
  const auto h = static_cast<float>(v[0]);
  if (in.depth() == CV_16U)
    cv::fastNlMeansDenoising(in, out, std::vector<float>{h}, patch, search, cv::NORM_L1);
  else if (in.channels() == 1)
    cv::fastNlMeansDenoising(in, out, h, patch, search);
  else
    nlmeans_colour(in, out, h);
}

}  // namespace

constinit const Operation nlmeans_operation{
    .name = "nlmeans",
    .help = "removes noise by averaging similar patches (7x7, within 21x21)",
    .parameters = nlmeans_parameters,
    .accepts = always<depth_8 | depth_16, gray_or_colour>,
    .halo = [](const Values&, int) { return patch / 2 + search / 2; },
    .run = nlmeans,
    .reads_around = true,
    .reference =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          const auto h = static_cast<float>(v[0]);
          if (in.type() == CV_8UC3)
            cv::fastNlMeansDenoisingColored(in, out, h, h, patch, search);
          else
            nlmeans(in, out, v);
        },
};

}  // namespace tine::image
