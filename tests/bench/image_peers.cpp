#include "image_peers.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <ranges>
#include <span>
#include <string_view>
#include <utility>

#include <malloc.h>
#include <unistd.h>

#include <opencv2/imgproc.hpp>
#ifdef BENCH_VIPS
#include <vips/vips.h>
#endif
#ifdef BENCH_MAGICK
#include <wand/MagickWand.h>
#endif

#include <tine/pool.hpp>

namespace bench {

namespace {

/// OpenCV has something faster than the calls that define tine's operation.
using Call = void (*)(const cv::Mat& in, cv::Mat& out, const tine::image::Values& values);

Call faster_call(std::string_view operation) {
  if (operation == "gamma")
    return [](const cv::Mat& in, cv::Mat& out, const tine::image::Values& v) {
      cv::Mat table(1, 256, CV_8U);
      for (int i = 0; i < 256; ++i)
        table.at<uchar>(i) = cv::saturate_cast<uchar>(std::pow(i / 255., v[0]) * 255);
      cv::LUT(in, table, out);
    };
  if (operation == "invert")
    return [](const cv::Mat& in, cv::Mat& out, const tine::image::Values&) {
      cv::bitwise_not(in, out);
    };
  if (operation == "components")
    return [](const cv::Mat& in, cv::Mat& out, const tine::image::Values& v) {
      cv::connectedComponents(in, out, static_cast<int>(v[0]), CV_32S);
    };
  return nullptr;
}

[[maybe_unused]] std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (const auto part : std::views::split(text, separator)) {
    std::string_view word(part.begin(), part.end());
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    if (!word.empty()) parts.emplace_back(word);
  }
  return parts;
}

}  // namespace

OpenCv::OpenCv(const tine::image::Chain& chain, cv::Mat in) : in_(std::move(in)) {
  for (std::size_t i = 0; i < chain.steps().size(); ++i) steps_.push_back(chain.part(i, 1));
}

void OpenCv::operator()(int threads) {
  cv::setNumThreads(threads);
  cv::Mat image = in_;
  for (const tine::image::Chain& step : steps_) {
    const tine::image::Step& first = step.steps()[0];
    cv::Mat next;
    if (const Call call = faster_call(first.operation->name))
      call(image, next, first.values);
    else
      next = step.reference(image);
    image = next;
  }
  result_ = image;
}

void keep_memory() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
}

#ifdef BENCH_VIPS
namespace {

VipsImage* vips_checked(VipsImage* image) {
  if (image == nullptr) fail(std::string("libvips: ") + vips_error_buffer());
  return image;
}

/// One operation; takes the reference to the image over.
VipsImage* vips_apply(VipsImage* in, const std::string& text) {
  const std::size_t space = std::min(text.find(' '), text.size());
  VipsOperation* operation = vips_operation_new(text.substr(0, space).c_str());
  if (operation == nullptr) vips_checked(nullptr);
  GObject* object = G_OBJECT(operation);
  const auto either = [object](const char* usual, const char* other) {
    const bool has = g_object_class_find_property(G_OBJECT_GET_CLASS(object), usual) != nullptr;
    return has ? usual : other;
  };
  g_object_set(object, either("in", "input"), in, nullptr);
  g_object_unref(in);
  VipsImage* out = nullptr;
  if (vips_object_set_from_string(VIPS_OBJECT(operation), text.substr(space).c_str()) == 0 &&
      vips_object_build(VIPS_OBJECT(operation)) == 0)
    g_object_get(object, either("out", "mask"), &out, nullptr);
  vips_checked(out);
  vips_object_unref_outputs(VIPS_OBJECT(operation));
  g_object_unref(operation);
  return out;
}

}  // namespace

