#include <fcntl.h>
#include <unistd.h>

#include "hdf5_type.hpp"
#include "writers.hpp"

namespace tine::matrix {

namespace {

void check(bool good) {
  if (!good) throw FileError("cannot be written as HDF5");
}

class Hdf5Writer : public RowsWriter {
 public:
  Hdf5Writer(int file, const MatrixShape& shape, const WriteOptions& options)
      : type_(native_type(shape.type)) {
    // HDF5 reads in what it writes, and the descriptor may be for writing alone.
    descriptor_ = ::open(("/proc/self/fd/" + std::to_string(file)).c_str(), O_RDWR | O_CLOEXEC);
    check(descriptor_ >= 0);
    try {
      file_ = create_hdf5(descriptor_);
      check(bool(file_));
      const hsize_t extents[2] = {shape.rows, shape.columns};
      const Hdf5Id space(H5Screate_simple(2, extents, nullptr), H5Sclose);
      const Hdf5Id links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
      H5Pset_create_intermediate_group(links, 1);
      data_ = Hdf5Id(
          H5Dcreate2(file_, options.dataset.c_str(), type_, space, links, H5P_DEFAULT, H5P_DEFAULT),
          H5Dclose);
      if (!data_) throw FileError("cannot have a dataset named " + options.dataset);
    } catch (...) {
      close_all();
      throw;
    }
  }
  ~Hdf5Writer() override { close_all(); }

  void append(const PoolWith&, const AnyMatrix& rows, std::size_t first) override {
    const hsize_t start[2] = {first, 0}, count[2] = {rows.rows(), rows.columns()};
    if (rows.rows() == 0 || rows.columns() == 0) return;
    const Hdf5Id space(H5Dget_space(data_), H5Sclose);
    const Hdf5Id memory(H5Screate_simple(2, count, nullptr), H5Sclose);
    check(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, count, nullptr) >= 0 &&
          H5Dwrite(data_, type_, memory, space, H5P_DEFAULT, rows.data()) >= 0);
  }
  void finish() override { check(data_.reset() >= 0 && file_.reset() >= 0); }

 private:
  void close_all() {
    data_.reset();
    file_.reset();
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

  Hdf5Id type_, file_, data_;
  int descriptor_ = -1;
};

}  // namespace

bool has_hdf5() {
  return true;
}

std::unique_ptr<RowsWriter> hdf5_writer(int file, const MatrixShape& shape,
                                        const WriteOptions& options) {
  return std::make_unique<Hdf5Writer>(file, shape, options);
}

}  // namespace tine::matrix
