#include <cctype>

#include "row_formats.hpp"

namespace tine::app {

namespace {

// The next number of a header (netpbm's pnm(5)): after white space, and comments up to the end of a
// line.
std::uint64_t next_number(std::span<const std::uint8_t> head, std::size_t& at) {
  while (at < head.size() && (std::isspace(head[at]) || head[at] == '#'))
    if (head[at] == '#')
      while (at < head.size() && head[at] != '\n') ++at;
    else
      ++at;
  std::uint64_t value = 0;
  for (; at < head.size() && std::isdigit(head[at]) && value < 1u << 31; ++at)
    value = value * 10 + (head[at] - '0');
  return value;
}

}  // namespace

std::unique_ptr<RowFile> open_pnm_rows(int descriptor, std::span<const std::uint8_t> head) {
  if (head.size() < 3 || head[0] != 'P' || (head[1] != '5' && head[1] != '6') ||
      !std::isspace(head[2]))
    return nullptr;
  std::size_t at = 2;
  const std::uint64_t columns = next_number(head, at), rows = next_number(head, at);
  const std::uint64_t white = next_number(head, at);
  // Other values have to be stretched, which is OpenCV's business.
  if ((white != 255 && white != 65535) || at >= head.size()) return nullptr;
  const int type = CV_MAKETYPE(white == 255 ? CV_8U : CV_16U, head[1] == '5' ? 1 : 3);
  return open_raw_rows(descriptor, {image_shape(rows, columns, type), at + 1, true});
}

}  // namespace tine::app
