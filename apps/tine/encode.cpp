#include "encode.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include "exit.hpp"
#include "exr.hpp"
#include "jpeg.hpp"
#include "npy.hpp"
#include "output_bytes.hpp"
#include "row_formats.hpp"
#include "webp_profile.hpp"

namespace tine::app {

namespace {

// What a file format holds; OpenCV would squeeze the rest into it without a word.
struct Format {
  std::string_view extension;
  int choice;  // the parameter of OpenCV's encoder that we set, 0: none
  bool deep;   // 16-bit
  bool floats;
  bool alpha;
  bool colour;
  bool gray;
};
constexpr Format formats[] = {
    {".jpg", cv::IMWRITE_JPEG_QUALITY, false, false, false, true, true},
    {".jpeg", cv::IMWRITE_JPEG_QUALITY, false, false, false, true, true},
    {".png", cv::IMWRITE_PNG_COMPRESSION, true, false, true, true, true},
    {".webp", cv::IMWRITE_WEBP_QUALITY, false, false, true, true, true},
    {".tif", 0, true, true, true, true, true},
    {".tiff", 0, true, true, true, true, true},
    {".bmp", 0, false, false, true, true, true},
    {".pgm", 0, true, false, false, false, true},
    {".ppm", 0, true, false, false, true, false},
    {".pnm", 0, true, false, false, true, true},
    {".npy", 0, true, true, true, true, true},
    {".exr", 0, false, true, true, true, true},
};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// See jpeg.hpp for those that it is not for.
std::vector<std::uint8_t> encode_with_opencv(const cv::Mat& image, const Format& format,
                                             const Encoding& encoding, const Metadata& metadata) {
  // That of this format only: the encoder of WebP looks at nothing but the first.
  std::vector<int> choices;
  if (format.choice != 0)
    choices = {format.choice,
               format.choice == cv::IMWRITE_PNG_COMPRESSION ? encoding.effort : encoding.quality};
  if (format.extension.starts_with(".tif")) {
    // LZW, which is OpenCV's default but for float colours: those it would squeeze into 32 bits.
    choices = {cv::IMWRITE_TIFF_COMPRESSION, 5};
    if (const auto dpi = metadata.resolution(); encoding.metadata && dpi.x > 0 && dpi.y > 0)
      choices.insert(choices.end(), {cv::IMWRITE_TIFF_RESUNIT, 2, cv::IMWRITE_TIFF_XDPI, dpi.x,
                                     cv::IMWRITE_TIFF_YDPI, dpi.y});
  }
  std::vector<std::uint8_t> bytes;
  try {
    if (!cv::imencode(std::string(format.extension), image, bytes, choices))
      throw Failure(fmt::format("cannot be encoded as {}", format.extension));
  } catch (const cv::Exception& error) {
    throw Failure(fmt::format("cannot be encoded as {}: {}", format.extension, error.err));
  }
  return bytes;
}

std::vector<std::uint8_t> encode_npy(const cv::Mat& image) {
  const std::string header = npy_header({image.rows, image.cols, image.type()});
  std::vector<std::uint8_t> bytes(header.begin(), header.end());
  bytes.resize(header.size() + image.total() * image.elemSize());
  cv::Mat values(image.rows, image.cols, image.type(), bytes.data() + header.size());
  image.copyTo(values);
  swap_red_and_blue(values);
  to_byte_order(values, false);
  return bytes;
}

const Format* format_of(const std::string& extension) {
  const auto found =
      std::ranges::find(formats, std::string_view(lower(extension)), &Format::extension);
  return found == std::end(formats) ? nullptr : found;
}

}  // namespace

bool can_encode(const std::string& path) {
  return format_of(std::filesystem::path(path).extension().string()) != nullptr;
}

std::string lower_extension(const std::string& path) {
  return lower(std::filesystem::path(path).extension().string());
}

void check_holds(const std::string& extension, int type) {
  const Format& format = *format_of(extension);
  const auto refuse = [&](const char* what, const char* instead) {
    throw Failure(fmt::format("a {} file cannot hold {}; {} can", extension, what, instead));
  };
  const int depth = CV_MAT_DEPTH(type), channels = CV_MAT_CN(type);
  if ((depth == CV_32S || depth == CV_64F) && format.extension != ".npy")
    refuse(depth == CV_32S ? "integers of 32 bits" : "doubles", ".npy");
  if (depth != CV_32F && format.extension == ".exr") refuse("integers", ".tiff");
  if (depth == CV_32F && !format.floats) refuse("float pixels", ".tiff");
  if (depth == CV_16U && !format.deep) refuse("16-bit pixels", ".png");
  if (channels == 4 && !format.alpha) refuse("transparency", ".png");
  if (channels == 3 && !format.colour) refuse("colour", ".ppm");
  if (channels == 1 && !format.gray) refuse("gray images", ".pgm");
}

void encode_to(const cv::Mat& image, const std::string& extension, const Encoding& encoding,
               const Metadata& metadata, int descriptor) {
  check_holds(extension, image.type());
  const Format& format = *format_of(extension);
  std::vector<std::uint8_t> bytes =
      format.choice == cv::IMWRITE_JPEG_QUALITY ? encode_jpeg(image, encoding.quality)
      : format.extension == ".npy"              ? encode_npy(image)
      : format.extension == ".exr"              ? encode_exr(image)
                                   : encode_with_opencv(image, format, encoding, metadata);
  if (encoding.metadata) {
    metadata.add_to(bytes, image);
    const auto profile = metadata.profile_for(image);
    if (format.extension == ".webp" && !profile.empty()) add_webp_profile(bytes, profile);
  }

  write_bytes(descriptor, bytes.data(), bytes.size());
  sync_output(descriptor);  // here, so that workers wait for the disk side by side
}

}  // namespace tine::app
