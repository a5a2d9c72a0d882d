// Matrix files: each is refused with a reason, or all of its lines can be read, and are the same whatever
// pieces they are read in. The first byte says what is known of the file.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "layout.hpp"
#include "require.hpp"

namespace {

using namespace tine::matrix;

std::vector<std::uint64_t> index_of(const InputFile& file, const Layout& layout) {
  std::vector<std::uint64_t> index;
  std::uint64_t lines = 0;
  for (std::uint64_t at = layout.begin; layout.text && at < layout.end; at += index_chunk)
    index.push_back(lines += count_lines(file, layout, index.size()));
  return index;
}

void read_all(const InputFile& file, Layout layout) {
  const std::vector<std::uint64_t> index = index_of(file, layout);
  const std::uint64_t lines = index.empty() ? 0 : index.back();
  if (layout.format == FileFormat::csv) layout.rows = lines;
  check(layout);
  const std::size_t bytes = size_of(layout.type);
  const std::uint64_t size = layout.coordinate ? layout.entries : layout.rows * layout.columns;
  if (size > 1 << 20) return;
  if (layout.text && layout.format == FileFormat::mtx && lines != layout.entries) return;
  std::vector<std::byte> whole(size * bytes + 1), parts(whole);
  const bool by_columns = layout.order == Order::column_major;
  const std::size_t count = by_columns ? layout.columns : layout.rows;
  const std::size_t length = by_columns ? layout.rows : layout.columns;
  const std::size_t step = std::max<std::size_t>(1, count / 3);
  switch (layout.format) {
    case FileFormat::csv:
      read_csv(file, layout, index, {{0, count}, {0, length}}, whole.data());
      for (std::size_t i = 0; i < count; i += step)
        read_csv(file, layout, index, {{i, std::min(i + step, count)}, {0, length}},
                 parts.data() + i * length * bytes);
      break;
    case FileFormat::npy:
      read_npy(file, layout, {{0, count}, {0, length}}, whole.data());
      for (std::size_t i = 0; i < count; ++i)
        for (const tine::Range part : {tine::Range{0, length / 2}, {length / 2, length}})
          read_npy(file, layout, {{i, i + 1}, part},
                   parts.data() + (i * length + part.begin) * bytes);
      break;
    case FileFormat::mtx: {
      std::vector<std::uint64_t> rows(layout.entries), columns(layout.entries);
      if (layout.coordinate) {
        read_mtx_entries(file, layout, index, {0, layout.entries}, rows.data(), columns.data(),
                         whole.data());
        for (std::size_t i = 0; i < layout.entries; ++i)
          require(rows[i] < layout.rows && columns[i] < layout.columns, "an entry lies outside");
        return;
      }
      read_mtx_values(file, layout, index, {0, layout.entries}, whole.data());
      for (std::size_t i = 0; i < layout.entries; i += step)
        read_mtx_values(file, layout, index, {i, std::min<std::size_t>(i + step, layout.entries)},
                        parts.data() + i * bytes);
      break;
    }
    case FileFormat::hdf5:
      return;
  }
  require(std::memcmp(whole.data(), parts.data(), size * bytes) == 0,
          "elements depend on what is read with them");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int memory = memfd_create("matrix", MFD_CLOEXEC);
  if (size == 0) return 0;
  const std::uint8_t known = *data++;
  --size;
  require(ftruncate(memory, 0) == 0 && pwrite(memory, data, size, 0) == static_cast<ssize_t>(size),
          "the input could not be handed over");
  try {
    const InputFile file(dup(memory));
    Layout layout;
    layout.type_known = known & 1;
    layout.type = static_cast<ElementType>((known >> 1) % 12);
    layout.header = static_cast<Header>((known >> 5) % 3);
    probe(file, layout);
    read_all(file, layout);
  } catch (const FileError& error) {
    require(error.what()[0] != '\0', "refused without a reason");
  }
  return 0;
}
