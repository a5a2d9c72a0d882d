#include "row_file.hpp"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

#include <fmt/format.h>

#include "exit.hpp"
#include "npy.hpp"
#include "row_formats.hpp"

namespace tine::app {

std::unique_ptr<RowFile> open_row_file(int descriptor) {
  std::array<std::uint8_t, 4096> first;
  const ssize_t got = pread(descriptor, first.data(), first.size(), 0);
  if (got < 0) throw Failure(fmt::format("cannot be read: {}", strerror(errno)));
  const auto head = std::span(first).first(static_cast<std::size_t>(got));
  for (const auto open : {open_tiff_rows, open_pnm_rows, open_npy_rows})
    if (auto file = open(descriptor, head)) return file;
  return nullptr;
}

bool can_write_rows(const std::string& extension) {
  constexpr const char* all[] = {".tif", ".tiff", ".pgm", ".ppm", ".pnm", ".npy"};
  return std::ranges::find(all, extension) != std::end(all);
}

std::unique_ptr<RowSink> make_row_sink(const std::string& extension, int descriptor,
                                       const image::Shape& shape) {
  if (extension.starts_with(".tif")) return write_tiff_rows(descriptor, shape);
  if (extension == ".npy") return write_raw_rows(descriptor, npy_header(shape), false);
  const std::string header =
      fmt::format("{}\n{} {}\n{}\n", CV_MAT_CN(shape.type) == 1 ? "P5" : "P6", shape.columns,
                  shape.rows, CV_MAT_DEPTH(shape.type) == CV_16U ? 65535 : 255);
  return write_raw_rows(descriptor, header, true);
}

}  // namespace tine::app
