// The worker's side of a CSV file: the rows that begin in one slice.
#include <algorithm>
#include <optional>
#include <span>
#include <stdexcept>

#include "column_reader.hpp"
#include "csv_file.hpp"
#include "csv_report.hpp"
#include "row_index.hpp"
#include "slice_text.hpp"

namespace tine::mining {

namespace {

class CsvStream final : public Stream {
 public:
  CsvStream(std::span<const std::byte> description, std::size_t slice, bool quoted);

  bool next(Batch& batch) override;
  void report(BlobWriter& to) const override { write(to, report_); }

 private:
  // Rows of the last batch that are none; how many of those in the index are left.
  std::size_t take_out_bad(std::size_t rows);
  void find_ends();
  // What is wrong with the file goes into the report, since it ends the query, not the job.
  template <class F>
  void guarded(F f) {
    try {
      f();
    } catch (const std::runtime_error& error) {
      report_.described = {{BadRow::Kind::file, 0, 0, std::string(error.what()).substr(0, 200)}};
      over_ = true;
    }
  }

  CsvLayout layout_;
  SliceReport report_;
  std::optional<SliceText> text_;
  std::optional<RowIndex> index_;
  std::vector<ColumnReader> columns_;
  std::vector<Vector> vectors_;
  bool checks_ = false;  // some column is to be widened: the rest is not converted any more
  bool over_ = false;
};

CsvLayout layout_of(std::span<const std::byte> description) {
  BlobReader reader(description);
  return read_layout(reader);
}

CsvStream::CsvStream(std::span<const std::byte> description, std::size_t slice, bool quoted)
    : layout_(layout_of(description)) {
  report_.quoted = quoted;
  guarded([&] {
    text_.emplace(layout_, slice);
    index_.emplace(*text_, layout_.delimiter, layout_.columns, quoted);
  });
  columns_.reserve(layout_.read.size());
  for (const CsvColumn& column : layout_.read)
    columns_.emplace_back(column, layout_.nulls, index_ ? index_->most() : 0);
}

// Those that may be described.
template <class T>
std::span<T> first(std::span<T> rows) {
  return rows.first(std::min(rows.size(), described_rows));
}

std::size_t CsvStream::take_out_bad(std::size_t rows) {
  std::vector<std::uint32_t> misfits;
  for (const ColumnReader& column : columns_)
    misfits.insert(misfits.end(), column.misfits().begin(), column.misfits().end());
  std::ranges::sort(misfits);
  misfits.erase(std::unique(misfits.begin(), misfits.end()), misfits.end());
  const std::vector<RaggedRow>& ragged = index_->ragged();
  if (misfits.empty() && ragged.empty()) return rows;

  std::vector<BadRow> bad;
  for (const std::uint32_t row : first(std::span(misfits))) {
    const auto column = std::ranges::find_if(columns_, [&](const ColumnReader& c) {
      return std::ranges::binary_search(c.misfits(), row);
    });
    const std::uint32_t* const ends = index_->ends() + row * index_->stride();
    const std::uint32_t begin = ends[column->index()] + 1;
    const std::string_view cell(text_->bytes() + begin, ends[column->index() + 1] - begin);
    bad.push_back({BadRow::Kind::cell, text_->offset(ends[0] + 1), column->index(),
                   unquoted(cell.substr(0, 60))});
  }
  for (const RaggedRow& row : first(std::span(ragged)))
    bad.push_back({row.unclosed ? BadRow::Kind::unclosed : BadRow::Kind::cells,
                   text_->offset(row.begin),
                   row.cells,
                   {}});
  std::ranges::sort(bad, {}, &BadRow::offset);
  for (BadRow& row : bad)
    if (report_.described.size() < described_rows) report_.described.push_back(std::move(row));
  report_.bad += misfits.size() + ragged.size();
  report_.rows += ragged.size();
  over_ |= !layout_.skip_bad;
  for (ColumnReader& column : columns_) column.remove(misfits, rows);
  return rows - misfits.size();
}

void CsvStream::find_ends() {
  const std::uint32_t end = text_->next_begin();
  const QuoteEnds ends = quote_ends(text_->bytes() + text_->begin(), end - text_->begin(),
                                    layout_.delimiter, index_->begins_cell());
  report_.ends_quoted[0] = ends.quoted[0];
  report_.ends_quoted[1] = ends.quoted[text_->first() ? 0 : 1];
}

bool CsvStream::next(Batch& batch) {
  while (!over_) {
    std::size_t rows = 0;
    guarded([&] { rows = index_->next(); });
    if (over_) break;
    if (rows == 0) over_ = true;
    report_.rows += rows;
    for (ColumnReader& column : columns_)
      if (checks_)
        column.check(text_->bytes(), *index_, rows);
      else
        column.read(text_->bytes(), *index_, rows);
    rows = take_out_bad(rows);
    checks_ |= std::ranges::any_of(columns_, &ColumnReader::widened);
    if (checks_ || rows == 0) continue;
    vectors_.clear();
    for (const ColumnReader& column : columns_) vectors_.push_back(column.vector());
    batch = {rows, vectors_};
    return true;
  }
  if (text_) guarded([&] { find_ends(); });
  report_.widened.clear();
  for (const ColumnReader& column : columns_)
    if (column.widened()) report_.widened.push_back({column.index(), column.found(), false});
  return false;
}

}  // namespace

std::unique_ptr<Stream> open_csv_stream(std::span<const std::byte> description, std::size_t slice,
                                        bool quoted) {
  return std::make_unique<CsvStream>(description, slice, quoted);
}

}  // namespace tine::mining
