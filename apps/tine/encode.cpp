#include "encode.hpp"

#include <errno.h>
#include <unistd.h>

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
#include "jpeg.hpp"

namespace tine::app {

namespace {

// What a file format holds; OpenCV would squeeze the rest into it without a word.
struct Format {
  std::string_view extension;
  int choice;  // the parameter of OpenCV's encoder that we set, 0: none
  bool deep;  // 16-bit
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
  if (const auto dpi = metadata.resolution();
      encoding.metadata && dpi.x > 0 && dpi.y > 0 && format.extension.starts_with(".tif"))
    choices = {cv::IMWRITE_TIFF_RESUNIT, 2, cv::IMWRITE_TIFF_XDPI, dpi.x, cv::IMWRITE_TIFF_YDPI,
               dpi.y};
  std::vector<std::uint8_t> bytes;
  try {
    if (!cv::imencode(std::string(format.extension), image, bytes, choices))
      throw Failure(fmt::format("cannot be encoded as {}", format.extension));
  } catch (const cv::Exception& error) {
    throw Failure(fmt::format("cannot be encoded as {}: {}", format.extension, error.err));
  }
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

void encode_to(const cv::Mat& image, const std::string& extension, const Encoding& encoding,
               const Metadata& metadata, int descriptor) {
  const Format& format = *format_of(extension);
  const auto refuse = [&](const char* what, const char* instead) {
    throw Failure(fmt::format("a {} file cannot hold {}; {} can", extension, what, instead));
  };
  if (image.depth() == CV_32F && !format.floats) refuse("float pixels", ".tiff");
  if (image.depth() == CV_16U && !format.deep) refuse("16-bit pixels", ".png");
  if (image.channels() == 4 && !format.alpha) refuse("transparency", ".png");
  if (image.channels() == 3 && !format.colour) refuse("colour", ".ppm");
  if (image.channels() == 1 && !format.gray) refuse("gray images", ".pgm");

  std::vector<std::uint8_t> bytes =
      format.choice == cv::IMWRITE_JPEG_QUALITY
          ? encode_jpeg(image, encoding.quality)
          : encode_with_opencv(image, format, encoding, metadata);
  if (encoding.metadata) metadata.add_to(bytes, image);

  const auto check = [](bool good) {
    if (!good) throw Failure(fmt::format("the output cannot be written: {}", strerror(errno)));
  };
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t put = write(descriptor, bytes.data() + done, bytes.size() - done);
    check(put > 0 || errno == EINTR);
    if (put > 0) done += static_cast<std::size_t>(put);
  }
  // Here, so that workers wait for the disk side by side.
  check(fsync(descriptor) == 0);
}

}  // namespace tine::app
