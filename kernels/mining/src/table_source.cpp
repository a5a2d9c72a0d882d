#include "table_source.hpp"

#include <algorithm>
#include <array>

#include <tine/error.hpp>

namespace tine::mining {

namespace {

// How values of a column are stored.
enum class Storage : std::uint8_t { bytes, integers32, integers64, reals32, reals64, codes };

// A column, for workers: they see arrays at the same addresses.
struct StoredColumn {
  Type type;
  Storage storage;
  const void* values;
  const std::uint8_t* nulls;
  const std::uint64_t* ends;
  const char* bytes;
  std::uint64_t different;
};

// Rows of a slice: enough for many batches to hide what a slice costs, and about 256 slices of a
// large table, so that there is not much to merge.
std::size_t grain(std::size_t rows) {
  const std::size_t batches = (rows + batch_rows - 1) / batch_rows;
  return batch_rows * std::max<std::size_t>(16, (batches + 255) / 256);
}

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
      const std::uint32_t code = codes[r];
      if (code >= c.different) {  // of a missing value
        to[r] = {};
        continue;
      }
      const std::uint64_t begin = code == 0 ? 0 : c.ends[code - 1];
      to[r] = {c.bytes + begin, c.ends[code] - begin};
    }
    return to;
  }

  std::vector<StoredColumn> columns_;
  std::size_t next_, end_;
  std::vector<Vector> vectors_;
  std::vector<Scratch> scratch_;
};

template <class T>
constexpr Storage storage_of() {
  if constexpr (std::is_same_v<T, std::uint8_t>) return Storage::bytes;
  if constexpr (std::is_same_v<T, std::int32_t>) return Storage::integers32;
  if constexpr (std::is_same_v<T, std::int64_t>) return Storage::integers64;
  if constexpr (std::is_same_v<T, float>) return Storage::reals32;
  if constexpr (std::is_same_v<T, double>) return Storage::reals64;
  if constexpr (std::is_same_v<T, std::uint32_t>) return Storage::codes;
}

StoredColumn stored(const Column& column) {
  StoredColumn result{};
  result.type = column.type;
  std::visit(
      [&]<class T>(const Array<T>& values) {
        result.storage = storage_of<T>();
        result.values = values.data();
      },
      column.values);
  if (!column.nulls.empty()) result.nulls = column.nulls.data();
  result.different = column.dictionary.size();
  if (result.different > 0) {
    result.ends = column.dictionary.ends.data();
    result.bytes = column.dictionary.bytes.data();
  }
  return result;
}

}  // namespace

std::size_t TableSource::slices() const {
  const std::size_t n = grain(table_.rows());
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
  const std::size_t n = grain(rows);
  return std::make_unique<TableStream>(columns, slice * n, std::min(rows, (slice + 1) * n));
}

}  // namespace tine::mining
