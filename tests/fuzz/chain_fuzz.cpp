// The chain language, and whatever chains it can express.
//
// Input: five bytes that make an image, then the text of a chain. A text is refused with
// InvalidArgument or gives a chain that writes itself as text and is read back the same. Where the
// chain takes the image, and the image stays small, it is run, band by band and as the serial calls
// of OpenCV: the results must have the same bits. No file is opened: a second image is made from the same
// bytes, and without it the chain is refused.
#include <algorithm>
#include <cstring>
#include <string_view>

#include <tine/error.hpp>
#include <tine/image/chain.hpp>

#include "require.hpp"

using tine::image::Chain;
using tine::image::Shape;
using tine::image::Step;

namespace {

constexpr std::size_t header = 5;
constexpr double most_pixels = 4096, most_steps = 8;

cv::Mat picture(const std::uint8_t* h) {
  constexpr int types[] = {CV_8UC1,  CV_8UC3,  CV_8UC4,  CV_16UC1, CV_16UC3, CV_16UC4,
                           CV_32FC1, CV_32FC3, CV_32FC4, CV_8UC2,  CV_8SC1,  CV_64FC1};
  cv::Mat image(1 + h[0] % 64, 1 + h[1] % 64, types[h[2] % std::size(types)]);
  cv::RNG random(h[3]);
  random.fill(image, cv::RNG::UNIFORM, image.depth() >= CV_32F ? -1 : 0,
              image.depth() == CV_16U   ? 65536
              : image.depth() >= CV_32F ? 2
                                        : 256);
  return image;
}

/// Whether running the chain takes milliseconds, not minutes.
bool is_small(const Chain& chain, const Shape& input) {
  if (chain.steps().size() > most_steps) return false;
  for (std::size_t i = 0; i < chain.steps().size(); ++i) {
    const Shape shape = chain.part(0, i + 1).output(input);
    const double pixels = static_cast<double>(shape.rows) * shape.columns;
    const Step& step = chain.steps()[i];
    const bool plot = step.operation->name == "histogram";  // of a fixed size
    if (pixels > (step.operation->name == "nlmeans" ? 256 : most_pixels) && !plot) return false;
  }
  return true;
}

bool same_bits(const cv::Mat& a, const cv::Mat& b) {
  if (a.size() != b.size() || a.type() != b.type()) return false;
  const std::size_t row = a.elemSize() * static_cast<std::size_t>(a.cols);
  for (int y = 0; y < a.rows; ++y)
    if (std::memcmp(a.ptr(y), b.ptr(y), row) != 0) return false;
  return true;
}

// With second images whose type and size come from the file's name.
Chain with_second_images(const Chain& chain, const std::uint8_t* h, const Shape& input) {
  return chain.with_operands([&](const Step& step) {
    require(step.values.operand.empty() && !step.file.empty(), "an image from nowhere");
    try {
      chain.output(input);
      require(false, "a chain that lacks an image is not refused");
    } catch (const tine::InvalidArgument&) {
    }
    std::uint8_t bytes[header] = {h[0], h[1], h[2], h[3], h[4]};
    for (std::size_t i = 0; i < step.file.size(); ++i)
      bytes[i % 2] = static_cast<std::uint8_t>(bytes[i % 2] + step.file[i]);
    cv::Mat image = picture(bytes);
    if (step.operation->name != "remap") return image;
    cv::Mat maps(image.size(), bytes[4] % 2 == 0 ? CV_32FC2 : CV_32FC3);
    cv::RNG random(bytes[3]);
    random.fill(maps, cv::RNG::UNIFORM, -70, 130);
    return maps;
  });
}

void check_list(const Chain& chain, const cv::Mat& image) {
  const tine::image::Table table = chain.list(image);
  require(table.values.empty() || std::size_t(table.values.cols) == table.names.size(),
          "a list whose columns have not as many names");
}

void check_output(const Chain& chain, const Shape& input) {
  try {
    const Shape output = chain.output(input);
    require(output.rows >= 1 && output.columns >= 1, "an image lost its pixels");
    const auto keeps_size = [](const Step& step) { return step.operation->output_size == nullptr; };
    require(!std::ranges::all_of(chain.steps(), keeps_size) ||
                (output.rows == input.rows && output.columns == input.columns),
            "an image changed its size by itself");
  } catch (const tine::InvalidArgument&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < header) return -1;
  const std::string_view text(reinterpret_cast<const char*>(data) + header, size - header);
  Chain chain;
  try {
    chain = Chain::parse(text);
  } catch (const tine::InvalidArgument& error) {
    require(error.what()[0] != '\0', "refused without a reason");
    return 0;
  }
  require(!chain.steps().empty(), "an empty chain");
  const std::string written = chain.to_string();
  const std::string again = Chain::parse(written).to_string();
  require(written == again, "a chain is read back as another one");

  const cv::Mat image = picture(data);
  const Shape shape{image.rows, image.cols, image.type()};
  Shape expected;
  try {
    chain = with_second_images(chain, data, shape);
    check_output(chain, {1 << (data[0] % 31), 1 << (data[1] % 31), CV_8UC3});
    expected = chain.output(shape);
    if (!is_small(chain, shape)) return 0;
  } catch (const tine::InvalidArgument&) {
    return 0;
  }
  const cv::Mat result = chain(image, {.band_rows = data[4] % 16});
  require((Shape{result.rows, result.cols, result.type()} == expected),
          "the result has not the shape that was promised");
  require(same_bits(result, chain.reference(image)), "bands differ from the whole image");
  if (chain.lists()) check_list(chain, image);
  return 0;
}
