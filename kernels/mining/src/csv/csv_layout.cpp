#include "csv_layout.hpp"

#include <tine/error.hpp>

#include "../source.hpp"

namespace tine::mining {

namespace {

constexpr std::uint8_t no_type = 255;

}  // namespace

void write(BlobWriter& to, FoundType type) {
  to.value(type ? static_cast<std::uint8_t>(*type) : no_type);
}

FoundType read_type(BlobReader& from) {
  const auto type = from.value<std::uint8_t>();
  if (type == no_type) return std::nullopt;
  if (type >= type_count) throw Error("what is known of a CSV file was written over");
  return static_cast<Type>(type);
}

void write(BlobWriter& to, const CsvLayout& layout) {
  to.value(StreamKind::csv);
  to.text(layout.source.name);
  to.value(layout.source.open);
  to.value(layout.source.number);
  to.value(layout.size);
  to.value(layout.begin);
  to.value(layout.slice_bytes);
  to.value(layout.delimiter);
  to.value(static_cast<std::uint8_t>(layout.skip_bad));
  to.value(layout.columns);
  to.value(static_cast<std::uint32_t>(layout.nulls.size()));
  for (const std::string& word : layout.nulls) to.text(word);
  to.value(static_cast<std::uint32_t>(layout.read.size()));
  for (const CsvColumn& column : layout.read) {
    to.value(column.index);
    write(to, column.type);
    to.value(static_cast<std::uint8_t>(column.fixed));
  }
}

CsvLayout read_layout(BlobReader& from) {
  CsvLayout layout;
  bool good = from.value<StreamKind>() == StreamKind::csv;
  layout.source.name = from.text();
  layout.source.open = from.value<decltype(layout.source.open)>();
  layout.source.number = from.value<std::size_t>();
  layout.size = from.value<std::uint64_t>();
  layout.begin = from.value<std::uint64_t>();
  layout.slice_bytes = from.value<std::uint64_t>();
  layout.delimiter = from.value<char>();
  layout.skip_bad = from.value<std::uint8_t>() != 0;
  layout.columns = from.value<std::uint32_t>();
  for (auto words = from.value<std::uint32_t>(); words > 0 && from.good(); --words)
    layout.nulls.emplace_back(from.text());
  for (auto columns = from.value<std::uint32_t>(); columns > 0 && from.good(); --columns) {
    CsvColumn& column = layout.read.emplace_back();
    column.index = from.value<std::uint32_t>();
    column.type = read_type(from);
    column.fixed = from.value<std::uint8_t>() != 0;
    good &= column.index < layout.columns && (column.type || !column.fixed);
  }
  if (!good || !from.good() || layout.begin > layout.size || layout.columns > most_columns ||
      layout.size > INT64_MAX || layout.slice_bytes == 0 || layout.slice_bytes > csv_slice_bytes)
    throw Error("what is known of a CSV file was written over");
  return layout;
}

}  // namespace tine::mining
