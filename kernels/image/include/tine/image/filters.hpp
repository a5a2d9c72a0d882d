/// @file
/// The operations as C++ functions, to be joined with `|`:
/// `gaussian(2.0) | sobel() | threshold(otsu)`.
///
/// Each makes a Chain of one step and throws InvalidArgument for a value out of its range. Ranges,
/// and the images an operation takes, are in the registry (operation.hpp) and in
/// `tine image --help`. At the edges of the image OpenCV's default border applies (the rows beyond
/// are its mirror image), for erode and dilate what lies beyond is ignored.
#pragma once

#include <tine/image/chain.hpp>

namespace tine::image {

/// Gaussian blur; `cv::GaussianBlur(in, out, {}, sigma)`.
inline Chain gaussian(double sigma) {
  return Chain::of("gaussian", {sigma});
}
/// Mean of size x size pixels; `cv::blur`.
inline Chain box(int size) {
  return Chain::of("box", {double(size)});
}
/// Median of size x size pixels; `cv::medianBlur`.
inline Chain median(int size) {
  return Chain::of("median", {double(size)});
}
/// Smooths but keeps edges; `cv::bilateralFilter`.
inline Chain bilateral(int d, double sigma_color, double sigma_space) {
  return Chain::of("bilateral", {double(d), sigma_color, sigma_space});
}
/// Removes noise by averaging similar patches; `cv::fastNlMeansDenoising` for gray images,
/// `cv::fastNlMeansDenoisingColored` with the same h for colour.
inline Chain nlmeans(double h) {
  return Chain::of("nlmeans", {h});
}
/// Unsharp mask: in + amount * (in - gaussian(sigma)); `cv::addWeighted`.
inline Chain sharpen(double amount = 1, double sigma = 1) {
  return Chain::of("sharpen", {amount, sigma});
}
/// Magnitude of the gradient, of the gray image if it is in colour: half the sum of the absolute
/// values of `cv::Sobel` (3x3) in x and in y. For 8-bit images that is Sobel to CV_16S,
/// convertScaleAbs of both, addWeighted with 0.5 and 0.5.
inline Chain sobel() {
  return Chain::of("sobel");
}
/// Absolute value of `cv::Laplacian` (3x3), of the gray image if it is in colour.
inline Chain laplacian() {
  return Chain::of("laplacian");
}
/// Minimum of size x size pixels; `cv::erode`.
inline Chain erode(int size) {
  return Chain::of("erode", {double(size)});
}
/// Maximum of size x size pixels; `cv::dilate`.
inline Chain dilate(int size) {
  return Chain::of("dilate", {double(size)});
}
/// Colour to gray; `cv::cvtColor`. A gray image stays as it is.
inline Chain gray() {
  return Chain::of("gray");
}
/// The negative; a fourth channel (alpha) stays as it is.
inline Chain invert() {
  return Chain::of("invert");
}
/// Pixels above `value` become white (255, 65535, 1.0), others 0; `cv::threshold`.
inline Chain threshold(double value) {
  return Chain::of("threshold", {value});
}
struct Otsu {};
inline constexpr Otsu otsu{};
/// The same with the value that separates dark and light best, for 8-bit gray images;
/// `cv::threshold` with `THRESH_OTSU`. Global.
inline Chain threshold(Otsu) {
  return Chain::of("threshold otsu");
}
/// Spreads the levels of an 8-bit gray image evenly; `cv::equalizeHist`. Global.
inline Chain equalize() {
  return Chain::of("equalize");
}
/// Another size by a factor; `cv::resize`, by area when shrinking and cubic when enlarging. Runs as
/// one slice.
inline Chain resize(double scale) {
  return Chain::of("resize", {scale});
}
/// Another size in pixels; 0 keeps the proportions.
inline Chain resize_to(int width, int height) {
  return Chain::of("resize", {0, double(width), double(height)});
}

}  // namespace tine::image
