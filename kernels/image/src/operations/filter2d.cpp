// filter2d, and filter2d kernel with a kernel of any size.
//
// From some size on cv::filter2D multiplies spectra, whose bits depend on where the image is cut.
// There the sum is taken as it is written: weight by weight, row by row, in float.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include <tine/error.hpp>

#include "operations/all.hpp"
#include "wide.hpp"

namespace tine::image {

namespace {

constexpr Parameter filter2d_parameters[] = {
    {"k00", "weight of the pixel above, to the left", "", -1e6, 1e6, 0},
    {"k01", "above", "", -1e6, 1e6, 0},
    {"k02", "above, to the right", "", -1e6, 1e6, 0},
    {"k10", "to the left", "", -1e6, 1e6, 0},
    {"k11", "of the pixel itself", "", -1e6, 1e6, 1},
    {"k12", "to the right", "", -1e6, 1e6, 0},
    {"k20", "below, to the left", "", -1e6, 1e6, 0},
    {"k21", "below", "", -1e6, 1e6, 0},
    {"k22", "below, to the right", "", -1e6, 1e6, 0},
    {"offset", "is added", "levels", -65535, 65535, 0},
    border_parameter,
};

constexpr Parameter kernel_parameters[] = {
    {"weights", "of a square of pixels, row by row, its side odd", "", -1e6, 1e6, 1,
     Parameter::Kind::list},
    {"offset", "is added", "levels", -65535, 65535, 0},
    border_parameter,
};

int side_of(const Values& v) {
  return static_cast<int>(std::lround(std::sqrt(v[0])));
}

void correlate(const cv::Mat& in, cv::Mat& out, const Values& v) {
  const int side = side_of(v);
  const cv::Mat weights(side, side, CV_64F, const_cast<double*>(v.list.data()));
  cv::filter2D(in, out, -1, weights, {-1, -1}, v[1], int(v[2]));
}

// Whether cv::filter2D takes the sum, too: 11 x 11 weights or less, 7 x 7 for 16 bits.
bool opencv_sums(const Values& v, int type) {
  return v[0] < (CV_MAT_DEPTH(type) == CV_16U ? 50 : 130);
}

// Sums of 32 values at once: what the compiler makes of them stays in registers.
constexpr std::ptrdiff_t at_once = 32;

TINE_IMAGE_WIDE void sum_row(const float* const* rows, const float* weights, int side,
                             std::ptrdiff_t channels, float offset, float* out,
                             std::ptrdiff_t values) {
  using Lanes [[gnu::vector_size(32)]] = float;
  for (std::ptrdiff_t i = 0; i < values; i += at_once) {
    Lanes a = Lanes{} + offset, b = a, c = a, d = a, from;
    const float* weight = weights;
    for (int y = 0; y < side; ++y) {
      const float* row = rows[y] + i;
      for (int x = 0; x < side; ++x, ++weight, row += channels) {
        std::memcpy(&from, row, sizeof from);
        a += *weight * from;
        std::memcpy(&from, row + 8, sizeof from);
        b += *weight * from;
        std::memcpy(&from, row + 16, sizeof from);
        c += *weight * from;
        std::memcpy(&from, row + 24, sizeof from);
        d += *weight * from;
      }
    }
    std::memcpy(out + i, &a, sizeof a);
    std::memcpy(out + i + 8, &b, sizeof b);
    std::memcpy(out + i + 16, &c, sizeof c);
    std::memcpy(out + i + 24, &d, sizeof d);
  }
}

// Rows of an image as floats, with what is beyond the edges on both sides.
class WideRows {
 public:
  WideRows(const cv::Mat& part, int side, int border)
      : part_(part), side_(side), border_(border), size_((part.cols + side - 1) * part.channels()) {
    part.locateROI(whole_, offset_);
    for (int i = 0; i < side; ++i) rows_.emplace_back(static_cast<std::size_t>(size_ + at_once));
  }

