/// @file
/// The operations as C++ functions, to be joined with `|`:
/// `gaussian(2.0) | sobel() | threshold(otsu)`.
///
/// Each makes a Chain of one step and throws InvalidArgument for a value out of its range. Ranges,
/// and the images an operation takes, are in the registry (operation.hpp) and in
/// `tine image --help`. `border` says what a filter takes for the pixels beyond the edges of the
/// image, one of cv::BORDER_REFLECT_101, BORDER_REFLECT, BORDER_REPLICATE and BORDER_CONSTANT (zeros;
/// for erode, dilate and what is made of them: ignored).
#pragma once

#include <algorithm>
#include <array>

#include <opencv2/imgproc.hpp>

#include <tine/image/chain.hpp>

namespace tine::image {

/// Gaussian blur; `cv::GaussianBlur(in, out, {}, sigma)`.
inline Chain gaussian(double sigma, int border = cv::BORDER_REFLECT_101) {
  return Chain::of("gaussian", {sigma, double(border)});
}
/// Mean of size x size pixels; `cv::blur`.
inline Chain box(int size, int border = cv::BORDER_REFLECT_101) {
  return Chain::of("box", {double(size), double(border)});
}
/// Median of size x size pixels; `cv::medianBlur`.
inline Chain median(int size) {
  return Chain::of("median", {double(size)});
}
/// Smooths but keeps edges; `cv::bilateralFilter`.
inline Chain bilateral(int d, double sigma_color, double sigma_space,
                       int border = cv::BORDER_REFLECT_101) {
  return Chain::of("bilateral", {double(d), sigma_color, sigma_space, double(border)});
}
/// Removes noise by averaging similar patches; `cv::fastNlMeansDenoising` for gray images,
/// `cv::fastNlMeansDenoisingColored` with the same h for colour.
inline Chain nlmeans(double h) {
  return Chain::of("nlmeans", {h});
}
/// Unsharp mask: in + amount * (in - gaussian(sigma)); `cv::addWeighted`.
inline Chain sharpen(double amount = 1, double sigma = 1, int border = cv::BORDER_REFLECT_101) {
  return Chain::of("sharpen", {amount, sigma, double(border)});
}
/// Weighted sum of a pixel and its eight neighbours, the weights row by row; `cv::filter2D`.
inline Chain filter2d(const std::array<double, 9>& weights, double offset = 0,
                      int border = cv::BORDER_REFLECT_101) {
  std::array<double, 11> values{};
  std::copy(weights.begin(), weights.end(), values.begin());
  values[9] = offset;
  values[10] = border;
  return Chain::of("filter2d", values);
}
/// Magnitude of the gradient, of the gray image if it is in colour: half the sum of the absolute
/// values of `cv::Sobel` in x and in y. For 8-bit images that is Sobel to CV_16S, convertScaleAbs of
/// both, addWeighted with 0.5 and 0.5.
inline Chain sobel(int size = 3, int border = cv::BORDER_REFLECT_101) {
  return Chain::of("sobel", {double(size), double(border)});
}
/// The same with `cv::Scharr`.
inline Chain scharr(int border = cv::BORDER_REFLECT_101) {
  return Chain::of("scharr", {double(border)});
}
/// Absolute value of `cv::Laplacian`, of the gray image if it is in colour.
inline Chain laplacian(int size = 3, int border = cv::BORDER_REFLECT_101) {
  return Chain::of("laplacian", {double(size), double(border)});
}
/// Minimum of a neighbourhood: MORPH_RECT (a square), MORPH_CROSS or MORPH_ELLIPSE; `cv::erode`.
inline Chain erode(int size, int shape = cv::MORPH_RECT, int border = cv::BORDER_CONSTANT) {
  return Chain::of("erode", {double(size), double(shape), double(border)});
}
/// Maximum of a neighbourhood; `cv::dilate`.
inline Chain dilate(int size, int shape = cv::MORPH_RECT, int border = cv::BORDER_CONSTANT) {
  return Chain::of("dilate", {double(size), double(shape), double(border)});
}
/// Erode, then dilate: small bright spots go; `cv::morphologyEx`, as the next four.
inline Chain open(int size, int shape = cv::MORPH_RECT, int border = cv::BORDER_CONSTANT) {
  return Chain::of("open", {double(size), double(shape), double(border)});
}
/// Dilate, then erode: small dark spots go.
inline Chain close(int size, int shape = cv::MORPH_RECT, int border = cv::BORDER_CONSTANT) {
  return Chain::of("close", {double(size), double(shape), double(border)});
}
/// Dilated minus eroded: outlines.
inline Chain gradient(int size, int shape = cv::MORPH_RECT, int border = cv::BORDER_CONSTANT) {
  return Chain::of("gradient", {double(size), double(shape), double(border)});
}
/// Image minus opened: small bright spots alone.
inline Chain tophat(int size, int shape = cv::MORPH_RECT, int border = cv::BORDER_CONSTANT) {
  return Chain::of("tophat", {double(size), double(shape), double(border)});
}
/// Closed minus image: small dark spots alone.
inline Chain blackhat(int size, int shape = cv::MORPH_RECT, int border = cv::BORDER_CONSTANT) {
  return Chain::of("blackhat", {double(size), double(shape), double(border)});
}
/// Another colour space; `code` is one of cv::COLOR_BGR2HSV, BGR2Lab, BGR2YCrCb, HSV2BGR, Lab2BGR,
/// YCrCb2BGR. For 8-bit and float images with three channels, 16-bit ones for YCrCb; `cv::cvtColor`.
inline Chain convert(int code) {
  return Chain::of("convert", {double(code)});
}
/// Each level to a power, where white (255, 65535, 1.0) is 1; rounded to the nearest level. Alpha
/// stays.
inline Chain gamma(double exponent) {
  return Chain::of("gamma", {exponent});
}
/// Stretches the levels from `black` to `white` to the whole range; `cv::Mat::convertTo`. Alpha stays.
inline Chain levels(double black, double white) {
  return Chain::of("levels", {black, white});
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
/// Pixels brighter than the mean of the size x size pixels around them less `offset` become white, for
/// 8-bit gray images; `method` is cv::ADAPTIVE_THRESH_MEAN_C or ADAPTIVE_THRESH_GAUSSIAN_C;
/// `cv::adaptiveThreshold`.
inline Chain threshold_adaptive(int size, double offset, int method = cv::ADAPTIVE_THRESH_MEAN_C) {
  return Chain::of("threshold adaptive", {double(size), offset, double(method)});
}
/// Stretches the levels an 8-bit gray image has to the whole range; `cv::normalize` with
/// NORM_MINMAX. Global.
inline Chain normalize() {
  return Chain::of("normalize");
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
/// The mirror image: left and right (1), top and bottom (0) or both (-1) change places; `cv::flip`.
/// Runs as one slice, as the next two.
inline Chain flip(int code = 1) {
  return Chain::of("flip", {double(code)});
}
/// Turned by a right angle: cv::ROTATE_90_CLOCKWISE, ROTATE_180, ROTATE_90_COUNTERCLOCKWISE;
/// `cv::rotate`.
inline Chain rotate(int code) {
  return Chain::of("rotate", {double(code)});
}
/// A part of the image; a width or height of 0 goes to the edge. Throws, when it is run, for an image
/// that does not hold it.
inline Chain crop(int x, int y, int width, int height) {
  return Chain::of("crop", {double(x), double(y), double(width), double(height)});
}

}  // namespace tine::image
