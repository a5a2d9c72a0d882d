#include "slice_run.hpp"

#include <exception>
#include <optional>

#include "../aggregate/groups.hpp"
#include "../expression/evaluator.hpp"
#include "../filter.hpp"
#include "row_block.hpp"

namespace tine::mining {

namespace {

void write_bytes(BlobWriter& to, std::span<const std::byte> bytes) {
  to.value<std::uint64_t>(bytes.size());
  to.bytes(bytes.data(), bytes.size());
}

std::span<const std::byte> read_bytes(BlobReader& from) {
  return from.bytes(static_cast<std::size_t>(from.value<std::uint64_t>()));
}

void write_programs(BlobWriter& to, std::span<const Program> programs) {
  to.value<std::uint64_t>(programs.size());
  for (const Program& program : programs) {
    to.value(program.type);
    write_bytes(to, program.bytes);
  }
}

// Programs, and the vectors that they give for a batch.
struct Expressions {
  std::vector<Type> types;
  std::vector<Evaluator> evaluators;
  std::vector<Vector> vectors;

  explicit Expressions(BlobReader& from) {
    for (auto left = from.value<std::uint64_t>(); left > 0 && from.good(); --left) {
      types.push_back(from.value<Type>());
      evaluators.emplace_back(read_bytes(from));
    }
    vectors.resize(types.size());
  }
  std::span<const Vector> operator()(const Batch& batch) {
    for (std::size_t i = 0; i < vectors.size(); ++i) vectors[i] = evaluators[i](batch);
    return vectors;
  }
};

// All of a slice but its report.
class SliceRun {
 public:
  explicit SliceRun(BlobReader from)
      : kept_(from.value<std::uint64_t>()),
        grouped_(from.value<bool>()),
        most_(from.value<std::uint64_t>()),
        where_(from),
        outputs_(from),
        arguments_(from) {
    std::vector<Aggregate> aggregates(from.value<std::uint64_t>());
    for (Aggregate& aggregate : aggregates) aggregate = from.value<Aggregate>();
    if (grouped_)
      groups_.emplace(outputs_.types, aggregates);
    else
      rows_.emplace(outputs_.types.size(), most_);
  }

  void read(Stream& stream, SliceResult& result) {
    Batch batch;
    while (!(rows_ && rows_->full()) && stream.next(batch)) {
      result.rows += batch.rows;
      if (!where_.types.empty()) {
        const Vector condition = where_(batch)[0];
        batch.columns = batch.columns.first(std::min(kept_, batch.columns.size()));
        if (!filter_) {
          std::vector<Type> types;
          for (const Vector& column : batch.columns) types.push_back(column.type);
          filter_.emplace(types);
        }
        Batch chosen;
        if ((*filter_)(batch, condition, chosen) == 0) continue;
        batch = chosen;
      }
      result.selected += batch.rows;
      const auto outputs = outputs_(batch);
      if (grouped_)
        groups_->add(batch.rows, outputs, arguments_(batch));
      else
        rows_->add(batch.rows, outputs);
    }
  }
  void write(BlobWriter& to) const {
    if (grouped_)
      groups_->write(to);
    else
      rows_->write(to);
  }

 private:
  std::size_t kept_;
  bool grouped_;
  std::size_t most_;
  Expressions where_, outputs_, arguments_;
  std::optional<Filter> filter_;
  std::optional<Groups> groups_;
  std::optional<RowCollector> rows_;
};

}  // namespace

std::vector<std::byte> for_workers(const Plan& plan, const Source& source) {
  return to_blob([&, description = source.description(plan.columns)](BlobWriter& to) {
    write_bytes(to, description);
    to.value<std::uint64_t>(plan.kept);
    to.value(plan.grouped);
    to.value<std::uint64_t>(plan.most_rows());
    write_programs(to, plan.where ? std::span(&*plan.where, 1) : std::span<const Program>());
    write_programs(to, plan.outputs);
    write_programs(to, plan.arguments);
    to.value<std::uint64_t>(plan.aggregates.size());
    for (const Aggregate& aggregate : plan.aggregates) to.value(aggregate);
  });
}

void run_slice(std::span<const std::byte> plan, const SliceTask& task, SliceResult& result,
               std::span<std::byte> region) {
  BlobReader from(plan);
  const auto stream = open_stream(read_bytes(from), task.slice, task.quoted);
  result = {};
  BlobWriter to(region);
  const auto read_on = [&] {  // the report is about all of the slice
    for (Batch rest; stream->next(rest);) continue;
  };
  // What an expression throws may come of text that is no cell, in a slice that begins within quotes: it
  // counts only when the stream's report is good.
  try {
    SliceRun run(from);
    run.read(*stream, result);
    read_on();
    run.write(to);
  } catch (const std::exception& error) {
    read_on();
    to = BlobWriter(region);
    to.text(error.what());
    result.failed = true;
  }
  result.result_bytes = to.used();
  stream->report(to);
  result.bytes = to.used();
}

}  // namespace tine::mining
