// For builds without HDF5.
#include "layout.hpp"
#include "writers.hpp"

namespace tine::matrix {

namespace {
[[noreturn]] void refuse() {
  throw FileError("is an HDF5 file, and tine was built without HDF5 (TINE_WITH_HDF5)");
}
}  // namespace

bool has_hdf5() {
  return false;
}
void probe_hdf5(const InputFile&, Layout&) {
  refuse();
}
void read_hdf5(const InputFile&, const Layout&, const FilePart&, std::byte*) {
  refuse();
}
std::unique_ptr<RowsWriter> hdf5_writer(int, const MatrixShape&, const WriteOptions&) {
  refuse();
}

}  // namespace tine::matrix
