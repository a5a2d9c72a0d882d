#include "column_reader.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace tine::mining {

namespace {

// What a cell means, without blanks around it. `buffer` may come to hold it.
std::string_view meaning(std::string_view raw, std::string& buffer) {
  const Cell cell = cell_of(raw);
  if (!cell.doubled) return trimmed(cell.text);
  buffer = unquoted(raw);
  return trimmed(buffer);
}

bool fits(FoundType type, std::string_view text) {
  std::int64_t integer;
  double real;
  std::uint8_t boolean;
  if (!type) return false;
  switch (*type) {
    case Type::boolean:
      return parse_boolean(text, boolean);
    case Type::integer:
      return parse_integer(text, integer);
    case Type::real:
      return parse_real(text, real);
    case Type::date:
      return parse_date(text, integer);
    case Type::datetime:
      return parse_datetime(text, integer);
    case Type::text:
      return true;
  }
  return false;
}

}  // namespace

ColumnReader::ColumnReader(const CsvColumn& column, std::span<const std::string> words,
                           std::size_t rows)
    : column_(column), found_(column.type), words_(words) {
  constexpr std::size_t group = 64;  // read_decimals() writes whole ones
  rows = (rows + group - 1) / group * group;
  values_.resize(rows * value_bytes(column.type.value_or(Type::text)));
  nulls_.resize(rows);
  good_.resize(rows);
  for (const std::string& word : words) words_are_values_ |= type_of(word, {}) != Type::text;
}

void ColumnReader::misfit(std::size_t row, std::string_view cell) {
  if (column_.fixed)
    misfits_.push_back(static_cast<std::uint32_t>(row));
  else
    found_ = join(found_, type_of(cell, words_));
}

// Those that are not good yet.
template <class T, class Parse>
void ColumnReader::read_values(const CellColumn& cells, std::size_t rows, Parse parse) {
  T* const values = reinterpret_cast<T*>(values_.data());
  std::string buffer;
  for (std::size_t row = 0; row < rows; ++row) {
    if (good_[row] != 0) [[likely]]
      continue;
    const std::string_view raw = cells[row];
    if (!words_are_values_ && parse(raw, values[row])) continue;
    values[row] = T();
    const std::string_view cell = raw.empty() ? raw : meaning(raw, buffer);
    if (is_missing(cell, words_))
      set_null(row);
    else if (!parse(cell, values[row]))
      misfit(row, cell);
  }
}

void ColumnReader::read_texts(const CellColumn& cells, std::size_t rows) {
  std::string_view* const values = reinterpret_cast<std::string_view*>(values_.data());
  texts_.clear();
  for (std::size_t row = 0; row < rows; ++row) {
    std::string_view raw = cells[row];
    if (raw.empty()) {
      set_null(row);
    } else if (raw.front() == '"') {
      const Cell cell = cell_of(raw);
      raw = cell.doubled ? std::string_view(texts_.emplace_back(unquoted(raw))) : cell.text;
    }
    new (values + row) std::string_view(raw);
    if (!column_.type) found_ = join(found_, type_of(raw, words_));
  }
}

void ColumnReader::read(const char* text, const RowIndex& index, std::size_t rows) {
  misfits_.clear();
  if (some_null_) std::ranges::fill(nulls_, std::uint8_t{0});
  some_null_ = false;
  const CellColumn cells{text, index.ends() + column_.index, index.stride()};
  // What could stand for a missing value is looked at first.
  const auto fast = [&]<class T>(T* values) {
    if (!words_are_values_) read_decimals(cells, rows, values, good_.data());
  };
  switch (column_.type.value_or(Type::text)) {
    case Type::boolean:
      return read_values<std::uint8_t>(cells, rows, parse_boolean);
    case Type::integer:
      fast(reinterpret_cast<std::int64_t*>(values_.data()));
      return read_values<std::int64_t>(cells, rows, parse_integer);
    case Type::real:
      fast(reinterpret_cast<double*>(values_.data()));
      return read_values<double>(cells, rows, parse_real);
    case Type::date:
      return read_values<std::int64_t>(cells, rows, parse_date);
    case Type::datetime:
      return read_values<std::int64_t>(cells, rows, parse_datetime);
    case Type::text:
      return read_texts(cells, rows);
  }
}

void ColumnReader::check(const char* text, const RowIndex& index, std::size_t rows) {
  misfits_.clear();
  if (column_.fixed) return;
  const CellColumn cells{text, index.ends() + column_.index, index.stride()};
  std::string buffer;
  for (std::size_t row = 0; row < rows && found_ != Type::text; ++row) {
    const std::string_view raw = cells[row];
    if (raw.empty() || (!words_are_values_ && fits(found_, raw))) continue;
    found_ = join(found_, type_of(meaning(raw, buffer), words_));
  }
}

void ColumnReader::remove(std::span<const std::uint32_t> out, std::size_t rows) {
  const std::size_t bytes = value_bytes(column_.type.value_or(Type::text));
  std::size_t kept = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    if (!out.empty() && out.front() == row) {
      out = out.subspan(1);
      continue;
    }
    std::memmove(values_.data() + kept * bytes, values_.data() + row * bytes, bytes);
    nulls_[kept++] = nulls_[row];
  }
}

}  // namespace tine::mining
