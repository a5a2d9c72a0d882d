#include "row_index.hpp"

#include <algorithm>
#include <bit>
#include <iterator>

namespace tine::mining {

RowIndex::RowIndex(SliceText& text, char delimiter, std::uint32_t columns, bool quoted)
    : text_(text),
      delimiter_(delimiter),
      columns_(columns),
      most_(std::clamp<std::size_t>((1 << 17) / (columns + 1), 1, batch_rows)),
      ends_(std::make_unique_for_overwrite<std::uint32_t[]>(most_ * stride())),
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

// A row that is not as the others are, or none; whether it is to be kept.
bool RowIndex::end_odd_row(std::uint32_t end, std::uint64_t cells, bool unclosed) {
  if (skipping_)
    skipping_ = false;
  else if (end == row_begin_)
    return false;  // a blank line
  else if (cells != columns_ || unclosed)
    ragged_.push_back({row_begin_, cells, unclosed});
  else
    return true;
  return false;
}

std::size_t RowIndex::next() {
  ragged_.clear();
  std::uint32_t* row = ends_.get();
  const std::uint32_t* const behind = row + most_ * stride();
  std::uint32_t* cell = row + 1;
  std::uint64_t surplus = 0;  // cells that the row should not have
  while (!over_) {
    const char* const bytes = text_.bytes();
    for (; block_.separators != 0; block_.separators &= block_.separators - 1) {
      const std::uint32_t at =
          base_ + static_cast<std::uint32_t>(std::countr_zero(block_.separators));
      const std::uint64_t bit = block_.separators & -block_.separators;
      const bool last = cell == row + columns_;
      if ((block_.newlines & bit) == 0) {
        if (last) [[unlikely]]
          ++surplus;
        else
          *cell++ = at;
        continue;
      }
      const std::uint32_t end = at - (at > row_begin_ && bytes[at - 1] == '\r');
      if ((last && surplus == 0 && end != row_begin_ && !skipping_) ||
          end_odd_row(end, static_cast<std::uint64_t>(cell - row) + surplus, false)) [[likely]] {
        row[0] = row_begin_ - 1;
        *cell = end;
        row += stride();
      }
      cell = row + 1;
      surplus = 0;
      row_begin_ = at + 1;
      over_ = row_begin_ >= text_.limit();
      if (over_ || row == behind) {
        block_.separators &= block_.separators - 1;
        return static_cast<std::size_t>(row - ends_.get()) / stride();
      }
    }
    if (next_block()) continue;
    // The last line may lack its end.
    if (!over_ && row_begin_ < text_.end() && !skipping_) {
      const std::uint32_t end = text_.end() - (text_.bytes()[text_.end() - 1] == '\r');
      if (end_odd_row(end, static_cast<std::uint64_t>(cell - row) + surplus, state_.quoted())) {
        row[0] = row_begin_ - 1;
        *cell = end;
        row += stride();
      }
    }
    over_ = true;
  }
  return static_cast<std::size_t>(row - ends_.get()) / stride();
}

}  // namespace tine::mining
