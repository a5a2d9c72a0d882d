#include "exr.hpp"

#include <cstring>
#include <exception>
#include <string>

#include <ImathBox.h>
#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfIO.h>
#include <ImfInputFile.h>
#include <ImfOutputFile.h>
#include <fmt/format.h>

#include "exit.hpp"

namespace tine::app {

namespace {

class Source : public Imf::IStream {
 public:
  explicit Source(std::span<const std::uint8_t> bytes) : IStream("image"), bytes_(bytes) {}

  bool read(char to[], int count) override {
    if (count < 0 || bytes_.size() - at_ < static_cast<std::size_t>(count))
      throw Failure("truncated: fewer bytes than pixels");
    std::memcpy(to, bytes_.data() + at_, static_cast<std::size_t>(count));
    at_ += static_cast<std::size_t>(count);
    return at_ < bytes_.size();
  }
  std::uint64_t tellg() override { return at_; }
  void seekg(std::uint64_t place) override {
    if (place > bytes_.size()) throw Failure("truncated: rows are beyond the end of the file");
    at_ = place;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

class Sink : public Imf::OStream {
 public:
  Sink() : OStream("image") {}

  void write(const char from[], int count) override {
    const std::size_t end = at_ + static_cast<std::size_t>(count);
    if (bytes.size() < end) bytes.resize(end);
    std::memcpy(bytes.data() + at_, from, static_cast<std::size_t>(count));
    at_ = end;
  }
  std::uint64_t tellp() override { return at_; }
  void seekp(std::uint64_t place) override { at_ = place; }

  std::vector<std::uint8_t> bytes;

 private:
  std::size_t at_ = 0;
};

constexpr const char* colours[] = {"B", "G", "R", "A"};

// The channels of an image, in OpenCV's order.
std::vector<const char*> names(int channels) {
  return channels == 1 ? std::vector{"Y"} : std::vector<const char*>(colours, colours + channels);
}

// Each channel where it lies in an image whose first pixel is at `origin`.
Imf::FrameBuffer frame(cv::Mat& image, Imath::V2i origin) {
  Imf::FrameBuffer result;
  const auto all = names(image.channels());
  for (std::size_t c = 0; c < all.size(); ++c)
    result.insert(all[c],
                  Imf::Slice::Make(Imf::FLOAT, image.data + c * sizeof(float), origin, image.cols,
                                   image.rows, image.elemSize(), image.step[0]));
  return result;
}

}  // namespace

cv::Mat decode_exr(std::span<const std::uint8_t> file) {
  try {
    Source source(file);
    Imf::InputFile input(source, 0);
    const Imf::ChannelList& channels = input.header().channels();
    const bool colour = channels.findChannel("R") != nullptr &&
                        channels.findChannel("G") != nullptr &&
                        channels.findChannel("B") != nullptr;
    if (!colour && channels.findChannel("Y") == nullptr)
      throw Failure("has neither the channels R, G and B nor Y");
    const int count = !colour ? 1 : channels.findChannel("A") != nullptr ? 4 : 3;
    for (const char* name : names(count))
      if (const Imf::Channel* c = channels.findChannel(name);
          c->xSampling != 1 || c->ySampling != 1)
        throw Failure(fmt::format("its channel {} has not a value for each pixel", name));
    const Imath::Box2i window = input.header().dataWindow();
    cv::Mat image(window.max.y - window.min.y + 1, window.max.x - window.min.x + 1,
                  CV_MAKETYPE(CV_32F, count));
    input.setFrameBuffer(frame(image, window.min));
    input.readPixels(window.min.y, window.max.y);
    return image;
  } catch (const Failure&) {
    throw;
  } catch (const std::exception& error) {
    throw Failure(fmt::format("cannot be decoded: {}", error.what()));
  }
}

std::vector<std::uint8_t> encode_exr(const cv::Mat& image) {
  try {
    cv::Mat pixels = image;
    Imf::Header header(image.cols, image.rows);
    for (const char* name : names(image.channels()))
      header.channels().insert(name, Imf::Channel(Imf::FLOAT));
    Sink sink;
    {
      Imf::OutputFile output(sink, header, 0);
      output.setFrameBuffer(frame(pixels, {0, 0}));
      output.writePixels(image.rows);
    }
    return std::move(sink.bytes);
  } catch (const std::exception& error) {
    throw Failure(fmt::format("cannot be encoded as .exr: {}", error.what()));
  }
}

}  // namespace tine::app
