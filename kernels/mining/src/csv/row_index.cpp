#include "row_index.hpp"

#include <algorithm>
#include <bit>
#include <iterator>

namespace tine::mining {

RowIndex::RowIndex(SliceText& text, char delimiter, std::uint32_t columns, bool quoted)
    : text_(text),
      delimiter_(delimiter),
      columns_(columns),
      most_(std::clamp<std::size_t>((1 << 20) / (columns + 1), 1, batch_rows)),
      ends_(most_ * stride()),
      base_(text.begin()) {
  const char before = text.first() ? '\n' : text.bytes()[text.begin() - 1];
  begins_cell_ = before == '\n' || before == delimiter;
  quoted &= !text.first();
  state_ = QuoteState(quoted, begins_cell_ && !quoted);
  skipping_ = quoted || !text.begins_row();
  over_ = text.begin() >= text.limit();
  row_begin_ = text.begin();
}

// Marks the next bytes; false where the file ends.
bool RowIndex::next_block() {
  base_ += size_;
  if (base_ == text_.end()) {
    // A row that began in another slice is no reason to read on.
    if (skipping_ && base_ >= text_.limit()) over_ = true;
    size_ = 0;
    if (over_ || !text_.more()) return false;
  }
  if (base_ >= marked_) {
    const std::size_t left = text_.end() - base_;
    marks_count_ = std::min(std::size(marks_), (left + 63) / 64);
    find_marks(text_.bytes() + base_, marks_count_, delimiter_, marks_);
    marked_ = base_ + static_cast<std::uint32_t>(std::min(left, marks_count_ * 64));
    next_mark_ = 0;
  }
  block_ = marks_[next_mark_++];
  size_ = std::min<std::uint32_t>(64, marked_ - base_);
  if (size_ < 64) {
    const std::uint64_t there = (std::uint64_t{1} << size_) - 1;
    block_.separators &= there;
    block_.newlines &= there;
    block_.quotes &= there;
  }
  state_.take(block_, size_);
  return true;
}

// A row whose end is at `at`; false when it was the last one.
bool RowIndex::end_row(std::uint32_t at) {
  std::uint32_t* const row = ends_.data() + rows_ * stride();
  const bool carriage_return = at > row_begin_ && text_.bytes()[at - 1] == '\r';
  const std::uint32_t end = at - carriage_return;
  if (skipping_) {
    skipping_ = false;
  } else if (end == row_begin_) {
    // A blank line.
  } else if (cells_ == columns_) {
    row[0] = row_begin_ - 1;
    row[columns_] = end;
    ++rows_;
  } else {
    ragged_.push_back({row_begin_, cells_, false});
  }
  cells_ = 0;
  row_begin_ = at + 1;
  over_ = row_begin_ >= text_.limit();
  return !over_;
}

std::size_t RowIndex::next() {
  rows_ = 0;
  ragged_.clear();
  while (!over_ && rows_ < most_) {
    while (block_.separators != 0) {
      const auto bit = static_cast<unsigned>(std::countr_zero(block_.separators));
      block_.separators &= block_.separators - 1;
      const std::uint32_t at = base_ + bit;
      ++cells_;
      if ((block_.newlines >> bit & 1) != 0) {
        if (!end_row(at) || rows_ == most_) break;
      } else {
        ends_[rows_ * stride() + std::min<std::uint64_t>(cells_, columns_)] = at;
      }
    }
    if (over_ || rows_ == most_) break;
    if (!next_block()) {
      if (over_) break;
      // The last line lacks its end.
      over_ = true;
      if (row_begin_ == text_.end() || skipping_) break;
      ++cells_;
      if (state_.quoted()) {
        ragged_.push_back({row_begin_, cells_, true});
      } else {
        end_row(text_.end());
        over_ = true;
      }
    }
  }
  return rows_;
}

}  // namespace tine::mining
