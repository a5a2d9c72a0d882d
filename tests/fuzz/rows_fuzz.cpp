// Image files that are read a few rows at a time: each row can be read, or the file is refused, and
// the rows are the same whatever pieces they are read in.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "exit.hpp"
#include "require.hpp"
#include "row_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int file = memfd_create("rows", MFD_CLOEXEC);
  require(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == static_cast<ssize_t>(size),
          "the input could not be handed over");
  try {
    const auto rows = tine::app::open_row_file(file);
    if (!rows) return 0;
    const auto shape = rows->shape();
    require(shape.rows > 0 && shape.columns > 0, "accepted without pixels");
    if (static_cast<std::size_t>(shape.columns) * CV_ELEM_SIZE(shape.type) > 1 << 20) return 0;
    const int some = std::min(shape.rows, 40);
    cv::Mat together(some, shape.columns, shape.type), one(1, shape.columns, shape.type);
    rows->read(shape.rows - some, together);
    for (int y = some - 1; y >= 0; y -= 7) {
      rows->read(shape.rows - some + y, one);
      require(std::memcmp(one.data, together.ptr(y), one.elemSize() * one.total()) == 0,
              "a row depends on what is read with it");
    }
  } catch (const tine::app::Failure& failure) {
    require(failure.what()[0] != '\0', "refused without a reason");
  }
  return 0;
}
