/// @file
/// Matrices in files: .npy, CSV, MatrixMarket (.mtx) and HDF5, read and written in the workers of a pool, as
/// a whole or in blocks of rows.
///
/// Files may come from strangers: they are parsed in workers, which may be shut in a sandbox, and are
/// read, not mapped, so that no change to them meanwhile does harm. What does not fit together is refused
/// with FileError. Results have the same bits on any number of workers.
///
/// | format | types of elements | what else |
/// |---|---|---|
/// | npy | all of ElementType, and bool as u1 | versions 1 to 3, both orders, both byte orders; one or two dimensions |
/// | csv | real; complex where `type` says so | a header line or none, quoted numbers, empty cells (NaN), CRLF, a byte order mark |
/// | mtx | real, integer, complex, pattern | array and coordinate; general, symmetric, skew-symmetric, hermitian |
/// | hdf5 | all of ElementType | datasets of one or two dimensions, with any layout and filter |
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tine/matrix/any_matrix.hpp>
#include <tine/matrix/file_error.hpp>
#include <tine/partition.hpp>

namespace tine::matrix {

enum class FileFormat : std::uint8_t { npy, csv, mtx, hdf5 };

/// "npy"
std::string_view to_string(FileFormat format);
/// By the extension of a file's name (.npy; .csv, .tsv, .txt, .dat; .mtx; .h5, .hdf5), with a
/// dataset behind it or not; none for another one.
std::optional<FileFormat> format_of(std::string_view file);
/// Whether this build reads and writes HDF5.
bool has_hdf5();

/// The file and the dataset of "runs.h5:/first/a"; the dataset of other names is empty.
struct FileName {
  std::string file, dataset;
};
FileName split_dataset(std::string_view name);

/// Where a file is, and how workers open it.
struct FileSource {
  /// For messages, and for the default `open`. For HDF5 a dataset may follow: "runs.h5:/first/a".
  /// Without one, the file must hold a single dataset.
  std::string name;
  /// Called in workers: returns a descriptor, which is then closed, or throws. By default the file with
  /// this name is opened.
  int (*open)(const char* name, std::size_t number) = nullptr;
  std::size_t number = 0;  ///< passed to `open`
};

enum class Header : std::uint8_t { automatic, present, absent };

struct ReadOptions {
  std::optional<FileFormat> format{};  ///< else by what the file begins with
  /// Of elements, also where the file has others; else those of the file, and doubles for CSV.
  std::optional<ElementType> type{};
  char delimiter = 0;  ///< of CSV; 0: what the first line has most of: , ; tab | or blanks
  Header header = Header::automatic;  ///< of CSV; automatic: it is one when a cell is no number
};

/// What is known of a matrix before its elements are read.
struct FileInfo {
  FileFormat format{};
  ElementType type{};         ///< of the elements as they are read
  ElementType stored_type{};  ///< as they are in the file
  std::size_t rows = 0, columns = 0;
  Order order{};            ///< in which they are read
  bool by_rows = true;      ///< whether blocks of rows can be read; else all at once
  bool coordinate = false;  ///< a sparse .mtx file: entries with their places
  std::size_t entries = 0;  ///< that are in the file
  std::string symmetry = "general";
  std::string dataset;             ///< of HDF5
  std::uint64_t bytes = 0;         ///< of the file
  std::vector<std::string> names;  ///< of the columns, where the file has a header
};

struct Coordinates;

/// An open file. Makes no copy of it; what is read is what the file holds then.
class FileReader {
 public:
  /// Looks at the header; and where lines are numbers, at where lines end, in parallel. Throws FileError,
  /// and what for_each_slice() throws.
  FileReader(const PoolWith& on, FileSource source, const ReadOptions& options = {});
  ~FileReader();
  FileReader(FileReader&&) noexcept;
  FileReader& operator=(FileReader&&) noexcept;

  const FileInfo& info() const;
  /// Elements are read in this type from now on. Throws FileError when it holds none of these.
  void read_as(ElementType type);

  /// All of it. Throws FileError, OutOfMemory.
  AnyMatrix read(const PoolWith& on) const;
  /// These rows. Throws InvalidArgument where info().by_rows is false and these are not all of them.
  AnyMatrix read(const PoolWith& on, Range rows) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
  friend Coordinates read_coordinates(const PoolWith& on, const FileReader& file);
};

struct WriteOptions {
  char delimiter = ',';              ///< of CSV
  std::vector<std::string> names{};  ///< of the columns, for CSV: the header line
  std::string dataset = "/matrix";   ///< of HDF5
};

/// A file that is being written, from top to bottom.
class FileWriter {
 public:
  /// @param file        open for writing and empty; stays open. HDF5 needs a regular file, others also go
  ///                    to pipes.
  /// @param name        for messages
  FileWriter(int file, std::string name, FileFormat format, ElementType type, std::size_t rows,
             std::size_t columns, WriteOptions options = {});
  ~FileWriter();
  FileWriter(FileWriter&&) noexcept;
  FileWriter& operator=(FileWriter&&) noexcept;

  /// Whether rows can be appended block by block; else all at once.
  bool by_rows() const;
  /// The next rows, in any order of elements and of any type that becomes that of the file.
  /// Throws FileError, OutOfMemory.
  void append(const PoolWith& on, AnyMatrix rows);
  /// After the last row: all is on the disk, where the file is a regular one. Throws FileError, also when
  /// rows are missing.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// All of a file.
///
/// @code
/// auto a = tine::matrix::read_file(pool, "a.npy", {.type = ElementType::f8});
/// tine::matrix::gemm(pool, a.as<double>(), a.as<double>(), c);
/// @endcode
AnyMatrix read_file(const PoolWith& on, const std::string& name, const ReadOptions& options = {});

/// Writes a file that appears whole or not at all: beside the target, then renamed to it, which it
/// replaces. The format is that of the name's extension. Throws FileError.
void write_file(const PoolWith& on, const std::string& name, AnyMatrix matrix,
                WriteOptions options = {});

}  // namespace tine::matrix
