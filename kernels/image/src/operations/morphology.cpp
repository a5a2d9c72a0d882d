// erode, dilate, and what is made of them: open, close, gradient, tophat, blackhat.
#include "operations/all.hpp"
#include "operations/square_extrema.hpp"

namespace tine::image {

namespace {

constexpr Choice shapes[] = {
    {"square", cv::MORPH_RECT}, {"cross", cv::MORPH_CROSS}, {"ellipse", cv::MORPH_ELLIPSE}};
// With `constant`, what is beyond the edges is ignored: it is neither minimum nor maximum.
constexpr Choice edges[] = {{"ignore", cv::BORDER_CONSTANT},
                            {"replicate", cv::BORDER_REPLICATE},
                            {"reflect", cv::BORDER_REFLECT},
                            {"reflect101", cv::BORDER_REFLECT_101}};
constexpr Parameter parameters[] = {
    {"size", "diameter of the neighbourhood", "pixels", 1, 255, 3, Parameter::Kind::odd},
    {"shape", "of the neighbourhood", "", 0, 2, cv::MORPH_RECT, Parameter::Kind::choice, shapes},
    {"border", "what is beyond the edges", "", 0, 4, cv::BORDER_CONSTANT, Parameter::Kind::choice,
     edges},
};

template <cv::MorphTypes type>
void run(const cv::Mat& in, cv::Mat& out, const Values& v) {
  const int size = int(v[0]);
  cv::morphologyEx(in, out, type, cv::getStructuringElement(int(v[1]), {size, size}), {-1, -1}, 1,
                   int(v[2]));
}

template <cv::MorphTypes type>
constexpr bool once =
    type == cv::MORPH_ERODE || type == cv::MORPH_DILATE || type == cv::MORPH_GRADIENT;

// What is eroded first and dilated then, or the other way, looks twice as far.
template <cv::MorphTypes type>
int halo(const Values& v, int) {
  return int(v[0]) / 2 * (once<type> ? 1 : 2);
}

// Not of floats: which of two zeros with different signs is less depends on their order.
template <cv::MorphTypes type>
constinit const Operation squares{
    .name = "morphology",
    .help = "the same of squares",
    .accepts = always<depth_8 | depth_16, any_channels>,
    .halo = halo<type>,
    .run =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          morphology_of_squares(in, out, type, int(v[0]), int(v[2]), v.streams);
        },
    .reads_around = true,
    .reference = run<type>,
};

template <cv::MorphTypes type>
constexpr Operation operation(const char* name, const char* help) {
  return {
      .name = name,
      .help = help,
      .parameters = parameters,
      .variant = [](const Values& v, int pixels) -> const Operation* {
        const bool is_square = int(v[1]) == cv::MORPH_RECT && v[0] > 1;
        return is_square && CV_MAT_DEPTH(pixels) != CV_32F ? &squares<type> : nullptr;
      },
      .accepts = always<all_depths, any_channels>,
      .halo = halo<type>,
      .run = run<type>,
      .reads_around = once<type>,
  };
}

}  // namespace

constinit const Operation erode_operation =
    operation<cv::MORPH_ERODE>("erode", "minimum of the neighbourhood: bright areas shrink");
constinit const Operation dilate_operation =
    operation<cv::MORPH_DILATE>("dilate", "maximum of the neighbourhood: bright areas grow");
constinit const Operation open_operation =
    operation<cv::MORPH_OPEN>("open", "erode, then dilate: small bright spots go");
constinit const Operation close_operation =
    operation<cv::MORPH_CLOSE>("close", "dilate, then erode: small dark spots go");
constinit const Operation gradient_operation =
    operation<cv::MORPH_GRADIENT>("gradient", "dilated minus eroded: outlines");
constinit const Operation tophat_operation =
    operation<cv::MORPH_TOPHAT>("tophat", "image minus opened: small bright spots alone");
constinit const Operation blackhat_operation =
    operation<cv::MORPH_BLACKHAT>("blackhat", "closed minus image: small dark spots alone");

}  // namespace tine::image
