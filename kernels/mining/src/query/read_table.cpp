#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include <tine/mining/query.hpp>

#include "../csv/csv_file.hpp"
#include "plan.hpp"
#include "row_block.hpp"
#include "waves.hpp"

namespace tine::mining {

namespace {

// The first elements of an array, in one of another length.
template <class T>
Array<T> resized(Pool& pool, const Array<T>& from, std::size_t size) {
  auto to = pool.array<T>(size);
  if (const std::size_t kept = std::min(size, from.size()); kept > 0)
    std::memcpy(to.data(), from.data(), kept * sizeof(T));
  return to;
}

// A column of a table that is being read. How many rows there are shows at the end of the file only.
class GrowingColumn {
 public:
  GrowingColumn(Pool& pool, Type type) : pool_(pool) {
    column_.type = type;
    switch (type) {
      case Type::boolean:
        column_.values = Array<std::uint8_t>();
        break;
      case Type::real:
        column_.values = Array<double>();
        break;
      case Type::text:
        column_.values = Array<std::uint32_t>();
        break;
      default:
        column_.values = Array<std::int64_t>();
    }
  }

  /// Makes room, and for no more when it is the last time.
  void resize(std::size_t rows) {
    std::visit([&](auto& values) { values = resized(pool_, values, rows); }, column_.values);
    if (!column_.nulls.empty()) column_.nulls = resized(pool_, column_.nulls, rows);
    capacity_ = rows;
  }
  void add(const BlockColumn& from, std::size_t rows, std::size_t at) {
    if (!from.nulls.empty()) {
      if (column_.nulls.empty()) column_.nulls = pool_.array<std::uint8_t>(capacity_);
      std::memcpy(column_.nulls.data() + at, from.nulls.data(), rows);
    }
    if (column_.type == Type::text) {
      auto* const codes = std::get<Array<std::uint32_t>>(column_.values).data() + at;
      for (std::size_t row = 0; row < rows; ++row) codes[row] = code_of(from.text(row));
      return;
    }
    std::visit(
        [&]<class T>(Array<T>& to) {
          std::memcpy(to.data() + at, from.values.data(), rows * sizeof(T));
        },
        column_.values);
  }

  /// That it takes, as far as these are many.
  std::uint64_t bytes() const {
    constexpr std::uint64_t node = 64;  // of a text in the map, beside its bytes
    const std::uint64_t each =
        std::visit([](const auto& values) { return sizeof *values.peek().data(); }, column_.values);
    return capacity_ * (each + !column_.nulls.empty()) + 2 * bytes_.size() + node * ends_.size();
  }

  Column finish() && {
    if (column_.type == Type::text) {
      column_.dictionary.ends = pool_.array_from(ends_);
      column_.dictionary.bytes = pool_.array_from(bytes_);
    }
    return std::move(column_);
  }

 private:
  // Texts are numbered as they come.
  std::uint32_t code_of(std::string_view text) {
    const auto found = codes_.find(text);
    if (found != codes_.end()) return found->second;
    const auto code = static_cast<std::uint32_t>(codes_.size());
    codes_.emplace(text, code);
    bytes_.insert(bytes_.end(), text.begin(), text.end());
    ends_.push_back(bytes_.size());
    return code;
  }

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  Pool& pool_;
  std::size_t capacity_ = 0;
  Column column_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> codes_;
  std::vector<std::uint64_t> ends_;
  std::vector<char> bytes_;
};

// None when the types of columns turned out to be others.
std::optional<Table> read_once(const PoolWith& on, CsvFile& source, const std::string& name,
                               std::uint64_t memory) {
  source.rewind();
  const Plan plan = make_plan(source.schema(), {});
  std::vector<Type> types;
  std::vector<GrowingColumn> columns;
  for (const Field& field : plan.fields) {
    types.push_back(field.type);
    columns.emplace_back(on.pool, field.type);
  }
  std::size_t rows = 0, capacity = 0;
  const auto resize = [&](std::size_t to) {
    capacity = to;
    for (GrowingColumn& column : columns) column.resize(to);
  };
  const ScanOptions options;
  Waves waves(on, source, plan, options);
  const bool good = waves.run([&](auto slices) {
    for (const auto& slice : slices) {
      const RowBlock block = RowBlock::read(BlobReader(slice), types);
      if (rows + block.rows > capacity) resize(std::max(rows + block.rows, 2 * capacity));
      for (std::size_t i = 0; i < block.columns.size(); ++i)
        columns[i].add(block.columns[i], block.rows, rows);
      rows += block.rows;
    }
    std::uint64_t bytes = 0;
    for (const GrowingColumn& column : columns) bytes += column.bytes();
    if (memory != 0 && bytes > memory)
      throw OutOfMemory("tine: " + name + " takes more memory as a table than it may, " +
                            std::to_string(memory >> 20) + " MiB",
                        bytes, memory, "the memory for a table");
    return true;
  });
  if (!good) return std::nullopt;
  resize(rows);
  Table table;
  for (std::size_t i = 0; i < columns.size(); ++i)
    table.add(plan.fields[i].name, std::move(columns[i]).finish());
  return table;
}

}  // namespace

Table read_table(const PoolWith& on, const FileSource& file, const CsvOptions& csv,
                 std::uint64_t memory) {
  CsvFile source(on, file, csv);
  for (;;)
    if (auto table = read_once(on, source, file.name, memory)) return *std::move(table);
}

}  // namespace tine::mining
