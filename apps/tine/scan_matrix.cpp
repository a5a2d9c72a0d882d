// Tables of .npy and HDF5 files, which tine::matrix reads.
#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <tine/matrix/file.hpp>

#include "exit.hpp"
#include "interrupt.hpp"
#include "machine.hpp"
#include "scan_input.hpp"

namespace tine::app {

namespace {

using matrix::ElementType;

// What values of this type are read as, one of those that a column can hold.
ElementType type_of_column(ElementType stored) {
  switch (stored) {
    case ElementType::f4:
    case ElementType::f8:
    case ElementType::i8:
    case ElementType::u8:
      return stored;
    case ElementType::u4:
      return ElementType::i8;
    default:
      return ElementType::i4;
  }
}

// T is the type of the elements, V that of the values of a column.
template <class T, class V>
std::vector<Array<V>> read_columns(const PoolWith& on, const matrix::FileReader& file,
                                   const ByteProgress& progress) {
  const matrix::FileInfo& info = file.info();
  std::vector<Array<V>> columns;
  for (std::size_t c = 0; c < info.columns; ++c) columns.push_back(on.pool.array<V>(info.rows));
  const std::size_t row_bytes = info.columns * sizeof(T);
  const std::size_t step =
      info.by_rows ? std::max<std::size_t>(1, (64 << 20) / row_bytes) : info.rows;
  for (std::size_t begin = 0; begin < info.rows; begin += step) {
    check_interrupt();
    progress(begin * row_bytes, info.rows * row_bytes);
    const Range rows{begin, std::min(begin + step, info.rows)};
    const matrix::AnyMatrix block = file.read(on, rows);
    const auto elements = block.as<T>();
    // Tiles that stay in cache, whichever way the elements lie.
    constexpr std::size_t tile = 512;
    for (std::size_t top = 0; top < elements.rows; top += tile)
      for (std::size_t c = 0; c < info.columns; ++c) {
        const T* from = elements.data + top * elements.row_stride + c * elements.column_stride;
        V* const to = columns[c].data() + begin + top;
        const std::size_t n = std::min(tile, elements.rows - top);
        for (std::size_t r = 0; r < n; ++r) {
          const T value = from[r * elements.row_stride];
          if constexpr (std::is_same_v<T, std::uint64_t>)
            if (value > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
              throw Failure(
                  fmt::format("row {}, column {}: {} does not fit into 64 bits with a sign",
                              begin + top + r, c, value));
          to[r] = static_cast<V>(value);
        }
      }
  }
  return columns;
}

template <class T, class V>
mining::Table read_table(const PoolWith& on, const matrix::FileReader& file,
                         const ByteProgress& progress) {
  std::vector<Array<V>> columns = read_columns<T, V>(on, file, progress);
  mining::Table table;
  for (std::size_t c = 0; c < columns.size(); ++c)
    table.add(columns.size() == 1 ? "value" : fmt::format("c{}", c), std::move(columns[c]));
  return table;
}

}  // namespace

mining::Table table_of_matrix(const PoolWith& on, const std::string& name, std::size_t task,
                              const std::string& dataset, std::uint64_t memory,
                              const ByteProgress& progress) {
  // Behind the name, where the reader looks for the dataset; it says the name in errors, too.
  const std::string prefix = name + ": ";
  try {
    matrix::ReadOptions options;
    if (!dataset.empty()) options.format = matrix::FileFormat::hdf5;
    matrix::FileReader file(on, {.name = name, .open = open_served, .number = task}, options);
    const ElementType stored = file.info().stored_type;
    if (matrix::is_complex(stored))
      throw Failure("holds complex numbers, which columns cannot have");
    if (file.info().columns == 0) throw Failure("has no columns");
    const ElementType type = type_of_column(stored);
    file.read_as(type);
    const double bytes = static_cast<double>(file.info().rows) *
                         static_cast<double>(file.info().columns) *
                         static_cast<double>(matrix::size_of(type)) * (file.info().by_rows ? 1 : 2);
    if (bytes > static_cast<double>(memory))
      throw Failure(fmt::format("would take {} of memory as a table, and may take {} (--memory)",
                                bytes_text(bytes), bytes_text(static_cast<double>(memory))));
    switch (type) {
      case ElementType::f4:
        return read_table<float, float>(on, file, progress);
      case ElementType::f8:
        return read_table<double, double>(on, file, progress);
      case ElementType::i8:
        return read_table<std::int64_t, std::int64_t>(on, file, progress);
      case ElementType::u8:
        return read_table<std::uint64_t, std::int64_t>(on, file, progress);
      default:
        return read_table<std::int32_t, std::int32_t>(on, file, progress);
    }
  } catch (const matrix::FileError& error) {
    const std::string why = error.what();
    throw Failure(why.starts_with(prefix) ? why.substr(prefix.size()) : why);
  }
}

}  // namespace tine::app
