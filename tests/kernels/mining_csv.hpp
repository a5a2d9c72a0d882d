// A CSV file as a scan reads it, whole: what tests compare.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <tine/for_each_slice.hpp>

#include "csv/csv_file.hpp"

namespace tine::mining {

/// One cell as text, so that all types can be compared; "null" where it is missing.
using TextRow = std::vector<std::string>;

struct WholeFile {
  Schema schema;
  std::vector<TextRow> rows;
  std::uint64_t rows_read = 0, bad_rows = 0;
  std::vector<std::string> bad_lines;
  unsigned again = 0, retyped = 0;  // how often
};

inline std::string cell_text(const Vector& v, std::size_t row) {
  if (v.is_null(row)) return "null";
  switch (v.type) {
    case Type::boolean:
      return v.as<std::uint8_t>()[row] != 0 ? "true" : "false";
    case Type::real: {
      char text[64];
      std::snprintf(text, sizeof text, "%.17g", v.as<double>()[row]);
      return text;
    }
    case Type::text:
      return "'" + std::string(v.as<std::string_view>()[row]) + "'";
    default:
      return std::to_string(v.as<std::int64_t>()[row]);
  }
}

/// Writes the rows of a slice, then its report; in a worker.
inline void write_slice(BlobWriter& to, std::span<const std::byte> description, std::size_t slice,
                        bool quoted) {
  const auto stream = open_csv_stream(description, slice, quoted);
  for (Batch batch; stream->next(batch);) {
    to.value(batch.rows);
    for (std::size_t row = 0; row < batch.rows; ++row)
      for (const Vector& v : batch.columns) to.text(cell_text(v, row));
  }
  to.value(std::size_t{0});
  stream->report(to);
}

/// Reads a file's columns by waves of slices, as scans do.
inline WholeFile read_whole(const PoolWith& on, CsvFile& file, std::vector<std::size_t> columns) {
  constexpr std::size_t wave = 16, bytes = std::size_t{8} << 20;
  auto blobs = on.pool.array<std::byte>(wave * bytes);
  WholeFile all;
  std::vector<std::vector<TextRow>> of_slices(file.slices());
  bool retyped = true;
  while (retyped) {
    retyped = false;
    file.rewind();
    const auto description = on.pool.array_from(file.description(columns));
    for (std::size_t begin = 0; begin < file.slices() && !retyped; begin += wave) {
      std::vector<std::uint64_t> which;
      for (std::size_t i = begin; i < std::min(begin + wave, file.slices()); ++i)
        which.push_back(i);
      while (!which.empty() && !retyped) {
        std::vector<std::uint64_t> tasks;
        for (const std::uint64_t i : which) tasks.push_back(2 * i + file.starts_quoted(i));
        const auto shared = on.pool.array_from(tasks);
        for_each_slice(
            on, {.n = which.size() * bytes, .grain = bytes},
            [](const Slice& slice, std::span<std::byte> to, std::span<const std::byte> given,
               std::span<const std::uint64_t> slices) {
              BlobWriter writer(to);
              write_slice(writer, given, slices[slice.index] / 2, slices[slice.index] % 2 != 0);
              if (!writer.fits()) throw Error("too much for this test");
            },
            out(blobs.peek().part(0, 0, which.size() * bytes)), whole(description), whole(shared));
        std::vector<std::uint64_t> again;
        for (std::size_t i = 0; i < which.size(); ++i) {
          BlobReader from(std::span<const std::byte>(blobs.span().subspan(i * bytes, bytes)));
          std::vector<TextRow> rows;
          while (const auto count = from.value<std::size_t>())
            for (std::size_t row = 0; row < count; ++row) {
              TextRow& cells = rows.emplace_back();
              for (std::size_t c = 0; c < columns.size(); ++c) cells.emplace_back(from.text());
            }
          const auto outcome = file.accept(which[i], from);
          if (outcome == Source::Outcome::again) {
            again.push_back(which[i]);
            ++all.again;
          } else if (outcome == Source::Outcome::retyped) {
            retyped = true;
            ++all.retyped;
            break;
          } else {
            of_slices[which[i]] = std::move(rows);
          }
        }
        which = std::move(again);
      }
    }
  }
  for (std::vector<TextRow>& rows : of_slices)
    for (TextRow& row : rows) all.rows.push_back(std::move(row));
  for (const std::size_t column : columns) all.schema.push_back(file.schema()[column]);
  all.rows_read = file.rows();
  all.bad_rows = file.bad_rows();
  all.bad_lines = file.bad_lines();
  return all;
}

inline WholeFile read_whole(const PoolWith& on, CsvFile& file) {
  std::vector<std::size_t> columns(file.schema().size());
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = i;
  return read_whole(on, file, columns);
}

}  // namespace tine::mining
