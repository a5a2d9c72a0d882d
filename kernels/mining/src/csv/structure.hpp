// Where cells and rows end: 64 bytes at a time, a bit for each.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace tine::mining {

struct Marks {
  std::uint64_t separators;  // delimiters and ends of lines
  std::uint64_t newlines;
  std::uint64_t quotes;
};

/// Of `blocks` times 64 bytes.
void find_marks(const char* bytes, std::size_t blocks, char delimiter, Marks* marks);

/// Which separators and newlines are such, and which are in quoted cells.
///
/// A quote opens a cell where the cell begins. Within, two quotes stand for one: that is the same as a
/// cell that closes and, since the next byte is a quote, opens again. All other quotes are text. Where
/// quotes come in such pairs only, what lies between is a prefix sum of their bits.
class QuoteState {
 public:
  QuoteState() = default;
  QuoteState(bool quoted, bool may_open) : quoted_(quoted), may_open_(may_open) {}

  bool quoted() const { return quoted_; }
  friend bool operator==(const QuoteState&, const QuoteState&) = default;

  /// Goes over the first `size` bytes of a block, from 1 to 64, whose marks are none behind them, and takes
  /// away the marks in quoted cells.
  void take(Marks& marks, unsigned size) {
    if (marks.quotes == 0 && !quoted_) [[likely]] {
      may_open_ = marks.separators >> (size - 1) & 1;
      return;
    }
    take_quotes(marks, size);
  }

 private:
  void take_quotes(Marks& marks, unsigned size);

  bool quoted_ = false;
  bool may_open_ = true;  // a quote that comes next opens a cell
};

/// The states at the end of text that begins either outside of quotes or within, with no quote before it
/// and at it.
struct QuoteEnds {
  bool quoted[2];
};
QuoteEnds quote_ends(const char* bytes, std::size_t size, char delimiter, bool begins_cell);

}  // namespace tine::mining
