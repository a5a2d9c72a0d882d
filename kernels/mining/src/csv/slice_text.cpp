#include "slice_text.hpp"

#include <algorithm>
#include <cstring>

#include <tine/mining/error.hpp>

namespace tine::mining {

namespace {

// What is read at a time is still in the cache when it is looked at.
constexpr std::size_t piece = 128 << 10;

}  // namespace

SliceText::SliceText(const CsvLayout& layout, std::size_t slice)
    : file_(layout.source), layout_size_(layout.size) {
  const std::uint64_t end = std::min<std::uint64_t>((slice + 1) * layout.slice_bytes, layout.size);
  const std::uint64_t begin =
      std::min(end, std::max<std::uint64_t>(slice * layout.slice_bytes, layout.begin));
  first_ = begin == layout.begin;
  offset_ = first_ ? begin : begin - 1;
  begin_ = static_cast<std::uint32_t>(begin - offset_);
  limit_ = static_cast<std::uint32_t>(end - offset_);
  room_ = limit_ + step_;
  load(piece);
  begins_row_ = first_ || bytes()[0] == '\n';
  if (!first_) begin_ = behind_quotes(begin_);
}

std::uint32_t SliceText::next_begin() {
  while (have_ < limit_ && more()) {
  }
  return std::max(begin_, limit_ > 0 ? behind_quotes(limit_) : 0U);
}

std::uint32_t SliceText::behind_quotes(std::uint32_t position) {
  for (;; ++position) {
    if (position == have_ && !more()) return position;
    if (bytes()[position - 1] != '"' || bytes()[position] != '"') return position;
  }
}

// So many in all, if there are as many.
void SliceText::load(std::size_t bytes) {
  bytes = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, layout_size_ - offset_));
  if (bytes > room_ || buffer_ == nullptr) {
    room_ = std::max(bytes, buffer_ == nullptr ? room_ : 2 * room_);
    auto buffer = std::make_unique_for_overwrite<char[]>(room_ + 2 * margin);
    std::memset(buffer.get(), 0, margin);
    if (have_ > 0) std::memcpy(buffer.get() + margin, buffer_.get() + margin, have_);
    buffer_ = std::move(buffer);
  }
  file_.read(offset_ + have_, buffer_.get() + margin + have_, bytes - have_);
  have_ = bytes;
  std::memset(buffer_.get() + margin + have_, 0, margin);
}

bool SliceText::more() {
  if (complete()) return false;
  if (have_ > csv_slice_bytes + longest_row)
    throw FileError("a row is longer than " + std::to_string(longest_row >> 20) + " MiB");
  if (have_ < limit_) {
    load(std::min<std::size_t>(have_ + piece, limit_ + step_));
  } else {
    load(have_ + step_);
    step_ *= 2;
  }
  return true;
}

}  // namespace tine::mining
