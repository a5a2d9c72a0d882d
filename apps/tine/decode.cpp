#include "decode.hpp"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>

#include "descriptor.hpp"
#include "exit.hpp"
#include "exr.hpp"
#include "jpeg.hpp"
#include "npy.hpp"
#include "row_formats.hpp"
#include "sniff.hpp"

namespace tine::app {

namespace {

// read() rather than mmap: a file that shrinks meanwhile would be a SIGBUS.
std::vector<std::uint8_t> read_all(int file) {
  struct stat about;
  if (fstat(file, &about) != 0) throw Failure(fmt::format("cannot be read: {}", strerror(errno)));
  if (about.st_size >= INT32_MAX) throw Failure("is larger than 2 GiB");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(about.st_size));
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = read(file, bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Failure(fmt::format("cannot be read: {}", strerror(errno)));
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

// What libraries print to stderr while this lives: from behind OpenCV they have no other way to say
// that the data is damaged.
class StderrCatcher {
 public:
  StderrCatcher() : memory_{memfd_create("stderr", MFD_CLOEXEC)}, saved_{dup(STDERR_FILENO)} {
    if (memory_ && saved_) dup2(memory_.get(), STDERR_FILENO);
  }
  ~StderrCatcher() { stop(); }
  StderrCatcher(const StderrCatcher&) = delete;
  StderrCatcher& operator=(const StderrCatcher&) = delete;

  std::string stop() {
    if (!memory_ || !saved_ || stopped_) return {};
    stopped_ = true;
    dup2(saved_.get(), STDERR_FILENO);
    char text[400];
    const ssize_t got = pread(memory_.get(), text, sizeof text, 0);
    return {text, got > 0 ? static_cast<std::size_t>(got) : 0};
  }

 private:
  Descriptor memory_, saved_;
  bool stopped_ = false;
};

// The line of a text that this place is in.
std::string line_at(const std::string& text, std::size_t at) {
  const std::size_t before = at == 0 ? text.npos : text.rfind('\n', at - 1);
  const std::size_t begin = before == text.npos ? 0 : before + 1;
  return text.substr(begin, text.find('\n', at) - begin);
}

cv::Mat decode_with_opencv(const ImageFile& file, std::string& complaints) {
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  const cv::Mat bytes(1, static_cast<int>(file.bytes.size()), CV_8U,
                      const_cast<std::uint8_t*>(file.bytes.data()));
  cv::Mat image;
  StderrCatcher said;
  try {
    image = cv::imdecode(bytes, cv::IMREAD_UNCHANGED);  // with transparency, as it is stored
  } catch (const cv::Exception& error) {
    throw Failure(fmt::format("cannot be decoded: {}", error.err));
  }
  complaints = said.stop();
  if (image.empty())
    throw Failure(complaints.empty()
                      ? "cannot be decoded"
                      : fmt::format("cannot be decoded: {}", line_at(complaints, 0)));
  return image;
}

cv::Mat decode_npy(std::span<const std::uint8_t> bytes) {
  const NpyHeader header = *read_npy_header(bytes);
  const image::Shape shape = image_shape(header.rows, header.columns, header.type);
  cv::Mat image(shape.rows, shape.columns, shape.type);
  std::memcpy(image.data, bytes.data() + header.offset, image.total() * image.elemSize());
  to_byte_order(image, header.big_endian);
  swap_red_and_blue(image);
  return image;
}

}  // namespace

ImageFile read_image_file(int descriptor, const Limits& limits) {
  ImageFile file;
  file.bytes = read_all(descriptor);
  const Sniffed s = sniff(file.bytes);
  if (!s.trouble.empty()) throw Failure(s.trouble);
  if (s.width > limits.pixels / s.height)
    throw Failure(fmt::format("claims {} x {} pixels; the limit is {} (--max-pixels)", s.width,
                              s.height, limits.pixels));
  file.width = s.width;
  file.height = s.height;
  file.pixels = s.width * s.height;
  file.decoded_bytes = file.pixels * s.pixel_bytes;
  file.format = s.format;
  return file;
}

cv::Size upright_size(const ImageFile& file, const Metadata& metadata) {
  const cv::Size size(static_cast<int>(file.width), static_cast<int>(file.height));
  return metadata.orientation() > 4 ? cv::Size(size.height, size.width) : size;
}

cv::Mat decode(const ImageFile& file, const Metadata& metadata, std::string& warning,
               int reduction) {
  cv::Mat image;
  std::string complaints;
  if (file.format == "JPEG")
    image = decode_jpeg(file.bytes, {static_cast<int>(file.width), static_cast<int>(file.height)},
                        reduction, complaints);
  if (file.format == "npy") image = decode_npy(file.bytes);
  if (file.format == "OpenEXR") image = decode_exr(file.bytes);
  if (image.empty()) {
    reduction = 1;
    image = decode_with_opencv(file, complaints);
  }
  for (const char* damage : {"premature end", "bad Huffman", "Premature end", "bad data", "CRC"})
    if (const auto at = complaints.find(damage); at != complaints.npos)
      throw Failure(fmt::format("is damaged: {}", line_at(complaints, at)));
  // Limits and memory were checked for what the header says, so nothing else may come of it.
  const auto reduced = [reduction](std::uint64_t side) {
    return (side + static_cast<unsigned>(reduction) - 1) / static_cast<unsigned>(reduction);
  };
  const std::uint64_t width = reduced(file.width), height = reduced(file.height);
  const auto columns = static_cast<std::uint64_t>(image.cols);
  const auto rows = static_cast<std::uint64_t>(image.rows);
  const bool as_said = columns == width && rows == height;
  const bool turned = file.format == "TIFF" && columns == height && rows == width;
  if ((!as_said && !turned) || image.total() * image.elemSize() > file.decoded_bytes)
    throw Failure(fmt::format("says {} x {} pixels, but holds {} x {} of {} bytes", file.width,
                              file.height, columns, rows, image.elemSize()));
  warning = line_at(complaints, 0);
  if (reduction > 1) {
    // The decoder rounds up. A last column that stands for few of the image's would shift it.
    const auto nearest = [reduction](int whole) {
      return std::max(1, cvRound(double(whole) / reduction));
    };
    image = image(cv::Rect(0, 0, nearest(static_cast<int>(file.width)),
                           nearest(static_cast<int>(file.height))));
  }
  // OpenCV's decoder of TIFFs has turned the image already, whatever the flags.
  return file.format == "TIFF" ? image : upright(image, metadata.orientation());
}

}  // namespace tine::app
