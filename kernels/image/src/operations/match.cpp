// match: how well a template fits at each place of an image.
//
// cv::matchTemplate() computes with Fourier transforms of blocks whose size depends on that of the image,
// and so do the last bits of what it makes. So rows are cut into blocks whose height depends on the
// template alone: the result has the same bits however many workers there are. A block is a record, and
// the image is made from them.
#include <algorithm>
#include <cstring>
#include <string>

#include <opencv2/imgproc.hpp>

#include <tine/error.hpp>

#include "operations/all.hpp"

namespace tine::image {

namespace {

constexpr Choice methods[] = {{"ccoeff_normed", cv::TM_CCOEFF_NORMED}, {"ccoeff", cv::TM_CCOEFF},
                              {"ccorr_normed", cv::TM_CCORR_NORMED},   {"ccorr", cv::TM_CCORR},
                              {"sqdiff_normed", cv::TM_SQDIFF_NORMED}, {"sqdiff", cv::TM_SQDIFF}};
constexpr Parameter match_parameters[] = {
    {"template", "an image of what to look for, of the same type as the input", "png", 0, 0, 0,
     Parameter::Kind::file},
    {"method", "what tells how well it fits; where it does, sqdiff is small and the others large",
     "", 0, 5, cv::TM_CCOEFF_NORMED, Parameter::Kind::choice, methods},
};

cv::Size matched_size(const Values& v, cv::Size size) {
  const Shape& part = v.operand.shape;
  if (part.columns > size.width || part.rows > size.height)
    throw InvalidArgument("match: the template of " + std::to_string(part.columns) + " x " +
                          std::to_string(part.rows) + " pixels is larger than the image of " +
                          std::to_string(size.width) + " x " + std::to_string(size.height));
  return {size.width - part.columns + 1, size.height - part.rows + 1};
}

// The rows of the output, in blocks that are high enough not to spend most of the time on the rows that
// neighbours look at, too.
Partition blocks(const Values& v, const cv::Mat& image) {
  const auto rows = static_cast<std::size_t>(v.operand.shape.rows);
  return {.n = static_cast<std::size_t>(image.rows) + 1 - rows,
          .grain = std::max<std::size_t>(64, 4 * rows)};
}

std::size_t row_bytes(const PhaseInput& input) {
  return static_cast<std::size_t>(input.image.cols + 1 - input.values.operand.shape.columns) *
         sizeof(float);
}

void match_block(const cv::Mat& image, const Values& v, const Slice& block, cv::Mat& out) {
  const cv::Mat part = v.operand.mat();
  const int begin = int(block.begin), rows = int(block.size()) + part.rows - 1;
  // Of its own, so that OpenCV sees nothing around it.
  const cv::Mat source(rows, image.cols, image.type(), const_cast<uchar*>(image.ptr(begin)),
                       image.step[0]);
  cv::matchTemplate(source, part, out, int(v[1]));
}

constexpr Phase match_phases[] = {
    {.slices = [](const PhaseInput& input) { return blocks(input.values, input.image).size(); },
     .bytes =
         [](const PhaseInput& input) {
           return blocks(input.values, input.image).grain * row_bytes(input);
         },
     .run =
         [](const PhaseInput& input, std::size_t slice, std::uint8_t* record) {
           const Slice block = blocks(input.values, input.image).slice(slice);
           cv::Mat out(int(block.size()), int(row_bytes(input) / sizeof(float)), CV_32F, record);
           match_block(input.image, input.values, block, out);
         }},
};

// A row of the output, in the record that has it.
const float* row_of(const PhaseInput& input, std::size_t row) {
  const std::size_t grain = blocks(input.values, input.image).grain;
  return reinterpret_cast<const float*>(input.found[0].of<std::uint8_t>(row / grain) +
                                        row % grain * row_bytes(input));
}

void copy_rows(const PhaseInput& input, Range rows, cv::Mat& out) {
  for (std::size_t y = rows.begin; y < rows.end; ++y)
    std::memcpy(out.ptr(int(y - rows.begin)), row_of(input, y), row_bytes(input));
}

// The place where it fits best; the first one in the order of rows if there are several.
Table best_place(const PhaseInput& input) {
  const int method = int(input.values[1]);
  const bool least = method == cv::TM_SQDIFF || method == cv::TM_SQDIFF_NORMED;
  const int columns = int(row_bytes(input) / sizeof(float));
  Table best{{"x", "y", "value"}, {}};
  for (std::size_t y = 0; y < blocks(input.values, input.image).n; ++y) {
    const float* row = row_of(input, y);
    const float* at =
        least ? std::min_element(row, row + columns) : std::max_element(row, row + columns);
    if (best.values.empty() || (least ? *at < best.values(0, 2) : *at > best.values(0, 2)))
      best.values = (cv::Mat_<double>(1, 3) << double(at - row), double(y), double(*at));
  }
  return best;
}

}  // namespace

constinit const Operation match_operation{
    .name = "match",
    .help = "how well a template fits at each place; as a list: where it fits best",
    .parameters = match_parameters,
    .scope = Operation::Scope::phased,
    .operand =
        [](const cv::Mat& image) {
          if (image.depth() != CV_8U && image.depth() != CV_32F)
            throw InvalidArgument("match takes a template that is 8-bit or float");
          return image;
        },
    .accepts = [](const Values& v) -> Accepts {
      if (v.operand.empty()) return {depth_8 | depth_float, any_channels};
      return {1u << CV_MAT_DEPTH(v.operand.shape.type), 1u << CV_MAT_CN(v.operand.shape.type)};
    },
    .output_type = [](int) { return CV_32FC1; },
    .output_size = matched_size,
    .phases = match_phases,
    .finish = copy_rows,
    .list = best_place,
    .reference =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          const Partition all = blocks(v, in);
          for (std::size_t i = 0; i < all.size(); ++i) {
            const Slice block = all.slice(i);
            cv::Mat rows = out.rowRange(int(block.begin), int(block.end));
            match_block(in, v, block, rows);
          }
        },
};

}  // namespace tine::image
