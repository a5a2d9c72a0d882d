#include "table_source.hpp"

#include <algorithm>
#include <array>

#include "stored_column.hpp"

namespace tine::mining {

namespace {

class TableStream final : public Stream {
 public:
  TableStream(std::span<const StoredColumn> columns, std::size_t begin, std::size_t end)
      : columns_(columns.begin(), columns.end()),
        next_(begin),
        end_(end),
        scratch_(columns.size()) {
    for (const StoredColumn& column : columns_) vectors_.push_back(Vector{.type = column.type});
  }

  bool next(Batch& batch) override {
    if (next_ >= end_) return false;
    batch.rows = std::min(batch_rows, end_ - next_);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const StoredColumn& c = columns_[i];
      Vector& v = vectors_[i];
      v.nulls = c.nulls == nullptr ? nullptr : c.nulls + next_;
      switch (c.storage) {
        case Storage::bytes:
          v.values = static_cast<const std::uint8_t*>(c.values) + next_;
          break;
        case Storage::integers64:
          v.values = static_cast<const std::int64_t*>(c.values) + next_;
          break;
        case Storage::reals64:
          v.values = static_cast<const double*>(c.values) + next_;
          break;
        case Storage::integers32:
          v.values = widened<std::int64_t>(static_cast<const std::int32_t*>(c.values), batch.rows,
                                           scratch_[i]);
          break;
        case Storage::reals32:
          v.values = widened<double>(static_cast<const float*>(c.values), batch.rows, scratch_[i]);
          break;
        case Storage::codes:
          v.values = texts(c, batch.rows, scratch_[i]);
          break;
      }
    }
    batch.columns = vectors_;
    next_ += batch.rows;
    return true;
  }

 private:
  using Scratch = std::vector<std::array<std::byte, 16>>;

  template <class To, class From>
  const To* widened(const From* values, std::size_t rows, Scratch& scratch) const {
    scratch.resize(batch_rows);
    auto* const to = reinterpret_cast<To*>(scratch.data());
    for (std::size_t r = 0; r < rows; ++r) to[r] = values[next_ + r];
    return to;
  }

  const std::string_view* texts(const StoredColumn& c, std::size_t rows, Scratch& scratch) const {
    scratch.resize(batch_rows);
    auto* const to = reinterpret_cast<std::string_view*>(scratch.data());
    const auto* const codes = static_cast<const std::uint32_t*>(c.values) + next_;
    for (std::size_t r = 0; r < rows; ++r) {
      to[r] = c.text_of(codes[r]);
    }
    return to;
  }

  std::vector<StoredColumn> columns_;
  std::size_t next_, end_;
  std::vector<Vector> vectors_;
  std::vector<Scratch> scratch_;
};

}  // namespace

std::size_t rows_of_slice(std::size_t rows) {
  const std::size_t batches = (rows + batch_rows - 1) / batch_rows;
  return batch_rows * std::max<std::size_t>(16, (batches + 255) / 256);
}

std::size_t TableSource::slices() const {
  const std::size_t n = rows_of_slice(table_.rows());
  return (table_.rows() + n - 1) / n;
}

std::vector<std::byte> TableSource::description(std::span<const std::size_t> columns) const {
  return to_blob([&](BlobWriter& to) {
    to.value(StreamKind::table);
    to.value<std::uint64_t>(table_.rows());
    for (const std::size_t i : columns) to.value(stored(table_.column(i)));
  });
}

std::unique_ptr<Stream> open_table_stream(std::span<const std::byte> description,
                                          std::size_t slice) {
  BlobReader from(description);
  from.value<StreamKind>();
  const auto rows = static_cast<std::size_t>(from.value<std::uint64_t>());
  std::vector<StoredColumn> columns;
  while (!from.empty()) columns.push_back(from.value<StoredColumn>());
  const std::size_t n = rows_of_slice(rows);
  return std::make_unique<TableStream>(columns, slice * n, std::min(rows, (slice + 1) * n));
}

}  // namespace tine::mining
