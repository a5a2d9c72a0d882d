// Chains from text, and what is said about texts that are none.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/image/filters.hpp>

namespace tine::image {
namespace {

std::string error_of(const std::string& text) {
  try {
    Chain::parse(text);
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "";
}

TEST(Parse, IsTheComposition) {
  EXPECT_EQ((gaussian(2) | sobel() | threshold(otsu)).to_string(),
            "gaussian sigma=2 | sobel | threshold otsu");
  EXPECT_EQ(Chain::parse("gaussian sigma=2|sobel |threshold   otsu").to_string(),
            "gaussian sigma=2 | sobel | threshold otsu");
  EXPECT_EQ(Chain::parse(" bilateral 5 sigma_space=2.5 ").to_string(),
            "bilateral d=5 sigma_space=2.5");
  EXPECT_EQ(Chain::parse("threshold 12.5").to_string(), "threshold value=12.5");
  EXPECT_EQ(resize(0.5).to_string(), "resize scale=0.5");
  EXPECT_EQ(resize_to(640, 0).to_string(), "resize width=640");
}

TEST(Chain, HasParts) {
  const std::string text =
      "resize scale=0.5 | filter2d kernel weights=0,-1,0,-1,5,-1,0,-1,0 | threshold otsu";
  const Chain chain = Chain::parse(text);
  EXPECT_EQ(chain.part(1).to_string(),
            "filter2d kernel weights=0,-1,0,-1,5,-1,0,-1,0 | threshold otsu");
  EXPECT_EQ((chain.part(0, 2) | chain.part(2)).to_string(), text);
  EXPECT_EQ(chain.part(3).to_string(), "");
  EXPECT_EQ(chain.part(2, 9).to_string(), "threshold otsu");
}

TEST(Parse, ReadsWhatItWrites) {
  for (const char* text : {"gaussian sigma=0.1", "box size=7", "median size=9", "nlmeans h=3.25",
                           "invert", "sharpen amount=0", "erode | dilate size=5", "gray | equalize",
                           "resize scale=0.333 | laplacian"})
    EXPECT_EQ(Chain::parse(text).to_string(), text);
}

TEST(Parse, NamesTheNearestName) {
  EXPECT_EQ(error_of("gausian sigma=2"),
            "there is no operation \"gausian\"; did you mean \"gaussian\"?");
  EXPECT_EQ(error_of("sobel | treshold 3"),
            "there is no operation \"treshold\"; did you mean \"threshold\"?");
  EXPECT_EQ(error_of("gaussian sgima=2"),
            "gaussian has no parameter \"sgima\"; did you mean \"sigma\"?");
  EXPECT_EQ(error_of("threshold ostu"),
            "there is no operation \"threshold ostu\"; did you mean \"threshold otsu\"?");
  EXPECT_THAT(error_of("xyzzy"), testing::HasSubstr("there are: affine, bilateral, "));
  EXPECT_EQ(error_of("bilateral diameter_in_pixels=2"),
            "bilateral has no parameter \"diameter_in_pixels\"; it has: d, sigma_color, "
            "sigma_space, border");
}

TEST(Parse, SaysTheRange) {
  EXPECT_EQ(error_of("gaussian sigma=200"),
            "gaussian: sigma=200 is out of range; it goes from 0.1 to 100 pixels");
  EXPECT_THAT(error_of("gaussian -1"), testing::HasSubstr("goes from 0.1 to 100"));
  EXPECT_THAT(error_of("median 4"), testing::HasSubstr("not odd"));
  EXPECT_THAT(error_of("bilateral 2.5"), testing::HasSubstr("not a whole number"));
  EXPECT_THROW(gaussian(0), InvalidArgument);
  EXPECT_THROW(median(1), InvalidArgument);
}

TEST(Parse, TakesWordsForChoices) {
  EXPECT_EQ(Chain::parse("gaussian 2 replicate").to_string(), "gaussian sigma=2 border=replicate");
  EXPECT_EQ(Chain::parse("erode border=ignore shape=cross").to_string(), "erode shape=cross");
  EXPECT_EQ(gaussian(2, cv::BORDER_REPLICATE).to_string(), "gaussian sigma=2 border=replicate");
  EXPECT_THROW(gaussian(2, cv::BORDER_WRAP), InvalidArgument);
  EXPECT_THROW(crop(5, 0, 6, 0).output({10, 10}), InvalidArgument);
}

TEST(Parse, RefusesToResizeBeyondWhatFits) {
  const Chain larger = Chain::parse("resize scale=32 | resize scale=32 | resize scale=32");
  EXPECT_EQ(larger.output({100, 200}), (Shape{3276800, 6553600}));
  EXPECT_THROW((larger | resize(32)).output({100, 200}), InvalidArgument);
  EXPECT_THROW(resize_to(65500, 0).output({65500, 1}), InvalidArgument);
}

TEST(Parse, SaysWhatIsWrong) {
  EXPECT_THAT(error_of(""), testing::HasSubstr("empty"));
  EXPECT_THAT(error_of("  \t"), testing::HasSubstr("empty"));
  EXPECT_THAT(error_of("sobel |"), testing::HasSubstr("missing"));
  EXPECT_THAT(error_of("| sobel"), testing::HasSubstr("missing"));
  EXPECT_THAT(error_of("gray 3"), testing::HasSubstr("takes no parameters"));
  EXPECT_THAT(error_of("gray size=3"), testing::HasSubstr("takes no parameters"));
  EXPECT_THAT(error_of("median 3 2"), testing::HasSubstr("no parameter left"));
  EXPECT_THAT(error_of("gaussian 1 2"), testing::HasSubstr("border cannot be \"2\""));
  EXPECT_THAT(error_of("gaussian border=repicate"), testing::HasSubstr("mean \"replicate\"?"));
  EXPECT_THAT(error_of("gaussian border=none"), testing::HasSubstr("one of: reflect101, "));
  EXPECT_THAT(error_of("levels 7 7"), testing::HasSubstr("must differ"));
  EXPECT_THAT(error_of("gaussian sigma=1 sigma=2"), testing::HasSubstr("twice"));
  EXPECT_THAT(error_of("gaussian 1 sigma=2"), testing::HasSubstr("twice"));
  EXPECT_THAT(error_of("gaussian sigma=two"), testing::HasSubstr("\"two\" is not a number"));
  EXPECT_THAT(error_of("gaussian sigma="), testing::HasSubstr("not a number"));
  EXPECT_THAT(error_of("gaussian nan"), testing::HasSubstr("not a number"));
  EXPECT_THAT(error_of("gaussian strong"), testing::HasSubstr("\"strong\" is not a number"));
  EXPECT_THAT(error_of("resize"), testing::HasSubstr("needs either a scale"));
  EXPECT_THAT(error_of("resize scale=2 width=5"), testing::HasSubstr("needs either a scale"));
}

TEST(Parse, ListsOfNumbers) {
  EXPECT_EQ(Chain::parse("filter2d kernel 0,-1,0,-1,5,-1,0,-1,.5 2").to_string(),
            "filter2d kernel weights=0,-1,0,-1,5,-1,0,-1,0.5 offset=2");
  const auto refusal = [](const std::string& text) -> std::string {
    try {
      Chain::parse(text);
    } catch (const InvalidArgument& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refusal("filter2d kernel weights=1,x,1"), testing::HasSubstr("no list of numbers"));
  EXPECT_THAT(refusal("filter2d kernel weights=1,,1"), testing::HasSubstr("no list of numbers"));
  EXPECT_THAT(refusal("filter2d kernel weights=1,2,3,4"), testing::HasSubstr("make no square"));
  EXPECT_THAT(refusal("filter2d kernel weights=1e9"), testing::HasSubstr("out of range"));
  std::string many = "filter2d kernel weights=1";
  for (int i = 1; i < 33 * 33; ++i) many += ",1";
  EXPECT_THAT(refusal(many), testing::HasSubstr("at most 961 numbers"));
}

TEST(Parse, SaysWhichImagesAreTaken) {
  const auto refusal = [](const Chain& chain, int type) -> std::string {
    try {
      chain.output({10, 10, type});
    } catch (const InvalidArgument& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(
      refusal(threshold(otsu), CV_8UC3),
      "threshold otsu takes 8-bit or 16-bit images with 1 channel; here it gets one that is 8-bit "
      "with 3 channels (put gray before it)");
  EXPECT_THAT(refusal(fast(), CV_16UC1), testing::HasSubstr("takes 8-bit images"));
  EXPECT_EQ(refusal(median(7), CV_16UC1), "");
  EXPECT_THAT(refusal(gaussian(1), CV_8SC1), testing::HasSubstr("another type"));
  EXPECT_THAT(refusal(components() | gray(), CV_8UC1), testing::HasSubstr("is 32-bit with 1"));
  EXPECT_THAT(refusal(integral() | gray(), CV_16UC3), testing::HasSubstr("is double with 3"));
  EXPECT_THAT(refusal(nlmeans(7), CV_32FC1), testing::HasSubstr("takes 8-bit or 16-bit images"));
  EXPECT_EQ(refusal(nlmeans(7), CV_16UC1), "");
  EXPECT_THAT(refusal(gaussian(1), CV_8UC2), testing::HasSubstr("2 channels"));
}

}  // namespace
}  // namespace tine::image
