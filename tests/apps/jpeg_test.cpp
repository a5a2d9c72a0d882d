// JPEG by the library itself: the pixels and the files are those of OpenCV, which uses it as well.
#include "jpeg.hpp"

#include <cstring>

#include <gmock/gmock.h>
#include <opencv2/imgcodecs.hpp>

#include "exit.hpp"
#include "photo.hpp"

namespace tine_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using tine::app::decode_jpeg;
using tine::app::encode_jpeg;
using Bytes = std::vector<std::uint8_t>;

bool same_bits(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() &&
         std::memcmp(a.data, b.data, a.total() * a.elemSize()) == 0;
}

Bytes encoded(const cv::Mat& image, const std::vector<int>& choices = {}) {
  Bytes bytes;
  cv::imencode(".jpg", image, bytes, choices);
  return bytes;
}

const cv::Size sizes[] = {{1, 1},  {7, 1},   {1, 9},   {8, 8},   {15, 17}, {16, 16},
                          {17, 3}, {33, 65}, {64, 48}, {97, 61}, {640, 5}, {301, 203}};

TEST(Jpeg, DecodesToTheBitsOfOpenCVAtEverySize) {
  for (const cv::Size size : sizes)
    for (const int type : {CV_8UC1, CV_8UC3})
      for (const std::vector<int>& choices : {std::vector<int>{},
                                              {cv::IMWRITE_JPEG_QUALITY, 20},
                                              {cv::IMWRITE_JPEG_PROGRESSIVE, 1},
                                              {cv::IMWRITE_JPEG_RST_INTERVAL, 1}}) {
        const Bytes file = encoded(photo(size.height, size.width, type), choices);
        std::string complaints;
        EXPECT_TRUE(same_bits(decode_jpeg(file, size, 1, complaints),
                              cv::imdecode(file, cv::IMREAD_UNCHANGED)))
            << size << ' ' << type;
        const bool gray = type == CV_8UC1;
        const std::pair<int, int> reductions[] = {
            {2, gray ? cv::IMREAD_REDUCED_GRAYSCALE_2 : cv::IMREAD_REDUCED_COLOR_2},
            {4, gray ? cv::IMREAD_REDUCED_GRAYSCALE_4 : cv::IMREAD_REDUCED_COLOR_4},
            {8, gray ? cv::IMREAD_REDUCED_GRAYSCALE_8 : cv::IMREAD_REDUCED_COLOR_8}};
        for (const auto& [reduction, flag] : reductions)
          EXPECT_TRUE(
              same_bits(decode_jpeg(file, size, reduction, complaints), cv::imdecode(file, flag)))
              << size << ' ' << type << " at 1/" << reduction;
        EXPECT_THAT(complaints, IsEmpty());
      }
}

TEST(Jpeg, EncodesToTheBytesOfOpenCV) {
  for (const cv::Size size : sizes)
    for (const int type : {CV_8UC1, CV_8UC3})
      for (const int quality : {1, 50, 95, 100}) {
        const cv::Mat image = photo(size.height, size.width, type);
        EXPECT_EQ(encode_jpeg(image, quality), encoded(image, {cv::IMWRITE_JPEG_QUALITY, quality}))
            << size << ' ' << type << ' ' << quality;
      }
  // Rows that do not lie side by side.
  const cv::Mat part = photo(40, 40)(cv::Rect(3, 5, 20, 30));
  EXPECT_EQ(encode_jpeg(part, 90), encoded(part.clone(), {cv::IMWRITE_JPEG_QUALITY, 90}));
}

TEST(Jpeg, SaysWhatIsDamaged) {
  const cv::Size size(200, 150);
  const Bytes whole = encoded(photo(size.height, size.width));
  for (const int reduction : {1, 2, 8}) {
    Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() / 2));
    std::string complaints;
    EXPECT_FALSE(decode_jpeg(cut, size, reduction, complaints).empty());
    EXPECT_THAT(complaints, HasSubstr("Premature end"));
    EXPECT_THROW(decode_jpeg(whole, {201, 150}, reduction, complaints), tine::app::Failure);
    cut.resize(30);
    EXPECT_THROW(decode_jpeg(cut, size, reduction, complaints), tine::app::Failure);
    EXPECT_THROW(decode_jpeg({}, size, reduction, complaints), tine::app::Failure);
  }
}

TEST(Jpeg, SaysWhatItCannotEncode) {
  EXPECT_THROW(encode_jpeg(cv::Mat(1, 70000, CV_8UC1, cv::Scalar(0)), 90), tine::app::Failure);
}

}  // namespace
}  // namespace tine_test
