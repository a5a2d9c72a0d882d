// Sharpens an image band by band. Each band is seen with two more rows above and below, which the
// blur needs, and the result is that of the same OpenCV calls on the whole image, bit by bit.
#include <cstdint>
#include <cstdio>

#include <opencv2/imgproc.hpp>

#include <tine/opencv.hpp>
#include <tine/tine.hpp>

namespace {

void sharpen(const cv::Mat& image, cv::Mat& result) {
  cv::Mat blurred;
  cv::GaussianBlur(image, blurred, {5, 5}, 1.2);
  cv::addWeighted(image, 1.8, blurred, -0.8, 0, result);
}

}  // namespace

int main() {
  tine::on_worker_start([] { cv::setNumThreads(1); });  // the workers are the parallelism
  tine::Pool pool;
  auto image = pool.array<std::uint8_t>(3001, 4003, 3);  // rows, columns, channels
  auto result = pool.array<std::uint8_t>(3001, 4003, 3);
  for (std::size_t r = 0; r < image.extent(0); ++r)
    for (std::size_t c = 0; c < image.extent(1); ++c)
      for (std::size_t k = 0; k < 3; ++k)
        image(r, c, k) = static_cast<std::uint8_t>((r * c >> (9 + k)) ^ (r + c) % 31);

  tine::for_each_slice(
      pool, tine::rows(image, 2),
      [](const tine::Slice& s, auto in, auto out) {
        cv::Mat band;
        sharpen(tine::as_mat(in), band);
        const auto first = static_cast<int>(s.begin - s.outer.begin);
        band.rowRange(first, first + static_cast<int>(s.size())).copyTo(tine::as_mat(out));
      },
      tine::in(image), tine::out(result));

  cv::Mat expected;
  sharpen(tine::as_mat(image.view()), expected);
  const double difference = cv::norm(tine::as_mat(result.view()), expected, cv::NORM_INF);
  std::printf("%d x %d pixels on %u workers, largest difference from OpenCV: %g\n", expected.cols,
              expected.rows, pool.workers(), difference);
  return difference == 0 ? 0 : 1;
}
