// The bytes of a slice, and those behind it that its last row needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "csv_layout.hpp"
#include "input_file.hpp"

namespace tine::mining {

/// Positions count from the first byte in memory; at least `margin` bytes before it, and behind the last
/// one, may be read, and are 0.
class SliceText {
 public:
  static constexpr std::size_t margin = 64;

  /// Throws FileError.
  SliceText(const CsvLayout& layout, std::size_t slice);

  const char* bytes() const { return buffer_.get() + margin; }
  /// Where the slice begins. No quote follows another one there: which of them end a cell is settled
  /// where a run of quotes began, in an earlier slice.
  std::uint32_t begin() const { return begin_; }
  /// Whether a row begins there if it is not within quotes.
  bool begins_row() const { return begins_row_; }
  /// Whether the first row of the file is at begin(): then it is not within quotes.
  bool first() const { return first_; }
  /// Rows that begin before it are this slice's.
  std::uint32_t limit() const { return limit_; }
  /// Where the next slice begins, for quotes. Reads on to there.
  std::uint32_t next_begin();
  /// How many bytes there are.
  std::uint32_t end() const { return static_cast<std::uint32_t>(have_); }
  std::uint64_t offset(std::uint32_t position) const { return offset_ + position; }
  /// Whether the file ends at end().
  bool complete() const { return offset_ + have_ == layout_size_; }

  /// Reads on; false at the end of the file. Bytes move, positions stay. Throws FileError when that is
  /// more than a row may have.
  bool more();

 private:
  void load(std::size_t bytes);
  std::uint32_t behind_quotes(std::uint32_t position);

  InputFile file_;
  std::uint64_t layout_size_;
  std::uint64_t offset_ = 0;  // of the first byte
  std::unique_ptr<char[]> buffer_;
  std::size_t room_ = 0, have_ = 0;
  std::size_t step_ = 4096;  // to read on behind the slice
  std::uint32_t begin_ = 0, limit_ = 0;
  bool begins_row_ = false, first_ = false;
};

}  // namespace tine::mining
