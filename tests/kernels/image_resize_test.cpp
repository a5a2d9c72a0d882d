// resize, pyrdown and pyrup in bands against OpenCV on the whole image: sizes, factors, methods and
// types. A band gets a copy of the rows it asks for and nothing else.
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include <opencv2/imgproc.hpp>

#include <tine/image/filters.hpp>

#include "image_test.hpp"

namespace tine::image {
namespace {

constexpr int depths[] = {CV_8U, CV_16U, CV_32F};
constexpr int channels[] = {1, 3, 4};

cv::Mat in_bands(const Chain& chain, const cv::Mat& in, int band_rows) {
  const Step& step = chain.steps()[0];
  Place place;
  place.input = {in.rows, in.cols, in.type()};
  place.output = chain.output(place.input);
  cv::Mat out(place.output.rows, place.output.columns, place.output.type);
  for (int y = 0; y < out.rows; y += band_rows) {
    const int end = std::min(out.rows, y + band_rows);
    const Range rows = step.operation->source_rows(
        step.values, place, {static_cast<std::size_t>(y), static_cast<std::size_t>(end)});
    place.input_row = static_cast<int>(rows.begin);
    place.output_row = y;
    const cv::Mat band = in.rowRange(place.input_row, static_cast<int>(rows.end)).clone();
    cv::Mat result(end - y, out.cols, out.type());
    const uchar* memory = result.data;
    step.operation->run_at(band, result, place, step.values);
    EXPECT_EQ(result.data, memory);
    result.copyTo(out.rowRange(y, end));
  }
  return out;
}

void expect_bands(const Chain& chain, const cv::Mat& in, const cv::Mat& expected) {
  for (int band : {1, 3, 16})
    EXPECT_TRUE(same_bits(in_bands(chain, in, band), expected))
        << chain.to_string() << " of " << in.size() << ", type " << in.type() << ", bands of "
        << band;
}

cv::Mat noise(int rows, int columns, int type) {
  cv::Mat image(rows, columns, type);
  cv::RNG random(static_cast<std::uint64_t>(rows * 7919 + columns * 31 + type));
  const int depth = image.depth();
  random.fill(image, cv::RNG::UNIFORM, depth == CV_32F ? -1 : 0,
              depth == CV_8U    ? 256
              : depth == CV_16U ? 65536
                                : 1);
  return image;
}

class Resize : public testing::TestWithParam<int> {
 protected:
  static void compare(const cv::Mat& in, cv::Size size) {
    cv::Mat expected;
    cv::resize(in, expected, size, 0, 0, GetParam());
    expect_bands(resize_to(size.width, size.height, GetParam()), in, expected);
  }
};

TEST_P(Resize, BetweenAllSmallSizes) {
  const cv::Size sizes[] = {{1, 1},   {1, 9},   {9, 1},   {2, 3},   {3, 2},  {13, 17},
                            {31, 29}, {48, 64}, {24, 32}, {16, 16}, {53, 97}};
  for (const cv::Size& from : sizes)
    for (const cv::Size& to : sizes)
      for (int depth : depths)
        for (int n : channels) compare(noise(from.height, from.width, CV_MAKETYPE(depth, n)), to);
}

// Positions far from the origin round differently from those near it.
TEST_P(Resize, OfManyRowsAndOfManyColumns) {
  for (int depth : depths)
    for (int n : channels) {
      const int type = CV_MAKETYPE(depth, n);
      compare(noise(5000, 3, type), {2, 1733});
      compare(noise(1201, 3, type), {5, 2003});
      compare(noise(3, 4801, type), {1733, 2});
      compare(noise(3, 4801, type), {6007, 4});
    }
}

// Whole factors have code of their own in OpenCV, for two in both directions once more.
TEST_P(Resize, ByWholeFactors) {
  for (int depth : depths)
    for (int n : channels)
      for (const cv::Size& factor :
           {cv::Size{2, 2}, {1, 2}, {2, 1}, {3, 3}, {4, 2}, {1, 7}, {49, 5}})
        for (int columns : {1, 11, 37}) {
          const cv::Size small{columns, 9};
          compare(noise(small.height * factor.height, small.width * factor.width,
                        CV_MAKETYPE(depth, n)),
                  small);
          compare(noise(small.height, small.width, CV_MAKETYPE(depth, n)),
                  {small.width * factor.width, small.height * factor.height});
        }
}

TEST_P(Resize, KeepsInfinitiesAndTheSignOfZero) {
  for (int n : channels) {
    cv::Mat in(19, 23, CV_MAKETYPE(CV_32F, n), cv::Scalar::all(-0.f));
    for (const cv::Size& to : {cv::Size{7, 5}, {23, 6}, {69, 57}, {40, 11}}) compare(in, to);
    in.col(22).setTo(cv::Scalar::all(std::numeric_limits<float>::infinity()));
    in.row(18).setTo(cv::Scalar::all(-std::numeric_limits<float>::infinity()));
    for (const cv::Size& to : {cv::Size{7, 5}, {23, 6}, {69, 57}, {40, 11}}) compare(in, to);
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, Resize,
                         testing::Values(cv::INTER_AREA, cv::INTER_LINEAR, cv::INTER_CUBIC,
                                         cv::INTER_LANCZOS4, cv::INTER_NEAREST));

TEST(Resize, ChoosesAreaToShrinkAndCubicToEnlarge) {
  const cv::Mat in = noise(40, 30, CV_8UC3);
  for (const cv::Size& to : {cv::Size{30, 20}, {11, 7}, {30, 41}, {31, 7}}) {
    const bool shrinks = to.width <= in.cols && to.height <= in.rows;
    cv::Mat expected;
    cv::resize(in, expected, to, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_CUBIC);
    EXPECT_TRUE(same_bits(resize_to(to.width, to.height)(in), expected)) << to;
  }
}

// What makes it worth to cut the output in bands.
TEST(Resize, ABandNeedsTheRowsUnderItAlone) {
  for (const char* text : {"resize scale=0.25 method=area", "resize scale=0.3 method=area",
                           "resize scale=0.3 method=linear", "resize scale=0.3 method=cubic",
                           "resize scale=0.3 method=lanczos4", "resize scale=0.3 method=nearest",
                           "resize scale=2 method=cubic", "pyrdown", "pyrup"}) {
    const Chain chain = Chain::parse(text);
    const Step& step = chain.steps()[0];
    const Shape in{1200, 900, CV_8UC3}, out = chain.output(in);
    const double factor = static_cast<double>(in.rows) / out.rows;
    for (std::size_t y = 0; y + 16 <= static_cast<std::size_t>(out.rows); y += 16) {
      const Range rows = step.operation->source_rows(step.values, {in, out}, {y, y + 16});
      EXPECT_LE(static_cast<double>(rows.size()), 16 * factor + 9) << text;
      EXPECT_GE(static_cast<double>(rows.end), static_cast<double>(y + 15) * factor) << text;
      EXPECT_LE(static_cast<double>(rows.begin), static_cast<double>(y) * factor + 1) << text;
    }
  }
}

TEST(Pyramid, OfAllSizes) {
  for (int depth : depths)
    for (int n : channels)
      for (int rows : {1, 2, 3, 4, 5, 17, 38})
        for (int columns : {1, 2, 3, 6, 29, 64, 71}) {
          const cv::Mat in = noise(rows, columns, CV_MAKETYPE(depth, n));
          cv::Mat expected;
          for (int border : {cv::BORDER_REFLECT_101, cv::BORDER_REFLECT, cv::BORDER_REPLICATE}) {
            cv::pyrDown(in, expected, {}, border);
            expect_bands(pyrdown(border), in, expected);
          }
          cv::pyrUp(in, expected);
          expect_bands(pyrup(), in, expected);
        }
}

TEST(Pyramid, HasLimits) {
  EXPECT_THROW(pyrdown(cv::BORDER_CONSTANT), InvalidArgument);
  EXPECT_THROW(pyrup().output({10, 1 << 26, CV_8UC1}), InvalidArgument);
  EXPECT_EQ(pyrup().output({10, 1 << 25, CV_8UC1}), (Shape{20, 1 << 26, CV_8UC1}));
}

}  // namespace
}  // namespace tine::image
