#include "npy.hpp"
#include "row_formats.hpp"

namespace tine::app {

std::unique_ptr<RowFile> open_npy_rows(int descriptor, std::span<const std::uint8_t> head) {
  const auto header = read_npy_header(head);
  if (!header) return nullptr;
  return open_raw_rows(descriptor, {image_shape(header->rows, header->columns, header->type),
                                    header->offset, header->big_endian});
}

}  // namespace tine::app
