// The formats of file.hpp, as they are written: by the process that owns the pool, which needs the
// workers for text alone.
#pragma once

#include <memory>

#include <tine/matrix/file.hpp>

namespace tine::matrix {

struct MatrixShape {
  ElementType type = ElementType::f8;
  std::size_t rows = 0, columns = 0;
};

/// What FileWriter hands its rows to. Throw FileError with a reason and no name.
class RowsWriter {
 public:
  virtual ~RowsWriter() = default;
  /// In which it wants them.
  virtual Order order() const { return Order::row_major; }
  /// Rows from the `first` on, of the type of the file. All of them where the order is by columns.
  virtual void append(const PoolWith& on, const AnyMatrix& rows, std::size_t first) = 0;
  virtual void finish() {}
};

std::unique_ptr<RowsWriter> npy_writer(int file, const MatrixShape& shape);
std::unique_ptr<RowsWriter> csv_writer(int file, const MatrixShape& shape,
                                       const WriteOptions& options);
std::unique_ptr<RowsWriter> mtx_writer(int file, const MatrixShape& shape);
std::unique_ptr<RowsWriter> hdf5_writer(int file, const MatrixShape& shape,
                                        const WriteOptions& options);

void write_bytes(int file, const void* data, std::size_t bytes);

}  // namespace tine::matrix
