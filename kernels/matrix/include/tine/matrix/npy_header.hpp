/// @file
/// Headers of .npy files, versions 1 to 3 (NumPy's manual, numpy.lib.format).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tine::matrix {

struct NpyHeader {
  std::string kind;  ///< letter and bytes of a value: "f4"; empty for what is no plain number
  bool big_endian = false;
  bool fortran_order = false;
  std::vector<std::uint64_t> shape;
  std::uint64_t offset = 0;  ///< of the values
};

/// From the first bytes of a file, which must hold all of it; none when it does not begin as such files
/// do. Throws FileError for what is no header.
std::optional<NpyHeader> parse_npy_header(std::span<const std::uint8_t> head);

/// How many of the first bytes parse_npy_header() needs, from the first 12; 0 when it is no such file.
std::uint64_t npy_header_bytes(std::span<const std::uint8_t> head);

/// Of an array in C order, or in Fortran order, whose values follow in little-endian order. Such a header
/// is a multiple of 64 bytes.
std::string make_npy_header(std::string_view kind, bool fortran_order,
                            std::span<const std::uint64_t> shape);

}  // namespace tine::matrix
