// Operations that take a second image: remap and match against OpenCV's, how they get it, and how they are
// written.
#include <string>

#include <gmock/gmock.h>
#include <opencv2/imgproc.hpp>

#include <tine/image/filters.hpp>
#include <tine/image/stream.hpp>

#include "image_test.hpp"

namespace tine::image {
namespace {

using testing::HasSubstr;

template <class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "";
}

cv::Mat maps(int rows, int columns, float low, const cv::Size& high) {
  cv::Mat both(rows, columns, CV_32FC2);
  cv::RNG random(3);
  random.fill(both, cv::RNG::UNIFORM, cv::Scalar(low, low), cv::Scalar(high.width, high.height));
  return both;
}

class SecondImage : public testing::TestWithParam<unsigned> {};

TEST_P(SecondImage, RemapIsOpenCvs) {
  Pool pool({.workers = GetParam()});
  const int sizes[][2] = {{1, 1}, {1, 9}, {9, 1}, {61, 47}, {211, 133}};
  for (const auto& [rows, columns] : sizes)
    for (int type : {CV_8UC1, CV_8UC3, CV_16UC4, CV_32FC3}) {
      const cv::Mat in = picture(53, 71, type), both = maps(rows, columns, -9, {80, 62});
      cv::Mat x_and_y[2], colour;
      cv::split(both, x_and_y);
      cv::merge(std::vector{cv::Mat(both.size(), CV_32F, cv::Scalar(3)), x_and_y[1], x_and_y[0]},
                colour);
      for (int how : {cv::INTER_NEAREST, cv::INTER_LINEAR, cv::INTER_CUBIC, cv::INTER_LANCZOS4})
        for (int border : {cv::BORDER_CONSTANT, cv::BORDER_REPLICATE, cv::BORDER_REFLECT,
                           cv::BORDER_REFLECT_101, cv::BORDER_WRAP}) {
          cv::Mat out, expected;
          const Report report = remap(both, how, border)(pool, in, out, {.band_rows = 7});
          EXPECT_EQ(report.done, report.slices);
          cv::remap(in, expected, x_and_y[0], x_and_y[1], how, border);
          EXPECT_TRUE(same_bits(out, expected)) << how << ' ' << border;
          remap(colour, how, border)(pool, in, out);
          EXPECT_TRUE(same_bits(out, expected)) << how << ' ' << border << " from colours";
        }
    }
}

TEST_P(SecondImage, MatchIsOpenCvs) {
  Pool pool({.workers = GetParam()});
  for (int type : {CV_8UC1, CV_8UC3, CV_8UC4, CV_32FC1}) {
    const cv::Mat in = picture(611, 207, type);
    for (const cv::Rect& place : {cv::Rect(0, 0, 1, 1), cv::Rect(33, 400, 41, 37),
                                  cv::Rect(100, 590, 107, 21), cv::Rect(0, 0, 207, 611)}) {
      const cv::Mat pattern = in(place).clone();
      for (int method = cv::TM_SQDIFF; method <= cv::TM_CCOEFF_NORMED; ++method) {
        if (place.area() == 1 && method >= cv::TM_CCOEFF) continue;  // of no variance: noise
        cv::Mat out, expected;
        match(pattern, method)(pool, in, out);
        cv::matchTemplate(in, pattern, expected, method);
        ASSERT_EQ(out.size(), expected.size());
        const double scale = std::max(1.0, cv::norm(expected, cv::NORM_INF));
        EXPECT_LE(cv::norm(out, expected, cv::NORM_INF), 1e-4 * scale) << method << ' ' << place;
        if (method != cv::TM_CCOEFF_NORMED && method != cv::TM_SQDIFF_NORMED) continue;
        if (place.area() == 1) continue;
        const Table best = match(pattern, method).list(pool, in);
        EXPECT_THAT(best.names, testing::ElementsAre("x", "y", "value"));
        ASSERT_EQ(best.values.rows, 1);
        EXPECT_EQ(cv::Point(int(best.values(0, 0)), int(best.values(0, 1))), place.tl());
        EXPECT_NEAR(best.values(0, 2), method == cv::TM_CCOEFF_NORMED ? 1 : 0, 1e-4);
      }
    }
  }
}

TEST_P(SecondImage, FusesWithWhatIsAround) {
  Pool pool({.workers = GetParam()});
  const cv::Mat in = picture(300, 211, CV_8UC3);
  const cv::Mat pattern = picture(20, 17, CV_8UC1);
  const Chain chain = gaussian(1.5) | remap(maps(250, 190, 0, {211, 300})) | gray() | box(5) |
                      match(pattern) | threshold(0.1);
  cv::Mat out;
  chain(pool, in, out, {.band_rows = 11});
  EXPECT_EQ(out.size(), cv::Size(190 - 16, 250 - 19));
  EXPECT_TRUE(same_bits(out, chain.reference(in)));
  EXPECT_TRUE(same_bits(chain(in), chain.reference(in)));
}

INSTANTIATE_TEST_SUITE_P(All, SecondImage, testing::Values(1u, 2u, 3u, 7u));

TEST(SecondImage, MatchHasTheSameBitsOnAnyNumberOfWorkers) {
  const cv::Mat in = picture(700, 300, CV_8UC3), pattern = in(cv::Rect(50, 60, 31, 33)).clone();
  cv::Mat first;
  for (unsigned workers : {1u, 2u, 3u, 7u}) {
    Pool pool({.workers = workers});
    cv::Mat out;
    match(pattern)(pool, in, out, {.band_rows = int(workers * 10)});
    if (first.empty()) first = out;
    EXPECT_TRUE(same_bits(out, first)) << workers;
  }
}

TEST(SecondImage, WhatDoesNotFitIsRefused) {
  Pool pool({.workers = 1});
  const cv::Mat image = picture(20, 30, CV_8UC1);
  cv::Mat out;
  EXPECT_THAT(error_of([&] { remap(image); }), HasSubstr("float with 2 channels"));
  EXPECT_THAT(error_of([&] { remap(cv::Mat()); }), HasSubstr("no pixels"));
  EXPECT_THAT(error_of([&] { remap(cv::Mat(1, 40000, CV_32FC2)); }), HasSubstr("40000"));
  EXPECT_THAT(error_of([&] { match(picture(9, 9, CV_16UC1)); }), HasSubstr("8-bit or float"));
  EXPECT_THAT(error_of([&] { match(cv::Mat()); }), HasSubstr("no pixels"));
  EXPECT_THAT(
      error_of([&] { match(picture(21, 3, CV_8UC1))(pool, image, out); }),
      HasSubstr("match: the template of 3 x 21 pixels is larger than the image of 30 x 20"));
  EXPECT_THAT(
      error_of([&] { match(picture(3, 3, CV_8UC3))(pool, image, out); }),
      HasSubstr("match takes 8-bit images with 3 channels, as its second one is; here it gets "
                "one that is 8-bit with 1 channel"));
}

TEST(SecondImage, InPlace) {
  Pool pool({.workers = 2});
  cv::Mat image = picture(60, 50, CV_8UC3), expected;
  const cv::Mat both = maps(60, 50, 0, {50, 60});
  cv::remap(image, expected, both, cv::noArray(), cv::INTER_LINEAR);
  remap(both)(pool, image, image);
  EXPECT_TRUE(same_bits(image, expected));
}

TEST(SecondImage, ComesFromTheFileThatTheTextNames) {
  const std::string text =
      "gray | match template=\"my | part=1.png\" method=sqdiff | remap maps=m.npy";
  const Chain chain = Chain::parse(text);
  EXPECT_EQ(chain.to_string(), text);
  EXPECT_EQ(Chain::parse("match \"a.png\"").to_string(), "match template=a.png");
  EXPECT_EQ(Chain::parse("match a.png ccorr").to_string(), "match template=a.png method=ccorr");
  EXPECT_EQ(chain.steps()[1].file, "my | part=1.png");
  EXPECT_THAT(error_of([&] {
                chain.output({90, 90, CV_8UC3});
              }),
              HasSubstr("match: its second image has not been loaded: my | part=1.png"));
  std::vector<std::string> asked;
  const Chain loaded = chain.with_operands([&](const Step& step) -> cv::Mat {
    asked.push_back(step.file);
    return step.operation->name == "match" ? picture(5, 7, CV_8UC1) : maps(8, 9, 0, {5, 5});
  });
  EXPECT_THAT(asked, testing::ElementsAre("my | part=1.png", "m.npy"));
  EXPECT_EQ(loaded.to_string(), text);
  EXPECT_EQ(loaded.output({90, 90, CV_8UC3}), (Shape{8, 9, CV_32FC1}));
}

TEST(SecondImage, TextsThatNameNone) {
  const auto of = [](const char* text) { return error_of([&] { Chain::parse(text); }); };
  EXPECT_THAT(of("match"), HasSubstr("match needs a file: template=NAME.png"));
  EXPECT_THAT(of("match method=sqdiff"), HasSubstr("match needs a file"));
  EXPECT_THAT(of("match template="), HasSubstr("is no file name"));
  EXPECT_THAT(of("match template=\"\""), HasSubstr("is no file name"));
  EXPECT_THAT(of("match template=a\"b\".png"), HasSubstr("is no file name"));
  EXPECT_THAT(of("match template=\"a.png | gray"), HasSubstr("a quote is not closed"));
  EXPECT_THAT(of("match a.png template=b.png"), HasSubstr("template is given twice"));
  EXPECT_THAT(of("remap maps=a.npy border=wrapp"), HasSubstr("did you mean \"wrap\"?"));
}

TEST(Lists, OnlyOfOperationsThatFindSomething) {
  Pool pool({.workers = 1});
  const cv::Mat image = picture(90, 90, CV_8UC1);
  EXPECT_FALSE(gaussian(1).lists());
  EXPECT_FALSE(Chain().lists());
  EXPECT_TRUE((gaussian(1) | match(image)).lists());
  EXPECT_FALSE((match(image) | gaussian(1)).lists());
  EXPECT_THAT(error_of([&] { gaussian(1).list(image); }), HasSubstr("makes an image, not a list"));
  EXPECT_THAT(error_of([&] { gaussian(1).list(pool, image); }), HasSubstr("not a list"));
  EXPECT_EQ(Chain::parse("orb").list(pool, cv::Mat(0, 5, CV_8UC1)).values.rows, 0);
}

// The records of one are not those of the next.
TEST(Lists, OperationsInPhasesFollowEachOther) {
  Pool pool({.workers = 2});
  for (const char* text : {"gray | canny | histogram", "orb | histogram", "clahe | orb | canny"}) {
    const Chain chain = Chain::parse(text);
    const cv::Mat image = picture(150, 120, chain.steps().size() < 3 ? CV_8UC3 : CV_8UC1);
    cv::Mat out;
    chain(pool, image, out);
    EXPECT_TRUE(same_bits(out, chain.reference(image))) << text;
    EXPECT_TRUE(same_bits(chain(image), chain.reference(image))) << text;
  }
}

TEST(Lists, AreOfWhatTheStepsBeforeMake) {
  const Chain before = Chain::parse("resize 0.5 | gaussian 1"), last = Chain::parse("histogram");
  const cv::Mat image = picture(400, 333, CV_8UC3);
  const Table expected = last.list(before(image));
  EXPECT_THAT(expected.names, testing::ElementsAre("level", "red", "green", "blue"));
  for (unsigned workers : {1u, 2u, 3u, 7u}) {
    Pool pool({.workers = workers});
    Progress progress;
    Report report;
    const Table got = (before | last)
                          .list(pool.with({.progress = [&](const Progress& p) { progress = p; },
                                           .report = &report}),
                                image);
    EXPECT_TRUE(same_bits(got.values, expected.values));
    EXPECT_EQ(progress.done, progress.slices);
    EXPECT_EQ(report.done, progress.slices);
  }
}

}  // namespace
}  // namespace tine::image
