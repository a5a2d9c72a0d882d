#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <utility>

#include <tine/matrix/npy_header.hpp>

#include "file_job.hpp"
#include "writers.hpp"

namespace tine::matrix {

namespace {

class NpyWriter : public RowsWriter {
 public:
  NpyWriter(int file, const MatrixShape& shape) : file_(file) {
    const std::uint64_t extents[] = {shape.rows, shape.columns};
    const std::string header = make_npy_header(to_string(shape.type), false, extents);
    write_bytes(file_, header.data(), header.size());
  }
  void append(const PoolWith&, const AnyMatrix& rows, std::size_t) override {
    write_bytes(file_, rows.data(), rows.bytes().size());
  }

 private:
  int file_;
};

void sync(int file) {
  struct stat about;
  if (fstat(file, &about) == 0 && S_ISREG(about.st_mode) && fsync(file) != 0)
    throw FileError(std::string("cannot be written: ") + strerror(errno));
}

}  // namespace

void write_bytes(int file, const void* data, std::size_t bytes) {
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t put = ::write(file, static_cast<const char*>(data) + done, bytes - done);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) throw FileError(std::string("cannot be written: ") + strerror(errno));
    done += static_cast<std::size_t>(put);
  }
}

std::unique_ptr<RowsWriter> npy_writer(int file, const MatrixShape& shape) {
  return std::make_unique<NpyWriter>(file, shape);
}

struct FileWriter::State {
  int file;
  std::string name;
  MatrixShape shape;
  std::unique_ptr<RowsWriter> rows;
  std::size_t next = 0;  // row

  // What a format complains about, with the file's name.
  template <class F>
  void attempt(F f) {
    try {
      f();
    } catch (const FileError& error) {
      throw file_error(name, error.what());
    }
  }
};

FileWriter::FileWriter(int file, std::string name, FileFormat format, ElementType type,
                       std::size_t rows, std::size_t columns, WriteOptions options)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.file = file;
  s.name = std::move(name);
  s.shape = {type, rows, columns};
  s.attempt([&] {
    switch (format) {
      case FileFormat::npy:
        s.rows = npy_writer(file, s.shape);
        break;
      case FileFormat::csv:
        s.rows = csv_writer(file, s.shape, options);
        break;
      case FileFormat::mtx:
        s.rows = mtx_writer(file, s.shape);
        break;
      case FileFormat::hdf5:
        s.rows = hdf5_writer(file, s.shape, options);
        break;
    }
  });
}

FileWriter::~FileWriter() = default;
FileWriter::FileWriter(FileWriter&&) noexcept = default;
FileWriter& FileWriter::operator=(FileWriter&&) noexcept = default;

bool FileWriter::by_rows() const {
  return state_->rows->order() == Order::row_major;
}

void FileWriter::append(const PoolWith& on, AnyMatrix rows) {
  State& s = *state_;
  const std::size_t n = rows.rows();
  if (rows.columns() != s.shape.columns || n > s.shape.rows - s.next ||
      (!by_rows() && n != s.shape.rows))
    throw InvalidArgument("tine::matrix::FileWriter: " + s.name + " is to have " +
                          std::to_string(s.shape.rows) + " x " + std::to_string(s.shape.columns) +
                          " elements, and there come " + std::to_string(n) + " x " +
                          std::to_string(rows.columns()) + " at row " + std::to_string(s.next));
  const AnyMatrix as_wanted = changed(on, std::move(rows), s.shape.type, s.rows->order());
  s.attempt([&] { s.rows->append(on, as_wanted, s.next); });
  s.next += n;
}

void FileWriter::finish() {
  State& s = *state_;
  if (s.next != s.shape.rows) throw file_error(s.name, "rows are missing");
  s.attempt([&] {
    s.rows->finish();
    sync(s.file);
  });
}

void write_file(const PoolWith& on, const std::string& name, AnyMatrix matrix,
                WriteOptions options) {
  FileName target = split_dataset(name);
  const auto format = format_of(name);
  if (!format)
    throw file_error(name, "its extension says no format; .npy, .csv, .tsv, .mtx and .h5 do");
  if (!target.dataset.empty()) options.dataset = target.dataset;
  if (target.file.ends_with(".tsv") && options.delimiter == ',') options.delimiter = '\t';
  std::string spare = target.file + ".XXXXXX";
  const int file = mkostemp(spare.data(), O_CLOEXEC);
  if (file < 0) throw file_error(name, std::string("cannot be written: ") + strerror(errno));
  try {
    FileWriter writer(file, name, *format, matrix.type(), matrix.rows(), matrix.columns(),
                      std::move(options));
    writer.append(on, std::move(matrix));
    writer.finish();
    // mkostemp() makes it for its owner alone.
    const mode_t mask = umask(0);
    umask(mask);
    if (fchmod(file, 0666 & ~mask) != 0 || std::rename(spare.c_str(), target.file.c_str()) != 0)
      throw file_error(name, std::string("cannot be written: ") + strerror(errno));
  } catch (...) {
    ::close(file);
    unlink(spare.c_str());
    throw;
  }
  ::close(file);
}

}  // namespace tine::matrix
