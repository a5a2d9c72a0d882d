#include <algorithm>

#include <tine/mining/query.hpp>

#include "../aggregate/groups.hpp"
#include "../csv/csv_file.hpp"
#include "../join/joined_source.hpp"
#include "../table_source.hpp"
#include "order.hpp"
#include "row_output.hpp"
#include "sorted_rows.hpp"
#include "waves.hpp"

namespace tine::mining {

namespace {

std::vector<Type> types_of(std::span<const Program> programs) {
  std::vector<Type> types;
  for (const Program& program : programs) types.push_back(program.type);
  return types;
}

// What has been read and done, of a plan. None when the source's schema has changed.
class Answer {
 public:
  Answer(const PoolWith& on, Source& source, const ScanOptions& options)
      : on_(on), source_(source), options_(options) {}

  std::optional<Result> operator()(const Query& query) {
    Plan plan = make_plan(on_, source_, query);
    const auto sample = find_sample(query, plan);
    if (!sample) return std::nullopt;
    plan.sample = *sample;
    auto result = run(plan);
    if (!result || !plan.histogram) return result;
    if (!plan.histogram->range) {
      plan = make_plan(source_.schema(), query, range_of(*result));
      plan.sample = *sample;
      result = run(plan);
    }
    if (!result) return result;
    Result bins = histogram_of(*plan.histogram, *result);
    bins.rows_read = result->rows_read;
    bins.rows_selected = result->rows_selected;
    order_rows(bins, {}, plan.limit);
    return bins;
  }

 private:
  // The sample of so many rows ends with the number that the last one of them has.
  std::optional<std::optional<Sample>> find_sample(const Query& query, const Plan& plan) {
    if (!plan.sample || plan.sample->rows == 0) return plan.sample;
    Plan numbers = make_plan(source_.schema(), {.where = query.where, .aggregates = "count"});
    numbers.kind = Plan::Kind::numbers;
    numbers.aggregates.clear();
    numbers.sample = plan.sample;
    Smallest smallest(plan.sample->rows);
    source_.rewind();
    Waves waves(on_, source_, numbers, options_);
    const bool good = waves.run([&](auto slices) {
      for (const auto& slice : slices) {
        BlobReader from(slice);
        for (auto left = from.value<std::uint64_t>(); left > 0 && from.good(); --left)
          smallest.add(from.value<std::uint64_t>());
      }
      return true;
    });
    if (!good) return std::nullopt;
    Sample sample = *plan.sample;
    const std::vector<std::uint64_t>& values = smallest.values();
    if (values.size() == sample.rows) sample.last = std::ranges::max(values);
    return sample;
  }

  std::optional<Result> run(Plan& plan) {
    source_.rewind();
    std::optional<Result> result = plan.grouped() ? groups(plan) : rows(plan);
    if (!result) return result;
    result->rows_read = rows_read_;
    result->rows_selected = rows_selected_;
    return result;
  }

  // What slices give, to `take`; false when the schema has changed.
  bool read(const Plan& plan, const Waves::Take& take) {
    Waves waves(on_, source_, plan, options_);
    const bool good = waves.run(take);
    rows_read_ = waves.rows_read();
    rows_selected_ = waves.rows_selected();
    return good;
  }

  std::optional<Result> groups(const Plan& plan) {
    GroupMerger groups(on_, types_of(plan.outputs), plan.aggregates, options_.memory);
    const auto take = [&](auto slices) {
      groups.add(slices);
      return true;
    };
    if (!read(plan, take)) return std::nullopt;
    Result result = groups.finish();
    if (plan.histogram) return result;
    for (std::size_t i = 0; i < plan.fields.size(); ++i)
      result.columns[i].name = plan.fields[i].name;
    order_rows(result, plan.order, plan.limit);
    return result;
  }

  std::optional<Result> rows(Plan& plan) {
    plan.text = options_.text;
    RowOutput output(plan, options_);
    const auto take = [&](auto slices) { return output.take(slices); };
    if (plan.order.empty()) {
      if (plan.text.append != nullptr) plan.kind = Plan::Kind::text;
      if (!read(plan, take)) return std::nullopt;
      return std::move(output).result();
    }
    SortedRows sorted(on_, plan, options_);
    const auto add = [&](auto slices) {
      sorted.add(slices);
      return true;
    };
    if (!read(plan, add)) return std::nullopt;
    sorted.finish(take);
    return std::move(output).result();
  }

  const PoolWith& on_;
  Source& source_;
  const ScanOptions& options_;
  std::uint64_t rows_read_ = 0, rows_selected_ = 0;
};

// What has been given away cannot be taken back when a type turns out to be wider.
bool gives_away(const Query& query, const ScanOptions& options) {
  return (options.sink || options.text.append != nullptr) && query.order_by.empty() &&
         query.group_by.empty() && query.aggregates.empty() && query.histogram.empty();
}

}  // namespace

Result scan(const PoolWith& on, const Table& table, const Query& query,
            const ScanOptions& options) {
  TableSource source(table);
  const JoinOf joined(on, source, query);
  return Answer(on, joined.source(), options)(query).value();
}

Result scan(const PoolWith& on, const FileSource& file, const CsvOptions& csv, const Query& query,
            const ScanOptions& options) {
  CsvFile source(on, file, csv);
  const JoinOf joined(on, source, query);
  if (gives_away(query, options)) joined.source().infer(on);
  for (;;)
    if (auto result = Answer(on, joined.source(), options)(query)) {
      result->bad_rows = source.bad_rows();
      result->bad_lines = source.bad_lines();
      return *std::move(result);
    }
}

Schema schema_of(const PoolWith& on, const FileSource& file, const CsvOptions& csv) {
  CsvFile source(on, file, csv);
  source.infer(on);
  return source.schema();
}

}  // namespace tine::mining
