// Where the cells of rows are.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "../batch.hpp"
#include "slice_text.hpp"
#include "structure.hpp"

namespace tine::mining {

/// A row that does not have as many cells as it should.
struct RaggedRow {
  std::uint32_t begin;
  std::uint64_t cells;
  bool unclosed;  // its last cell has quotes that the file ends in
};

/// Finds the rows that begin in a slice, some at a time.
class RowIndex {
 public:
  /// Reads on from `text`, which stays.
  RowIndex(SliceText& text, char delimiter, std::uint32_t columns, bool quoted);

  /// Whether a quote at the slice's begin opens a cell, if it is not within quotes.
  bool begins_cell() const { return begins_cell_; }
  /// How many rows next() gives at most.
  std::size_t most() const { return most_; }
  /// The next rows, batch_rows at most (fewer of very many columns), without blank lines and ragged rows.
  /// None: there are no more.
  std::size_t next();
  /// Rows among those of next() that are none, in their order.
  const std::vector<RaggedRow>& ragged() const { return ragged_; }

  /// Of the first row: the place before it, and where each of its cells ends, before a delimiter. The next
  /// row's are `stride()` behind them.
  const std::uint32_t* ends() const { return ends_.get(); }
  std::size_t stride() const { return std::size_t{columns_} + 1; }

 private:
  bool next_block();
  bool end_odd_row(std::uint32_t end, std::uint64_t cells, bool unclosed);

  SliceText& text_;
  char delimiter_;
  std::uint32_t columns_;
  std::size_t most_;  // rows at a time
  std::unique_ptr<std::uint32_t[]> ends_;
  std::vector<RaggedRow> ragged_;

  QuoteState state_;
  std::uint32_t base_ = 0, size_ = 0;  // the block
  Marks block_{};                      // what is still to be looked at
  std::uint32_t marked_ = 0;           // end of the blocks in marks_, and which is next
  std::size_t next_mark_ = 0, marks_count_ = 0;
  Marks marks_[64];

  std::uint32_t row_begin_ = 0;
  bool skipping_ = false;  // what belongs to a row of an earlier slice
  bool begins_cell_ = false;
  bool over_ = false;
};

}  // namespace tine::mining
