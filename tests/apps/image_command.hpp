// tine image as a user sees it: pictures in, pictures out.
#pragma once

#include <opencv2/imgcodecs.hpp>

#include "command.hpp"
#include "photo.hpp"

namespace tine_test {

class ImageCommand : public CommandTest {
 protected:
  void write(const std::string& name, const cv::Mat& image) const {
    fs::create_directories(path(name).parent_path());
    ASSERT_TRUE(cv::imwrite(path(name).string(), image));
  }
  cv::Mat read(const std::string& name) const {
    return cv::imread(path(name).string(), cv::IMREAD_UNCHANGED);
  }
  // Appends a text, which decoders do not look at; bad_files.cpp does.
  void mark(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary | std::ios::app) << text;
  }
  // Cuts a file off.
  void truncate(const std::string& name, double share) const {
    fs::resize_file(path(name),
                    static_cast<std::uintmax_t>(double(fs::file_size(path(name))) * share));
  }
  // The dimensions in a PNG's header; the checksum becomes wrong.
  void set_png_size(const std::string& name, std::uint32_t width, std::uint32_t height) const {
    std::string text = text_of(path(name));
    for (int i = 0; i < 4; ++i) {
      text[static_cast<std::size_t>(16 + i)] = static_cast<char>(width >> (24 - 8 * i));
      text[static_cast<std::size_t>(20 + i)] = static_cast<char>(height >> (24 - 8 * i));
    }
    write_text(path(name), text);
  }
};

}  // namespace tine_test
