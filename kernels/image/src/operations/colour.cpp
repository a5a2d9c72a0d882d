// gray, convert, invert, threshold with a given value: one pixel at a time.
#include <algorithm>

#include "operations/all.hpp"
#include "streaming.hpp"

namespace tine::image {

cv::Mat to_gray(const cv::Mat& in) {
  if (in.channels() == 1) return in;
  cv::Mat gray;
  cv::cvtColor(in, gray, in.channels() == 4 ? cv::COLOR_BGRA2GRAY : cv::COLOR_BGR2GRAY);
  return gray;
}

void keep_alpha(const cv::Mat& in, cv::Mat& out) {
  if (in.channels() != 4) return;
  const int alpha[] = {3, 3};
  cv::mixChannels(&in, 1, &out, 1, alpha, 1);
}

void cut_at(const cv::Mat& in, cv::Mat& out, double level, bool streams) {
  const auto bytes = in.elemSize() * static_cast<std::size_t>(in.cols);
  const RowOutput output(streams);
  const auto transform = [&](auto f) {
    for (int y = 0; y < in.rows; ++y) output.transform(in.ptr(y), out.ptr(y), bytes, f);
  };
  switch (in.depth()) {
    case CV_8U: {
      const auto most = cv::v_setall_u8(static_cast<std::uint8_t>(std::min(level, 255.)));
      transform([=](const cv::v_uint8x16& v) { return v > most; });
      break;
    }
    case CV_16U: {
      const auto most = cv::v_setall_u16(static_cast<std::uint16_t>(std::min(level, 65535.)));
      transform([=](const cv::v_uint8x16& v) {
        return cv::v_reinterpret_as_u8(cv::v_reinterpret_as_u16(v) > most);
      });
      break;
    }
    default: {
      const auto most = cv::v_setall_f32(static_cast<float>(level)), top = cv::v_setall_f32(1);
      transform([=](const cv::v_uint8x16& v) {
        return cv::v_reinterpret_as_u8((cv::v_reinterpret_as_f32(v) > most) & top);
      });
    }
  }
}

namespace {

void invert(const cv::Mat& in, cv::Mat& out, const Values&) {
  const double top = white(in.type());
  if (in.depth() == CV_32F) {
    cv::subtract(cv::Scalar::all(top), in, out);
    keep_alpha(in, out);
  } else if (in.channels() == 4) {
    cv::bitwise_xor(in, cv::Scalar(top, top, top, 0), out);
  } else {
    cv::bitwise_not(in, out);
  }
}

constexpr Choice spaces[] = {
    {"hsv", cv::COLOR_BGR2HSV},      {"lab", cv::COLOR_BGR2Lab},
    {"ycrcb", cv::COLOR_BGR2YCrCb},  {"from_hsv", cv::COLOR_HSV2BGR},
    {"from_lab", cv::COLOR_Lab2BGR}, {"from_ycrcb", cv::COLOR_YCrCb2BGR},
};
constexpr Parameter convert_parameters[] = {
    {"to", "the colour space, or where the image comes back from", "", 0, 255, cv::COLOR_BGR2HSV,
     Parameter::Kind::choice, spaces},
};
constexpr Parameter threshold_parameters[] = {
    {"value", "what is above it becomes white", "levels", 0, 65535, 127},
};

}  // namespace

constinit const Operation gray_operation{
    .name = "gray",
    .help = "colour to gray",
    .accepts = always<all_depths, any_channels>,
    .output_type = gray_type,
    .run =
        [](const cv::Mat& in, cv::Mat& out, const Values&) {
          if (in.channels() == 1)
            in.copyTo(out);
          else
            cv::cvtColor(in, out, in.channels() == 4 ? cv::COLOR_BGRA2GRAY : cv::COLOR_BGR2GRAY);
        },
};

constinit const Operation convert_operation{
    .name = "convert",
    .help = "another colour space: three channels that mean something else",
    .parameters = convert_parameters,
    .accepts =
        [](const Values& v) {
          const int code = int(v[0]);
          const bool linear = code == cv::COLOR_BGR2YCrCb || code == cv::COLOR_YCrCb2BGR;
          return Accepts{linear ? all_depths : depth_8 | depth_float, 1u << 3};
        },
    .run = [](const cv::Mat& in, cv::Mat& out,
              const Values& v) { cv::cvtColor(in, out, int(v[0])); },
};

constinit const Operation invert_operation{
    .name = "invert",
    .help = "the negative; transparency stays",
    .accepts = always<all_depths, any_channels>,
    .run =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          if (in.depth() == CV_32F || in.channels() == 4) return invert(in, out, v);
          const auto bytes = in.elemSize() * static_cast<std::size_t>(in.cols);
          const RowOutput output(v.streams);
          for (int y = 0; y < in.rows; ++y)
            output.transform(in.ptr(y), out.ptr(y), bytes,
                             [](const cv::v_uint8x16& levels) { return ~levels; });
        },
    .reference = invert,
};

constinit const Operation threshold_operation{
    .name = "threshold",
    .help = "black and white, cut at a given level",
    .parameters = threshold_parameters,
    .accepts = always<all_depths, any_channels>,
    .run = [](const cv::Mat& in, cv::Mat& out,
              const Values& v) { cut_at(in, out, v[0], v.streams); },
    .reference =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          cv::threshold(in, out, v[0], white(in.type()), cv::THRESH_BINARY);
        },
};

}  // namespace tine::image
