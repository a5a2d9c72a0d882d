// What image files say beside their pixels stays with the image.
#include <exiv2/exiv2.hpp>

#include "image_command.hpp"

namespace tine_test {
namespace {

using testing::HasSubstr;

class MetadataCommand : public ImageCommand {
 protected:
  auto open(const std::string& name) const {
    auto file = Exiv2::ImageFactory::open(path(name).string());
    file->readMetadata();
    return file;
  }
  void set_orientation(const std::string& name, int orientation) const {
    const auto file = open(name);
    file->exifData()["Exif.Image.Orientation"] = static_cast<std::uint16_t>(orientation);
    file->writeMetadata();
  }
  std::string exif(const std::string& name, const char* key) const {
    const auto file = open(name);
    const auto datum = file->exifData().findKey(Exiv2::ExifKey(key));
    return datum == file->exifData().end() ? "none" : datum->toString();
  }
  void expect_done(const std::vector<std::string>& arguments) {
    const Result r = run(arguments);
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(r.err, "");
  }
};

// The corner that is at the top left of the upright image is at these places in the stored one.
TEST_F(MetadataCommand, ImagesStandUprightWhateverTheirOrientation) {
  const cv::Mat upright = photo(24, 40);
  for (const char* extension : {"jpg", "png", "tif", "webp"})
    for (int orientation = 1; orientation <= 8; ++orientation) {
      cv::Mat stored;  // what a camera held that way would have written
      switch (orientation) {
        case 1: stored = upright.clone(); break;
        case 2: cv::flip(upright, stored, 1); break;
        case 3: cv::flip(upright, stored, -1); break;
        case 4: cv::flip(upright, stored, 0); break;
        case 5: cv::transpose(upright, stored); break;
        case 6: cv::rotate(upright, stored, cv::ROTATE_90_COUNTERCLOCKWISE); break;
        case 7: cv::rotate(upright, stored, cv::ROTATE_180); cv::transpose(stored, stored); break;
        case 8: cv::rotate(upright, stored, cv::ROTATE_90_CLOCKWISE); break;
      }
      SCOPED_TRACE(testing::Message() << extension << ", orientation " << orientation);
      const std::string in = std::string("in.") + extension;
      fs::remove(path(in));
      if (extension == std::string("webp")) {
        ASSERT_TRUE(cv::imwrite(path(in).string(), stored, {cv::IMWRITE_WEBP_QUALITY, 101}));
      } else {
        ASSERT_TRUE(cv::imwrite(path(in).string(), stored, {cv::IMWRITE_JPEG_QUALITY, 100}));
      }
      set_orientation(in, orientation);
      expect_done({"image", "crop", in, "-o", "out.png", "--force"});
      const cv::Mat out = read("out.png");
      ASSERT_EQ(out.size(), upright.size());
      EXPECT_LE(cv::norm(out, upright, cv::NORM_INF), extension == std::string("jpg") ? 60 : 0);
      EXPECT_LE(cv::norm(out, upright, cv::NORM_L1) / double(out.total() * 3), 6);
      EXPECT_EQ(exif("out.png", "Exif.Image.Orientation"), "1");
    }
}

TEST_F(MetadataCommand, ExifIptcXmpAndTheProfileAreKept) {
  // A small one, and one that is done in bands.
  for (const auto& [rows, columns] : {std::pair{60, 80}, std::pair{1100, 1000}}) {
    write("a.jpg", photo(rows, columns));
    std::vector<std::uint8_t> profile(200, 7);
    std::memcpy(&profile[0], "\0\0\0\xc8", 4);  // its size
    std::memcpy(&profile[16], "RGB ", 4);
    {
      const auto file = open("a.jpg");
      file->exifData()["Exif.Image.Make"] = "Acme";
      file->exifData()["Exif.Photo.PixelXDimension"] = std::uint32_t(columns);
      file->iptcData()["Iptc.Application2.City"] = "Basel";
      file->xmpData()["Xmp.dc.source"] = "a drawer";
      Exiv2::DataBuf bytes(profile.data(), static_cast<long>(profile.size()));
      file->setIccProfile(bytes, false);
      file->writeMetadata();
    }
    expect_done({"image", "resize 0.5", "a.jpg", "-o", "b.jpg", "--force"});
    const auto b = open("b.jpg");
    EXPECT_EQ(exif("b.jpg", "Exif.Image.Make"), "Acme");
    EXPECT_EQ(exif("b.jpg", "Exif.Photo.PixelXDimension"), std::to_string(columns / 2));
    EXPECT_EQ(b->iptcData()["Iptc.Application2.City"].toString(), "Basel");
    EXPECT_EQ(b->xmpData()["Xmp.dc.source"].toString(), "a drawer");
    ASSERT_TRUE(b->iccProfileDefined());
    EXPECT_EQ(b->iccProfile()->size_, 200);

    for (const char* other : {"b.png", "b.tif", "b.webp"}) {
      expect_done({"image", "resize 0.5", "a.jpg", "-o", other, "--force"});
      ASSERT_TRUE(open(other)->iccProfileDefined()) << other;
      EXPECT_EQ(open(other)->iccProfile()->size_, 200) << other;
      EXPECT_FALSE(cv::imread(path(other).string()).empty()) << other;
      EXPECT_EQ(exif(other, "Exif.Image.Make"), "Acme") << other;
    }
    expect_done({"image", "gray", "a.jpg", "-o", "c.jpg", "--force"});
    EXPECT_FALSE(open("c.jpg")->iccProfileDefined()) << "a profile for colours in a gray image";
    EXPECT_EQ(exif("c.jpg", "Exif.Image.Make"), "Acme");

    expect_done({"image", "gray", "a.jpg", "-o", "d.jpg", "--force", "--no-metadata"});
    EXPECT_TRUE(open("d.jpg")->exifData().empty());
    EXPECT_TRUE(open("d.jpg")->xmpData().empty());
  }
}

TEST_F(MetadataCommand, TheResolutionIsKeptWhoeverSaysIt) {
  write("jfif.jpg", photo(30, 30));
  std::string text = text_of(path("jfif.jpg"));
  ASSERT_EQ(text.substr(6, 4), "JFIF");
  text.replace(13, 5, std::string("\x01\x01\x2c\x00\x96", 5));  // 300 x 150 per inch
  write_text(path("jfif.jpg"), text);
  expect_done({"image", "invert", "jfif.jpg", "-o", "b.tif"});
  EXPECT_EQ(exif("b.tif", "Exif.Image.XResolution"), "300/1");
  EXPECT_EQ(exif("b.tif", "Exif.Image.YResolution"), "150/1");
  EXPECT_EQ(exif("b.tif", "Exif.Image.ResolutionUnit"), "2");

  // 11,811 per metre, in a chunk of its own behind the header; OpenCV does not look at its checksum.
  write("phys.png", photo(30, 30));
  text = text_of(path("phys.png"));
  text.insert(33, std::string("\0\0\0\x09pHYs\0\0\x2e\x23\0\0\x2e\x23\x01\x78\xa5\x3f\x76", 21));
  write_text(path("phys.png"), text);
  expect_done({"image", "invert", "phys.png", "-o", "c.jpg"});
  EXPECT_EQ(exif("c.jpg", "Exif.Image.XResolution"), "30000/100");
}

TEST_F(MetadataCommand, PixelsOfATiffAreStoredAsTheEncoderDoes) {
  cv::Mat floats(40, 50, CV_32FC1, cv::Scalar(0.25));
  write("a.tif", floats);
  {
    const auto file = open("a.tif");
    file->exifData()["Exif.Image.Artist"] = "somebody";
    file->writeMetadata();
  }
  expect_done({"image", "invert", "a.tif", "-o", "b.tif"});
  EXPECT_EQ(read("b.tif").type(), CV_32FC1);
  EXPECT_EQ(read("b.tif").at<float>(3, 4), 0.75f);
  EXPECT_EQ(exif("b.tif", "Exif.Image.Artist"), "somebody");
  write("c.tif", photo(40, 50, CV_8UC3));
  {
    const auto file = open("c.tif");
    file->exifData()["Exif.Image.Artist"] = "somebody";
    file->writeMetadata();
  }
  expect_done({"image", "resize 0.5", "c.tif", "-o", "d.jpg"});
  EXPECT_EQ(exif("d.jpg", "Exif.Image.Artist"), "somebody");
  EXPECT_EQ(exif("d.jpg", "Exif.Image.StripOffsets"), "none");
}

TEST_F(MetadataCommand, BrokenMetadataCostsNothing) {
  write("a.jpg", photo(30, 30));
  set_orientation("a.jpg", 6);
  std::string text = text_of(path("a.jpg"));
  const auto begin = text.find("Exif");
  for (std::size_t i = begin + 6; i < begin + 30; ++i) text[i] = static_cast<char>(0xfe);
  write_text(path("a.jpg"), text);
  expect_done({"image", "invert", "a.jpg", "-o", "b.jpg"});
  EXPECT_EQ(read("b.jpg").size(), cv::Size(30, 30));
}

}  // namespace
}  // namespace tine_test
