#include <unordered_map>
#include <utility>

#include <tine/mining/query.hpp>

#include "../csv/csv_file.hpp"
#include "plan.hpp"
#include "row_block.hpp"
#include "waves.hpp"

namespace tine::mining {

namespace {

// A column of a table that is being read.
class GrowingColumn {
 public:
  GrowingColumn(Pool& pool, Type type, std::size_t rows) : pool_(pool), rows_(rows) {
    column_.type = type;
    switch (type) {
      case Type::boolean:
        column_.values = pool.array<std::uint8_t>(rows);
        break;
      case Type::real:
        column_.values = pool.array<double>(rows);
        break;
      case Type::text:
        column_.values = pool.array<std::uint32_t>(rows);
        break;
      default:
        column_.values = pool.array<std::int64_t>(rows);
    }
  }

  void add(const BlockColumn& from, std::size_t rows, std::size_t at) {
    if (rows > rows_ - at) throw FileError("was changed meanwhile: there are more rows");
    if (!from.nulls.empty()) {
      if (column_.nulls.empty()) column_.nulls = pool_.array<std::uint8_t>(rows_);
      std::memcpy(column_.nulls.data() + at, from.nulls.data(), rows);
    }
    if (column_.type == Type::text) {
      auto* const codes = std::get<Array<std::uint32_t>>(column_.values).data() + at;
      from.for_each_text(
          [&](std::size_t row, std::string_view text) { codes[row] = code_of(text); });
      return;
    }
    std::visit(
        [&]<class T>(Array<T>& to) {
          std::memcpy(to.data() + at, from.values.data(), rows * sizeof(T));
        },
        column_.values);
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
  std::size_t rows_;
  Column column_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> codes_;
  std::vector<std::uint64_t> ends_;
  std::vector<char> bytes_;
};

}  // namespace

Table read_table(const PoolWith& on, const FileSource& file, const CsvOptions& csv) {
  CsvFile source(on, file, csv);
  source.infer(on);
  const auto rows = static_cast<std::size_t>(source.rows() - source.bad_rows());
  source.rewind();
  const Plan plan = make_plan(source.schema(), {});
  std::vector<Type> types;
  std::vector<GrowingColumn> columns;
  for (const Field& field : plan.fields) {
    types.push_back(field.type);
    columns.emplace_back(on.pool, field.type, rows);
  }
  const ScanOptions options;
  Waves waves(on, source, plan, options);
  std::size_t at = 0;
  const bool good = waves.run([&](auto slices) {
    for (const auto& slice : slices) {
      const RowBlock block = RowBlock::read(BlobReader(slice), types);
      for (std::size_t i = 0; i < block.columns.size(); ++i)
        columns[i].add(block.columns[i], block.rows, at);
      at += block.rows;
    }
    return true;
  });
  if (!good || at != rows) throw FileError(file.name + ": was changed while it was read");
  Table table;
  for (std::size_t i = 0; i < columns.size(); ++i)
    table.add(plan.fields[i].name, std::move(columns[i]).finish());
  return table;
}

}  // namespace tine::mining