std::optional<Side> libvips(const std::string& operations, const cv::Mat& in, cv::Size result) {
  if (operations.empty()) return {};
  static const bool started = [] {
    if (VIPS_INIT("image_bench") != 0) vips_checked(nullptr);
    vips_cache_set_max(0);  // or the second call would do nothing
    vips_concurrency_set(static_cast<int>(tine::cpu_count()));
    return true;
  }();
  (void)started;
  const auto run = [in, operations = split(operations, '|')] {
    VipsImage* image = vips_checked(vips_image_new_from_memory(
        in.data, in.total() * in.elemSize(), in.cols, in.rows, in.channels(), VIPS_FORMAT_UCHAR));
    image->Type = in.channels() == 1 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
    for (const std::string& text : operations) image = vips_apply(image, text);
    const cv::Size size(image->Xsize, image->Ysize);
    std::size_t bytes = 0;
    void* pixels = vips_image_write_to_memory(image, &bytes);
    if (pixels == nullptr) vips_checked(nullptr);
    g_free(pixels);
    g_object_unref(image);
    return size;
  };
  require(run() == result, ("libvips' " + operations + ": sizes").c_str());
  return Side{"libvips", run};
}
#else
std::optional<Side> libvips(const std::string&, const cv::Mat&, cv::Size) {
  return {};
}
#endif

#ifdef BENCH_MAGICK
namespace {

/// Debian's policy for servers would put large images on the disk.
void lift_magick_limits() {
  const auto folder =
      std::filesystem::temp_directory_path() / ("image_bench_magick_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream policy(folder / "policy.xml");
  policy << "<policymap>\n";
  for (const char* what : {"memory\" value=\"16GiB", "map\" value=\"16GiB", "area\" value=\"16GP"})
    policy << "<policy domain=\"resource\" name=\"" << what << "\"/>\n";
  policy << "</policymap>\n";
  policy.close();
  setenv("MAGICK_CONFIGURE_PATH", folder.c_str(), 1);
  MagickWandGenesis();
  unsetenv("MAGICK_CONFIGURE_PATH");
  std::filesystem::remove_all(folder);
}

}  // namespace

std::optional<Side> image_magick(const std::string& options, const cv::Mat& in, cv::Size result) {
  if (options.empty()) return {};
  static const bool started = (lift_magick_limits(), true);
  (void)started;
  const auto check = [](const ExceptionInfo* exception) {
    if (exception->severity >= ErrorException)
      fail(std::string("ImageMagick: ") + (exception->reason != nullptr ? exception->reason : ""));
  };
  std::shared_ptr<ExceptionInfo> exception(AcquireExceptionInfo(), DestroyExceptionInfo);
  const std::shared_ptr<Image> image(
      ConstituteImage(static_cast<std::size_t>(in.cols), static_cast<std::size_t>(in.rows),
                      in.channels() == 1 ? "I" : "BGR", CharPixel, in.data, exception.get()),
      DestroyImage);
  check(exception.get());
  // Some options work in place: each call gets pixels of its own, before its time begins.
  const auto one = [=, words = split(options, ' ')](cv::Size* size) {
    Image* mine = CloneImage(image.get(), 0, 0, MagickTrue, exception.get());
    GetAuthenticPixels(mine, 0, 0, 1, 1, exception.get());
    SyncAuthenticPixels(mine, exception.get());
    std::vector<const char*> arguments;
    for (const std::string& word : words) arguments.push_back(word.c_str());
    const std::shared_ptr<ImageInfo> info(AcquireImageInfo(), DestroyImageInfo);
    const double time = seconds([&] {
      MogrifyImage(info.get(), static_cast<int>(arguments.size()), arguments.data(), &mine,
                   exception.get());
    });
    check(exception.get());
    if (size != nullptr) *size = {static_cast<int>(mine->columns), static_cast<int>(mine->rows)};
    DestroyImage(mine);
    return time;
  };
  cv::Size size;
  one(&size);
  require(size == result, ("ImageMagick's " + options + ": sizes").c_str());
  return Side{.name = "ImageMagick", .run = {}, .time = [one](std::size_t calls) {
                double total = 0;
                for (std::size_t c = 0; c < calls; ++c) total += one(nullptr);
                return total;
              }};
}
#else
std::optional<Side> image_magick(const std::string&, const cv::Mat&, cv::Size) {
  return {};
}
#endif

std::vector<std::string> missing_packages() {
  std::vector<std::string> missing;
#ifndef BENCH_VIPS
  missing.emplace_back("libvips-dev");
#endif
#ifndef BENCH_MAGICK
  missing.emplace_back("libmagickwand-6.q16-dev");
#endif
  return missing;
}

}  // namespace bench