  // Makes row y, counted from the first one of the part; rows before y + 1 - side are lost.
  void make(int y) {
    const int channels = part_.channels(), radius = side_ / 2;
    std::vector<float>& row = rows_[slot(y)];
    std::fill(row.begin(), row.end(), 0.f);
    const int source = cv::borderInterpolate(offset_.y + y, whole_.height, border_);
    if (source < 0) return;
    const cv::Mat from(
        1, part_.cols, part_.type(),
        part_.data + (source - offset_.y) * static_cast<std::ptrdiff_t>(part_.step[0]));
    cv::Mat middle(1, part_.cols, CV_MAKETYPE(CV_32F, channels), row.data() + radius * channels);
    from.convertTo(middle, CV_32F);
    for (int x = 0; x < radius; ++x)
      for (int beyond : {-1 - x, part_.cols + x}) {
        const int column = cv::borderInterpolate(beyond, part_.cols, border_);
        if (column >= 0)
          std::copy_n(row.data() + (radius + column) * channels, channels,
                      row.data() + (radius + beyond) * channels);
      }
  }
  const float* row(int y) const { return rows_[slot(y)].data(); }

 private:
  std::size_t slot(int y) const { return static_cast<std::size_t>((y + side_) % side_); }

  const cv::Mat& part_;
  int side_, border_;
  std::ptrdiff_t size_;
  cv::Size whole_;
  cv::Point offset_;
  std::vector<std::vector<float>> rows_;
};

void sum_all(const cv::Mat& in, cv::Mat& out, const Values& v) {
  const int side = side_of(v), radius = side / 2, channels = in.channels();
  const std::ptrdiff_t values = static_cast<std::ptrdiff_t>(in.cols) * channels;
  const std::vector<float> weights(v.list.begin(), v.list.end());
  WideRows rows(in, side, int(v[2]));
  std::vector<const float*> around(static_cast<std::size_t>(side));
  std::vector<float> sums(static_cast<std::size_t>(values + at_once));
  for (int y = -radius; y < radius; ++y) rows.make(y);
  for (int y = 0; y < in.rows; ++y) {
    rows.make(y + radius);
    for (int i = 0; i < side; ++i) around[static_cast<std::size_t>(i)] = rows.row(y - radius + i);
    sum_row(around.data(), weights.data(), side, channels, static_cast<float>(v[1]), sums.data(),
            values);
    cv::Mat to = out.row(y);
    cv::Mat(1, in.cols, CV_MAKETYPE(CV_32F, channels), sums.data()).convertTo(to, out.type());
  }
}

}  // namespace

constinit const Operation filter2d_operation{
    .name = "filter2d",
    .help = "weighted sum of a pixel and its eight neighbours, row by row",
    .parameters = filter2d_parameters,
    .accepts = always<all_depths, any_channels>,
    .halo = [](const Values&, int) { return 1; },
    .run =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          const cv::Mat weights(3, 3, CV_64F, const_cast<double*>(v.number.data()));
          cv::filter2D(in, out, -1, weights, {-1, -1}, v[9], int(v[10]));
        },
    .reads_around = true,
};

constinit const Operation filter2d_kernel_operation{
    .name = "filter2d kernel",
    .help = "weighted sum of the pixels of a square",
    .parameters = kernel_parameters,
    .accepts = always<all_depths, any_channels>,
    .halo = [](const Values& v, int) { return side_of(v) / 2; },
    .validate =
        [](const Values& v) {
          const int side = side_of(v);
          if (side * side != int(v[0]) || side % 2 == 0)
            throw InvalidArgument("filter2d kernel: " + std::to_string(int(v[0])) +
                                  " weights make no square with an odd side; 9, 25, 49 would");
        },
    .run = [](const cv::Mat& in, cv::Mat& out,
              const Values& v) { (opencv_sums(v, in.type()) ? correlate : sum_all)(in, out, v); },
    .reads_around = true,
};

}  // namespace tine::image
