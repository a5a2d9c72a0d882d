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
#include <vector>

#include <opencv2/imgproc.hpp>

#include <tine/error.hpp>
#include <tine/image/chain.hpp>

namespace tine::image {

/// Gaussian blur; `cv::GaussianBlur(in, out, {}, sigma)`.
inline Chain gaussian(double sigma, int border = cv::BORDER_REFLECT_101) {
  return Chain::of("gaussian", {sigma, double(border)});
}
/// Mean of size x size pixels; `cv::blur`. On floats two passes more over the image: whether
/// OpenCV's sums round depends on its values. Where they do (the largest value is more than some 2^20
/// times the smallest but zero; the less the larger the square), it runs as one slice.
inline Chain box(int size, int border = cv::BORDER_REFLECT_101) {
  return Chain::of("box", {double(size), double(border)});
}
/// Median of size x size pixels, edges repeated beyond the image, the only border that OpenCV has for
/// it; `cv::medianBlur`, and the same for 16-bit and float images with more than 5 x 5 pixels, which
/// OpenCV does not take. Time per pixel does not depend on the size (Perreault and Hebert 2007; values
/// that are not bytes by ordinal transform, Weiss 2006). NaNs are above all other values, or below,
/// by their sign.
inline Chain median(int size) {
  return Chain::of("median", {double(size)});
}
/// Smooths but keeps edges; `cv::bilateralFilter`, with sigma_color in levels: of 255, of 65535, or of
/// what floats are. 16-bit images, which OpenCV does not take, become what it makes of the same values
/// as floats, rounded to nearest. On these and on floats one pass more over the image, since the
/// result depends on its lowest and highest value; with BORDER_CONSTANT the zeros count as values (on
/// floats that are all positive or all negative OpenCV then reads beyond its table). Values must be
/// finite.
inline Chain bilateral(int d, double sigma_color, double sigma_space,
                       int border = cv::BORDER_REFLECT_101) {
  return Chain::of("bilateral", {double(d), sigma_color, sigma_space, double(border)});
}
/// Removes noise by averaging similar patches; `cv::fastNlMeansDenoising` for gray images,
/// `cv::fastNlMeansDenoisingColored` with the same h for colour; for 16-bit images, gray and colour,
/// `cv::fastNlMeansDenoising` with NORM_L1. h is in levels: of 255, or of 65535. Not for floats: OpenCV
/// has integers only. What is beyond the edges is reflected (BORDER_REFLECT_101).
inline Chain nlmeans(double h) {
  return Chain::of("nlmeans", {h});
}
/// Smooths but keeps edges, with a time that hardly depends on the radius: the guided image filter of
/// He, Sun and Tang (PAMI 2013), each channel guided by itself. With means over squares of
/// 2 * radius + 1 pixels, a = variance / (variance + eps) and b = (1 - a) * mean, it is
/// mean(a) * value + mean(b); `eps` is where white (255, 65535, 1.0) is 1: a tenth of white as the
/// standard deviation that is smoothed is 0.01. Computed in double; a and b are rounded to multiples
/// of 2^-32 for 8- and 16-bit images. The edges are mirrored (BORDER_REFLECT). OpenCV has it in its
/// contributed modules only.
inline Chain guided(int radius = 4, double eps = 0.01) {
  return Chain::of("guided", {double(radius), eps});
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
/// The same with a kernel of one channel, square, with an odd side of at most 31; `cv::filter2D`. With
/// more than 11 x 11 weights (7 x 7 for 16-bit images) OpenCV goes by discrete Fourier transforms, whose
/// bits depend on where an image begins; instead the products are added up in float, row by row.
inline Chain filter2d(const cv::Mat& kernel, double offset = 0,
                      int border = cv::BORDER_REFLECT_101) {
  if (kernel.dims != 2 || kernel.rows != kernel.cols || kernel.channels() != 1)
    throw InvalidArgument("tine::image: the kernel of filter2d is no square of one channel");
  cv::Mat_<double> weights;
  kernel.convertTo(weights, CV_64F);
  return Chain::of("filter2d kernel", std::array{1.0, offset, double(border)},
                   std::vector<double>(weights.begin(), weights.end()));
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
/// The same with the value that separates dark and light best, for 8-bit and 16-bit gray images;
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
/// Stretches the levels there are, in all channels together, to the whole range; `cv::normalize` with
/// NORM_MINMAX. Global, for other than 8-bit gray images in phases.
inline Chain normalize() {
  return Chain::of("normalize");
}
/// Spreads the levels of an 8-bit gray image evenly; `cv::equalizeHist`. Global.
inline Chain equalize() {
  return Chain::of("equalize");
}
/// Marks corners of an 8-bit gray image with their strength, 0 elsewhere: pixels with 9 neighbours in
/// a row, of 16 around them, that are brighter or darker by more than `threshold`; `cv::FAST` with
/// non-maximum suppression. `circle` is one of cv::FastFeatureDetector's types. keypoints()
/// (features.hpp) makes a list of them.
inline Chain fast(int threshold = 20, int circle = 2) {
  return Chain::of("fast", {double(threshold), double(circle)});
}
/// Marks the corners of an 8-bit or float gray image with 255: the local maxima of Harris' measure,
/// or of the least eigenvalue, that have `quality` of the largest; `cv::goodFeaturesToTrack` without
/// least distance.
inline Chain corners(double quality = 0.01, bool harris = true, int block = 3, int size = 3,
                     double k = 0.04) {
  return Chain::of("corners", {quality, harris ? 0. : 1., double(block), double(size), k});
}
/// For resize(): cv::INTER_AREA when neither side grows, else cv::INTER_CUBIC.
inline constexpr int by_size = -1;
/// Another size by a factor; `method` is one of cv::INTER_AREA, INTER_LINEAR, INTER_CUBIC,
/// INTER_LANCZOS4, INTER_NEAREST, or by_size; `cv::resize`.
inline Chain resize(double scale, int method = by_size) {
  return Chain::of("resize", {scale, 0, 0, double(method)});
}
/// Another size in pixels; 0 keeps the proportions.
inline Chain resize_to(int width, int height, int method = by_size) {
  return Chain::of("resize", {0, double(width), double(height), double(method)});
}
/// Half the size, after a blur with a Gaussian of 5 x 5; `border` may not be BORDER_CONSTANT;
/// `cv::pyrDown`.
inline Chain pyrdown(int border = cv::BORDER_REFLECT_101) {
  return Chain::of("pyrdown", {double(border)});
}
/// Twice the size, every other row and column made by the same blur; `cv::pyrUp`.
inline Chain pyrup() {
  return Chain::of("pyrup");
}
/// The mirror image: left and right (1), top and bottom (0) or both (-1) change places; `cv::flip`.
inline Chain flip(int code = 1) {
  return Chain::of("flip", {double(code)});
}
/// Turned clockwise, by -360 to 360 degrees, about its middle. Right angles keep all pixels as they
/// are (`cv::rotate`), others are `cv::warpAffine`. With `grow` the result is as large as the corners
/// need, otherwise as large as the image, whose corners are cut off. `border` may also be
/// cv::BORDER_WRAP, as in the next three.
inline Chain rotate(double degrees, int interpolation = cv::INTER_LINEAR,
                    int border = cv::BORDER_CONSTANT, bool grow = true) {
  return Chain::of("rotate", {degrees, double(interpolation), double(border), double(grow)});
}
/// A pixel at (x, y) of the image comes to `matrix` * (x, y, 1); `cv::warpAffine`. A width or height
/// of 0 is the image's. Throws for a matrix without inverse; when it is run, as all warps, for images
/// with sides of more than 32,766 pixels.
inline Chain affine(const cv::Matx23d& matrix, cv::Size size = {},
                    int interpolation = cv::INTER_LINEAR, int border = cv::BORDER_CONSTANT) {
  const auto& m = matrix.val;
  return Chain::of("affine", {m[0], m[1], m[2], m[3], m[4], m[5], double(size.width),
                              double(size.height), double(interpolation), double(border)});
}
/// The same with a perspective transformation, `cv::warpPerspective`; see
/// `cv::getPerspectiveTransform`. The last number of the matrix must not be 0.
inline Chain perspective(const cv::Matx33d& matrix, cv::Size size = {},
                         int interpolation = cv::INTER_LINEAR, int border = cv::BORDER_CONSTANT) {
  const auto m = matrix * (1 / matrix(2, 2));
  return Chain::of("perspective", {m(0, 0), m(0, 1), m(0, 2), m(1, 0), m(1, 1), m(1, 2), m(2, 0),
                                   m(2, 1), double(size.width), double(size.height),
                                   double(interpolation), double(border)});
}
/// Takes back the distortion of a lens that has put what belongs at distance r from the middle (1 in
/// the corners) to r * (1 + k1 r^2 + k2 r^4): k1 < 0 for barrel distortion; `cv::remap`.
inline Chain lens(double k1, double k2 = 0, int interpolation = cv::INTER_LINEAR,
                  int border = cv::BORDER_CONSTANT) {
  return Chain::of("lens", {k1, k2, double(interpolation), double(border)});
}
/// A part of the image; a width or height of 0 goes to the edge. Throws, when it is run, for an image
/// that does not hold it.
inline Chain crop(int x, int y, int width, int height) {
  return Chain::of("crop", {double(x), double(y), double(width), double(height)});
}

/// Of a vector: the sum of the absolute values, or the length of the straight line.
enum class Norm { l1, l2 };

/// Edges as lines one pixel wide, 255 where there is one and else 0: pixels whose gradient is above
/// `low` and the largest across the edge, when they are connected to one above `high`; `cv::Canny`, for
/// 8-bit images with 1 or 3 channels. For 16-bit images the same on their gradients, which are 257
/// times as large. `size` is that of the Sobel kernels: 3, 5 or 7. In phases, in time linear in the
/// number of pixels whatever the edges look like.
inline Chain canny(double low, double high, int size = 3, Norm norm = Norm::l1) {
  return Chain::of("canny", {low, high, double(size), norm == Norm::l2 ? 1. : 0.});
}
/// Equalizes each of x times y tiles by itself, with at most `clip` times the mean of a level's pixels
/// in each level, and interpolates; `cv::createCLAHE`, for 8-bit and 16-bit gray images. In phases.
inline Chain clahe(double clip = 40, int x = 8, int y = 8) {
  return Chain::of("clahe", {clip, double(x), double(y)});
}
/// For each pixel of an 8-bit gray image the number of the connected component that it is part of, as
/// CV_32S: 0 for pixels that are zero, and from 1 on in the order of the components' first pixels, row
/// by row. The components of `cv::connectedComponents`, which numbers them in another order. In phases.
inline Chain components(int connectivity = 8) {
  return Chain::of("components", {double(connectivity)});
}
/// How many labels an image of them has, with 0 for the background: what cv::connectedComponents
/// returns.
inline int count_labels(const cv::Mat& labels) {
  double most = -1;
  if (!labels.empty()) cv::minMaxIdx(labels, nullptr, &most);
  return static_cast<int>(most) + 1;
}
/// How far each pixel of an 8-bit gray image is from the nearest one that is zero, as CV_32F;
/// `cv::distanceTransform` with DIST_L2 and DIST_MASK_PRECISE, or with DIST_L1, whose longest distance is
/// 8192. Of an image without zeros what OpenCV makes of it: more than 3e7, or 8192. In phases.
inline Chain distance(Norm norm = Norm::l2) {
  return Chain::of("distance", {norm == Norm::l2 ? 2. : 1.});
}
/// Sums of all pixels above and to the left of each, in an image with one more row and column;
/// `cv::integral`. CV_32S for 8-bit images, modulo 2^32; CV_64F for 16-bit ones, exact up to 2^53. Not
/// for floats, whose sums would depend on how the image is cut. In phases.
inline Chain integral() {
  return Chain::of("integral");
}

/// Each pixel of the output is the one of the input at (x, y) for it, and there are as many as in the
/// maps; `cv::remap`. Neither image has sides over 32,766 pixels.
///
/// @param maps  CV_32FC2, x and y of each pixel; or CV_32FC3, whose red is x and green is y
inline Chain remap(const cv::Mat& maps, int interpolation = cv::INTER_LINEAR,
                   int border = cv::BORDER_CONSTANT) {
  return Chain::of("remap", {0, double(interpolation), double(border)})
      .with_operands([&](const Step&) { return maps; });
}
/// How well a template fits at each place of an image, as CV_32FC1 with `pattern.rows - 1` rows and
/// `pattern.cols - 1` columns less; `cv::matchTemplate`. OpenCV computes it with Fourier transforms of
/// blocks, and so do the blocks of rows that this is made of: values are those of one call for the whole
/// image but for their last bits, the same on any number of workers. As a list: x, y and value of where it
/// fits best. In phases.
///
/// @param pattern  8-bit or float and of the same type as the image, not larger than it
/// @param method   cv::TM_CCOEFF_NORMED and its like
inline Chain match(const cv::Mat& pattern, int method = cv::TM_CCOEFF_NORMED) {
  return Chain::of("match", {0, double(method)}).with_operands([&](const Step&) {
    return pattern;
  });
}

}  // namespace tine::image
