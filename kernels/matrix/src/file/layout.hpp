// What workers have to know of a file to read any part of it: found out by one of them, and then in
// shared memory.
#pragma once

#include <cstdint>
#include <span>

#include <tine/matrix/coordinates.hpp>
#include <tine/matrix/file.hpp>

#include "input_file.hpp"

namespace tine::matrix {

struct Layout {
  using Symmetry = Coordinates::Symmetry;

  // What is wished for; type and delimiter are made what they become.
  FileFormat format = FileFormat::csv;
  bool format_known = false, type_known = false;
  Header header = Header::automatic;
  char delimiter = 0;  // a blank stands for any number of blanks and tabs

  ElementType type = ElementType::f8, stored_type = ElementType::f8;
  Order order = Order::row_major;
  std::uint64_t rows = 0, columns = 0;
  std::uint64_t begin = 0, end = 0;                  // of the values, in bytes of the file
  bool swapped = false;                              // the bytes of each number
  bool text = false;                                 // lines of numbers, which an index finds
  std::uint64_t header_begin = 0, header_bytes = 0;  // a line of names

  bool coordinate = false, pattern = false;
  Symmetry symmetry = Symmetry::general;
  std::uint64_t entries = 0;  // lines of a text

  bool one_dimensional = false;
  std::uint64_t chunk_rows = 1;  // that are decoded together
  char dataset[512] = {};
};

// Each fills in the layout of a file of its format. Throw FileError.
void probe_npy(const InputFile& file, Layout& layout);
void probe_csv(const InputFile& file, Layout& layout);
void probe_mtx(const InputFile& file, Layout& layout);
void probe_hdf5(const InputFile& file, Layout& layout);

/// By the format that is wished for, or by what the file begins with.
void probe(const InputFile& file, Layout& layout);
/// A worker wrote it, whom a hostile file may have taken over. Throws FileError when it cannot be, or
/// claims more than can be addressed.
void check(const Layout& layout);

/// Where lines end: of each chunk of the bytes [begin, end), how many lines that are not empty end in it
/// and in those before.
using LineIndex = std::span<const std::uint64_t>;
inline constexpr std::uint64_t index_chunk = 256 << 10;

/// Lines that are not empty and end in this chunk; the last line of the file may lack its end.
std::uint64_t count_lines(const InputFile& file, const Layout& layout, std::uint64_t chunk);
/// Where the line with this number begins, or empty ones before it.
std::uint64_t find_line(const InputFile& file, const Layout& layout, LineIndex index,
                        std::uint64_t line);
/// The number of the line at this place, counted from 1, empty ones included: for messages.
std::uint64_t number_of_line(const InputFile& file, std::uint64_t offset);

/// Elements of lines (rows, or columns if that is the file's order) of which those `within` a range.
struct FilePart {
  Range lines, within;
};
// Each writes them, as layout.type, one after another. Throw FileError.
void read_npy(const InputFile& file, const Layout& layout, const FilePart& part, std::byte* to);
void read_csv(const InputFile& file, const Layout& layout, LineIndex index, const FilePart& part,
              std::byte* to);
void read_hdf5(const InputFile& file, const Layout& layout, const FilePart& part, std::byte* to);
/// Numbers of an array in a .mtx file, one a line.
void read_mtx_values(const InputFile& file, const Layout& layout, LineIndex index, Range lines,
                     std::byte* to);
/// Entries of a .mtx file in coordinate format.
void read_mtx_entries(const InputFile& file, const Layout& layout, LineIndex index, Range lines,
                      std::uint64_t* rows, std::uint64_t* columns, std::byte* values);

/// Names in a header line of CSV.
std::vector<std::string> split_header(std::string_view line, char delimiter);

}  // namespace tine::matrix
