#include <cstdint>

#include "layout.hpp"

namespace tine::matrix {

namespace {

// By what it begins with: text is CSV.
FileFormat sniff_format(const InputFile& file) {
  char head[4096];
  const std::string_view text(head, file.read_some(0, head, sizeof head));
  if (text.starts_with("\x93NUMPY")) return FileFormat::npy;
  if (text.starts_with("%%MatrixMarket")) return FileFormat::mtx;
  // It may have a block of the user before it, of 512 bytes, or twice that, and so on.
  constexpr std::string_view hdf5 = "\x89HDF\r\n\x1a\n";
  for (std::uint64_t at = 0; at + hdf5.size() <= file.size(); at = at == 0 ? 512 : 2 * at) {
    char magic[hdf5.size()];
    if (file.read_some(at, magic, hdf5.size()) == hdf5.size() &&
        std::string_view(magic, hdf5.size()) == hdf5)
      return FileFormat::hdf5;
  }
  if (text.find('\0') != text.npos)
    throw FileError("is no matrix: it is neither text nor begins as .npy and HDF5 files do");
  return FileFormat::csv;
}

}  // namespace

void probe(const InputFile& file, Layout& layout) {
  if (!layout.format_known) {
    const FileFormat found = sniff_format(file);
    // What has the name of another format is no CSV.
    if (found != FileFormat::csv || layout.format == FileFormat::csv) layout.format = found;
  }
  switch (layout.format) {
    case FileFormat::npy:
      probe_npy(file, layout);
      break;
    case FileFormat::csv:
      probe_csv(file, layout);
      break;
    case FileFormat::mtx:
      probe_mtx(file, layout);
      break;
    case FileFormat::hdf5:
      probe_hdf5(file, layout);
      break;
  }
  if (!layout.type_known) layout.type = layout.stored_type;
  if (is_complex(layout.stored_type) && !is_complex(layout.type))
    throw FileError("holds complex numbers, which do not become " +
                    std::string(to_string(layout.type)));
}

void check(const Layout& layout) {
  std::uint64_t size;
  if (layout.format > FileFormat::hdf5 || layout.type > ElementType::c16 ||
      layout.stored_type > ElementType::c16 || layout.order > Order::column_major ||
      layout.symmetry > Layout::Symmetry::hermitian || layout.begin > layout.end ||
      layout.chunk_rows == 0 || layout.dataset[sizeof layout.dataset - 1] != '\0')
    throw FileError("what was found out about it cannot be");
  if (__builtin_mul_overflow(layout.rows, layout.columns, &size) ||
      __builtin_mul_overflow(size, 16, &size) || size > INT64_MAX)
    throw FileError("claims " + std::to_string(layout.rows) + " x " +
                    std::to_string(layout.columns) +
                    " values, which is more than can be addressed");
}

}  // namespace tine::matrix
