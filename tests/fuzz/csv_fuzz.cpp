// CSV files: each is refused with a reason, or its rows are the same however it is cut into slices, and the
// types that were found for its columns are those of all their cells. The first byte says what is known
// of the file, the second one how long slices are.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include <tine/mining/error.hpp>

#include "csv/csv_file.hpp"
#include "csv/csv_probe.hpp"
#include "csv/csv_report.hpp"
#include "require.hpp"

namespace {

using namespace tine::mining;

int memory = -1;

struct Rows {
  std::vector<std::string> cells;
  SliceReport report;
};

std::vector<std::byte> described(const CsvLayout& layout) {
  BlobWriter size({});
  write(size, layout);
  std::vector<std::byte> bytes(size.used());
  BlobWriter to(bytes);
  write(to, layout);
  return bytes;
}

void append(std::vector<std::string>& cells, const Vector& v, std::size_t row) {
  if (v.is_null(row))
    cells.emplace_back("null");
  else if (v.type == Type::text)
    cells.emplace_back(v.as<std::string_view>()[row]);
  else
    cells.emplace_back(static_cast<const char*>(v.values) + row * value_bytes(v.type),
                       value_bytes(v.type));
}

Rows read_slice(const std::vector<std::byte>& description, std::size_t slice, bool quoted) {
  Rows rows;
  const auto stream = open_csv_stream(description, slice, quoted);
  for (Batch batch; stream->next(batch);)
    for (std::size_t row = 0; row < batch.rows; ++row)
      for (const Vector& v : batch.columns) append(rows.cells, v, row);
  BlobWriter size({});
  stream->report(size);
  std::vector<std::byte> bytes(size.used());
  BlobWriter to(bytes);
  stream->report(to);
  BlobReader from(bytes);
  rows.report = read_report(from);
  require(from.good() && from.empty(), "a report is not read as it was written");
  return rows;
}

void read_all(CsvLayout layout, std::size_t slice_bytes) {
  layout.slice_bytes = csv_slice_bytes;
  for (const CsvColumn& found : read_slice(described(layout), 0, false).report.widened)
    layout.read[found.index].type = found.type;
  const Rows whole = read_slice(described(layout), 0, false);
  require(whole.report.widened.empty(), "a column's type is not that of its cells");

  layout.slice_bytes = slice_bytes;
  const std::vector<std::byte> description = described(layout);
  std::vector<std::string> cells;
  SliceReport sum;
  bool quoted = false;
  for (std::size_t slice = 0; slice < layout.slices(); ++slice) {
    const Rows part = read_slice(description, slice, quoted);
    const Rows wrong = read_slice(description, slice, !quoted);
    require(std::ranges::equal(part.report.ends_quoted, wrong.report.ends_quoted),
            "how a slice ends depends on how it is read");
    cells.insert(cells.end(), part.cells.begin(), part.cells.end());
    sum.rows += part.report.rows;
    sum.bad += part.report.bad;
    quoted = part.report.ends_quoted[quoted];
  }
  require(cells == whole.cells, "cells depend on how the file is cut");
  require(sum.rows == whole.report.rows && sum.bad == whole.report.bad,
          "the number of rows depends on how the file is cut");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (memory < 0) memory = memfd_create("csv", MFD_CLOEXEC);
  if (size < 2) return 0;
  const std::uint8_t known = data[0];
  const std::size_t slice_bytes = data[1] + std::size_t{1};
  data += 2;
  size -= 2;
  require(ftruncate(memory, 0) == 0 && pwrite(memory, data, size, 0) == static_cast<ssize_t>(size),
          "the input could not be handed over");
  CsvLayout layout;
  layout.source.open = [](const char*, std::size_t) { return dup(memory); };
  try {
    constexpr char delimiters[] = {0, ',', ';', ' '};
    const CsvHead head =
        probe(layout.source, delimiters[known & 3], static_cast<Header>((known >> 2 & 3) % 3));
    const auto names = unique_names(head.names);
    layout.size = head.size;
    layout.begin = head.begin;
    layout.delimiter = head.delimiter;
    layout.columns = static_cast<std::uint32_t>(names.size());
    layout.skip_bad = true;
    layout.nulls = {"NA", "-1"};
    for (std::uint32_t i = 0; i < std::min(layout.columns, 100u); ++i)
      layout.read.push_back({i, {}, false});
    if ((known & 0x80) != 0) {
      layout.read[0].type = static_cast<Type>((known >> 4 & 7) % type_count);
      layout.read[0].fixed = true;
    }
    read_all(layout, slice_bytes);
  } catch (const FileError& error) {
    require(error.what()[0] != '\0', "refused without a reason");
  }
  // What workers say may be anything, too.
  try {
    BlobReader from(std::as_bytes(std::span(data, size)));
    read_report(from);
  } catch (const tine::Error&) {
  }
  return 0;
}
