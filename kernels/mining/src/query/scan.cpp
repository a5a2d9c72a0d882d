#include <algorithm>

#include <tine/mining/query.hpp>

#include "../aggregate/groups.hpp"
#include "../csv/csv_file.hpp"
#include "../table_source.hpp"
#include "order.hpp"
#include "row_block.hpp"
#include "waves.hpp"

namespace tine::mining {

namespace {

std::vector<Type> types_of(std::span<const Program> programs) {
  std::vector<Type> types;
  for (const Program& program : programs) types.push_back(program.type);
  return types;
}

Result empty_result(std::span<const Field> fields) {
  Result result;
  for (const Field& field : fields)
    result.columns.push_back({.name = field.name, .type = field.type});
  return result;
}

void append(ResultColumn& to, const BlockColumn& from, std::size_t rows) {
  for (std::size_t r = 0; r < rows; ++r) to.nulls.push_back(from.is_null(r));
  switch (from.type) {
    case Type::boolean:
      for (std::size_t r = 0; r < rows; ++r) to.integers.push_back(from.value<std::uint8_t>(r));
      break;
    case Type::real:
      for (std::size_t r = 0; r < rows; ++r) to.reals.push_back(from.value<double>(r));
      break;
    case Type::text:
      from.for_each_text([&](std::size_t, std::string_view text) { to.texts.emplace_back(text); });
      to.texts.resize(to.nulls.size());
      break;
    default:
      for (std::size_t r = 0; r < rows; ++r) to.integers.push_back(from.value<std::int64_t>(r));
  }
}

void append(Result& to, const RowBlock& from) {
  for (std::size_t i = 0; i < from.columns.size(); ++i)
    append(to.columns[i], from.columns[i], from.rows);
  to.rows += from.rows;
}

void finish(Result& result, const Plan& plan) {
  order_rows(result, plan.order, plan.limit);
  result.columns.resize(result.columns.size() - plan.hidden);
}

class Rows {
 public:
  Rows(const Plan& plan, const ScanOptions& options)
      : plan_(plan),
        options_(options),
        types_(types_of(plan.outputs)),
        result_(empty_result(plan.fields)) {}

  bool take(std::span<const std::span<const std::byte>> slices) {
    for (const auto& slice : slices) {
      append(result_, RowBlock::read(BlobReader(slice), types_));
      bytes_ += slice.size();
      if (!plan_.order.empty()) {
        // Of many rows only the first ones in the order are wanted.
        if (plan_.limit && result_.rows / 2 > *plan_.limit + 65'536) {
          order_rows(result_, plan_.order, plan_.limit);
          bytes_ = 0;
        }
      } else if (plan_.limit && given_ + result_.rows >= *plan_.limit) {
        order_rows(result_, {}, *plan_.limit - given_);
        give();
        return false;
      }
    }
    give();
    check_memory();
    return true;
  }
  Result result() && {
    finish(result_, plan_);
    return std::move(result_);
  }

 private:
  void give() {
    if (!options_.sink || !plan_.order.empty()) return;
    given_ += result_.rows;
    options_.sink(result_);
    result_ = empty_result(plan_.fields);
    bytes_ = 0;
  }
  void check_memory() const {
    if (options_.memory != 0 && bytes_ > options_.memory)
      throw OutOfMemory("tine: the rows of the result take more than may be taken, " +
                            std::to_string(options_.memory >> 20) +
                            " MiB; fewer columns, a condition or a limit make them less",
                        bytes_, options_.memory, "the memory for a query");
  }

  const Plan& plan_;
  const ScanOptions& options_;
  std::vector<Type> types_;
  Result result_;
  std::uint64_t bytes_ = 0;  // of the rows that are kept, on their way here
  std::size_t given_ = 0;
};

// None when the source's schema has changed.
std::optional<Result> answer(const PoolWith& on, Source& source, const Plan& plan,
                             const ScanOptions& options) {
  Waves waves(on, source, plan, options);
  std::optional<Result> result;
  if (plan.grouped) {
    GroupMerger groups(on, types_of(plan.outputs), plan.aggregates, options.memory);
    const auto take = [&](auto slices) {
      groups.add(slices);
      return true;
    };
    if (!waves.run(take)) return std::nullopt;
    result = groups.finish();
    for (std::size_t i = 0; i < plan.fields.size(); ++i)
      result->columns[i].name = plan.fields[i].name;
    finish(*result, plan);
  } else {
    Rows rows(plan, options);
    if (!waves.run([&](auto slices) { return rows.take(slices); })) return std::nullopt;
    result = std::move(rows).result();
  }
  result->rows_read = waves.rows_read();
  result->rows_selected = waves.rows_selected();
  return result;
}

}  // namespace

Result scan(const PoolWith& on, const Table& table, const Query& query,
            const ScanOptions& options) {
  const Plan plan = make_plan(table.schema(), query);
  TableSource source(table);
  return answer(on, source, plan, options).value();
}

// What has been given away cannot be taken back when a type turns out to be wider.
Result scan(const PoolWith& on, const FileSource& file, const CsvOptions& csv, const Query& query,
            const ScanOptions& options) {
  CsvFile source(on, file, csv);
  if (options.sink && query.group_by.empty() && query.aggregates.empty()) source.infer(on);
  for (;;) {
    const Plan plan = make_plan(on, source, query);
    source.rewind();
    if (auto result = answer(on, source, plan, options)) {
      result->bad_rows = source.bad_rows();
      result->bad_lines = source.bad_lines();
      return *std::move(result);
    }
  }
}

Schema schema_of(const PoolWith& on, const FileSource& file, const CsvOptions& csv) {
  CsvFile source(on, file, csv);
  source.infer(on);
  return source.schema();
}

}  // namespace tine::mining
