// tine image with chains that begin by shrinking JPEGs, which the decoder then does in part.
#include <cmath>

#include <exiv2/exiv2.hpp>
#include <opencv2/imgproc.hpp>

#include "image_command.hpp"

namespace tine_test {
namespace {

using testing::HasSubstr;

class ShrinkCommand : public ImageCommand {
 protected:
  // A picture without noise and edges: what is left of it when it is small can be compared.
  static cv::Mat smooth(int rows, int columns) {
    cv::Mat image(rows, columns, CV_8UC3);
    for (int y = 0; y < rows; ++y)
      for (int x = 0; x < columns; ++x) {
        const double wave = 128 + 60 * std::sin(x / 20.0) + 40 * std::cos(y / 15.0);
        image.at<cv::Vec3b>(y, x) = cv::Vec3b(cv::saturate_cast<std::uint8_t>(wave),
                                              cv::saturate_cast<std::uint8_t>(255 - wave),
                                              cv::saturate_cast<std::uint8_t>(wave / 2));
      }
    cv::GaussianBlur(image, image, {}, 3);
    return image;
  }
  cv::Mat shrunk(const std::string& chain, const std::string& input, const char* mode) {
    const Result r =
        run({"image", chain, input, "-o", "out.png", "--force", "--shrink-on-load", mode});
    EXPECT_EQ(r.status, 0) << r.err;
    return read("out.png");
  }
};

TEST_F(ShrinkCommand, TheSizeIsExactAndThePixelsAreNear) {
  // One of them goes over all workers.
  const cv::Size sizes[] = {{301, 203}, {99, 7}, {1201, 1003}};
  const char* const chains[] = {"resize 0.5",        "resize 0.25",
                                "resize 0.3",        "resize width=40",
                                "resize height=25",  "resize width=20 height=5",
                                "resize 0.7",        "resize 2",
                                "resize 0.1 | gray", "resize 0.5 | sharpen"};
  for (const cv::Size size : sizes) {
    write("a.jpg", smooth(size.height, size.width));
    for (const char* chain : chains) {
      const cv::Mat exact = shrunk(chain, "a.jpg", "never"), quick = shrunk(chain, "a.jpg", "auto");
      ASSERT_EQ(quick.size(), exact.size()) << size << ' ' << chain;
      ASSERT_EQ(quick.type(), exact.type());
      EXPECT_LE(cv::norm(quick, exact, cv::NORM_L1) / double(exact.total() * exact.elemSize()), 4)
          << size << ' ' << chain;
    }
  }
}

TEST_F(ShrinkCommand, NeverMeansTheBitsOfFullDecoding) {
  write("a.jpg", photo(202, 301));
  cv::Mat expected;
  cv::resize(read("a.jpg"), expected, {150, 101}, 0, 0, cv::INTER_AREA);
  EXPECT_EQ(cv::norm(shrunk("resize 0.5", "a.jpg", "never"), expected, cv::NORM_INF), 0);
  EXPECT_NE(cv::norm(shrunk("resize 0.5", "a.jpg", "auto"), expected, cv::NORM_INF), 0);
  // So does --verify.
  const Result r = run({"image", "resize 0.5", "a.jpg", "-o", "b.png", "--verify"});
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(cv::norm(read("b.png"), expected, cv::NORM_INF), 0);
  EXPECT_EQ(run({"image", "resize 0.5", "a.jpg", "-o", "c.png", "--shrink-on-load", "2"}).status,
            2);
}

TEST_F(ShrinkCommand, OnlyAtTheBeginningOfTheChain) {
  write("a.jpg", photo(203, 301));
  for (const char* chain : {"gaussian 1 | resize 0.5", "resize 0.6", "crop x=1 | resize 0.2"})
    EXPECT_EQ(
        cv::norm(shrunk(chain, "a.jpg", "auto"), shrunk(chain, "a.jpg", "never"), cv::NORM_INF), 0)
        << chain;
}

TEST_F(ShrinkCommand, ImagesOnTheirSideHaveTheirOwnWidth) {
  write("a.jpg", smooth(200, 301));
  {
    const auto file = Exiv2::ImageFactory::open(path("a.jpg").string());
    file->readMetadata();
    file->exifData()["Exif.Image.Orientation"] = std::uint16_t{6};
    file->writeMetadata();
  }
  const cv::Mat quick = shrunk("resize width=50", "a.jpg", "auto");
  EXPECT_EQ(quick.size(), cv::Size(50, 75));
  EXPECT_LE(cv::norm(quick, shrunk("resize width=50", "a.jpg", "never"), cv::NORM_L1) /
                double(quick.total() * 3),
            2);
}

TEST_F(ShrinkCommand, DamageIsSeenAllTheSame) {
  write("in/a.jpg", photo(300, 300));
  write("in/cut.jpg", photo(300, 300));
  truncate("in/cut.jpg", 0.6);
  const std::string whole = text_of(path("in/a.jpg"));  // data is missing in its middle
  write_text(path("in/damaged.jpg"), whole.substr(0, whole.size() / 2) + "\xff\xd9");
  const Result r = run({"image", "resize 0.25", "in", "-o", "out"});
  EXPECT_EQ(r.status, 1);
  EXPECT_THAT(r.err, HasSubstr("in/cut.jpg: truncated"));
  EXPECT_THAT(r.err, HasSubstr("in/damaged.jpg: is damaged"));
  EXPECT_THAT(files_in("out"), testing::ElementsAre("a.jpg"));
}

TEST_F(ShrinkCommand, ResumeRedoesAllWhenItChanges) {
  write("in/a.jpg", photo(80, 80));
  const auto done = [&](const char* mode) {
    const Result r =
        run({"image", "resize 0.5", "in", "-o", "out", "--resume", "--shrink-on-load", mode});
    EXPECT_EQ(r.status, 0) << r.err;
    return !r.out.empty();
  };
  EXPECT_TRUE(done("auto"));
  EXPECT_FALSE(done("auto"));
  EXPECT_TRUE(done("never"));
  EXPECT_FALSE(done("never"));
}

}  // namespace
}  // namespace tine_test
