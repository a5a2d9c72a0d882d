#include "jpeg.hpp"

#include <stdio.h>  // which jpeglib.h needs

#include <csetjmp>
#include <cstdlib>

#include <fmt/format.h>
#include <jpeglib.h>

#include "exit.hpp"

#ifndef JCS_EXTENSIONS
#error "this is not libjpeg-turbo, which can decode to blue, green and red"
#endif

namespace tine::app {

namespace {

// The library reports errors by a call that must not return. It is C, which exceptions cannot cross:
// so there is a jump out of it, and nothing that has a destructor may be made in between.
struct Errors {
  jpeg_error_mgr manager;  // first, because the library passes a pointer to it
  std::jmp_buf out;
  char fatal[JMSG_LENGTH_MAX] = {};
  std::string* complaints = nullptr;

  Errors() {
    jpeg_std_error(&manager);
    manager.error_exit = [](j_common_ptr library) {
      Errors& mine = of(library);
      library->err->format_message(library, mine.fatal);
      std::longjmp(mine.out, 1);
    };
    manager.emit_message = [](j_common_ptr library, int level) {
      if (level >= 0) return;  // mere information
      // One that is damaged all over has the same to say of each block.
      if (library->err->num_warnings++ >= 8) return;
      char text[JMSG_LENGTH_MAX];
      library->err->format_message(library, text);
      if (of(library).complaints != nullptr) of(library).complaints->append(text).append("\n");
    };
  }
  static Errors& of(j_common_ptr library) { return *reinterpret_cast<Errors*>(library->err); }
};

class Decoder {
 public:
  explicit Decoder(std::string& complaints) {
    info_.err = &errors_.manager;
    errors_.complaints = &complaints;
  }
  ~Decoder() { jpeg_destroy_decompress(&info_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // Both are false when the library gave up.
  bool read_header(std::span<const std::uint8_t> file) {
    if (setjmp(errors_.out) != 0) return false;
    jpeg_create_decompress(&info_);
    jpeg_mem_src(&info_, file.data(), file.size());
    jpeg_read_header(&info_, TRUE);
    return true;
  }
  bool read_pixels(cv::Mat& image) {
    if (setjmp(errors_.out) != 0) return false;
    jpeg_start_decompress(&info_);
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW row = image.ptr(static_cast<int>(info_.output_scanline));
      jpeg_read_scanlines(&info_, &row, 1);
    }
    jpeg_finish_decompress(&info_);
    return true;
  }

  void choose(int reduction) {
    info_.out_color_space = info_.num_components == 1 ? JCS_GRAYSCALE : JCS_EXT_BGR;
    info_.scale_num = 1;
    info_.scale_denom = static_cast<unsigned>(reduction);
  }
  int components() const { return info_.num_components; }
  cv::Size size() const {
    return {static_cast<int>(info_.image_width), static_cast<int>(info_.image_height)};
  }
  const char* fatal() const { return errors_.fatal; }

 private:
  jpeg_decompress_struct info_{};
  Errors errors_;
};

class Encoder {
 public:
  Encoder() { info_.err = &errors_.manager; }
  ~Encoder() {
    jpeg_destroy_compress(&info_);
    std::free(bytes_);
  }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  bool write(const cv::Mat& image, int quality) {
    if (setjmp(errors_.out) != 0) return false;
    jpeg_create_compress(&info_);
    jpeg_mem_dest(&info_, &bytes_, &size_);
    info_.image_width = static_cast<JDIMENSION>(image.cols);
    info_.image_height = static_cast<JDIMENSION>(image.rows);
    info_.input_components = image.channels();
    info_.in_color_space = image.channels() == 1 ? JCS_GRAYSCALE : JCS_EXT_BGR;
    jpeg_set_defaults(&info_);
    jpeg_set_quality(&info_, quality, TRUE);
    jpeg_start_compress(&info_, TRUE);
    while (info_.next_scanline < info_.image_height) {
      auto* row = const_cast<JSAMPROW>(image.ptr(static_cast<int>(info_.next_scanline)));
      jpeg_write_scanlines(&info_, &row, 1);
    }
    jpeg_finish_compress(&info_);
    return true;
  }

  std::vector<std::uint8_t> bytes() const { return {bytes_, bytes_ + size_}; }
  const char* fatal() const { return errors_.fatal; }

 private:
  jpeg_compress_struct info_{};
  Errors errors_;
  unsigned char* bytes_ = nullptr;
  unsigned long size_ = 0;
};

}  // namespace

cv::Mat decode_jpeg(std::span<const std::uint8_t> file, cv::Size says, int reduction,
                    std::string& complaints) {
  Decoder decoder(complaints);
  const auto failed = [&decoder] {
    return Failure(fmt::format("cannot be decoded: {}", decoder.fatal()));
  };
  if (!decoder.read_header(file)) throw failed();
  if (decoder.size() != says) throw Failure("says two different sizes");
  if (decoder.components() == 4) return {};
  decoder.choose(reduction);
  cv::Mat image((says.height + reduction - 1) / reduction, (says.width + reduction - 1) / reduction,
                decoder.components() == 1 ? CV_8UC1 : CV_8UC3);
  if (!decoder.read_pixels(image)) throw failed();
  return image;
}

std::vector<std::uint8_t> encode_jpeg(const cv::Mat& image, int quality) {
  Encoder encoder;
  if (!encoder.write(image, quality))
    throw Failure(fmt::format("cannot be encoded as JPEG: {}", encoder.fatal()));
  return encoder.bytes();
}

}  // namespace tine::app
