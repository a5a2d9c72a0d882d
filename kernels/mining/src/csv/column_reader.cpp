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

ColumnReader::ColumnReader(const CsvColumn& column, std::span<const std::string> words)
    : column_(column),
      found_(column.type),
      words_(words),
      values_(batch_rows * value_bytes(column.type.value_or(Type::text))),
      nulls_(batch_rows) {
  for (const std::string& word : words) words_are_values_ |= type_of(word, {}) != Type::text;
}

void ColumnReader::misfit(std::size_t row, std::string_view cell) {
  if (column_.fixed)
    misfits_.push_back(static_cast<std::uint32_t>(row));
  else
    found_ = join(found_, type_of(cell, words_));
}

template <class T, class Parse>
void ColumnReader::read_values(const char* text, const RowIndex& index, std::size_t rows,
                               Parse parse) {
  T* const values = reinterpret_cast<T*>(values_.data());
  const std::uint32_t* ends = index.ends() + column_.index;
  std::string buffer;
  for (std::size_t row = 0; row < rows; ++row, ends += index.stride()) {
    const std::uint32_t begin = ends[0] + 1;
    const std::string_view raw(text + begin, ends[1] - begin);
    if (!words_are_values_ && parse(raw, values[row])) [[likely]]
      continue;
    values[row] = T();
    const std::string_view cell = raw.empty() ? raw : meaning(raw, buffer);
    if (is_missing(cell, words_))
      set_null(row);
    else if (!parse(cell, values[row]))
      misfit(row, cell);
  }
}

void ColumnReader::read_texts(const char* text, const RowIndex& index, std::size_t rows) {
  std::string_view* const values = reinterpret_cast<std::string_view*>(values_.data());
  texts_.clear();
  const std::uint32_t* ends = index.ends() + column_.index;
  for (std::size_t row = 0; row < rows; ++row, ends += index.stride()) {
    const std::uint32_t begin = ends[0] + 1;
    std::string_view raw(text + begin, ends[1] - begin);
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
  switch (column_.type.value_or(Type::text)) {
    case Type::boolean:
      return read_values<std::uint8_t>(text, index, rows, parse_boolean);
    case Type::integer:
      return read_values<std::int64_t>(text, index, rows, parse_integer);
    case Type::real:
      return read_values<double>(text, index, rows, parse_real);
    case Type::date:
      return read_values<std::int64_t>(text, index, rows, parse_date);
    case Type::datetime:
      return read_values<std::int64_t>(text, index, rows, parse_datetime);
    case Type::text:
      return read_texts(text, index, rows);
  }
}

void ColumnReader::check(const char* text, const RowIndex& index, std::size_t rows) {
  misfits_.clear();
  if (column_.fixed) return;
  const std::uint32_t* ends = index.ends() + column_.index;
  std::string buffer;
  for (std::size_t row = 0; row < rows && found_ != Type::text; ++row, ends += index.stride()) {
    const std::uint32_t begin = ends[0] + 1;
    const std::string_view raw(text + begin, ends[1] - begin);
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
