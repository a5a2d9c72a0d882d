#include "slice_run.hpp"

#include <exception>
#include <optional>

#include "../aggregate/groups.hpp"
#include "../expression/evaluator.hpp"
#include "../filter.hpp"
#include "row_block.hpp"
#include "row_order.hpp"
#include "text_block.hpp"

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

template <class T>
void write_values(BlobWriter& to, std::span<const T> values) {
  to.value<std::uint64_t>(values.size());
  for (const T& value : values) to.value(value);
}

template <class T>
std::vector<T> read_values(BlobReader& from) {
  std::vector<T> values;
  for (auto left = from.value<std::uint64_t>(); left > 0 && from.good(); --left)
    values.push_back(from.value<T>());
  return values;
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

// A filter that knows its columns when it sees them.
class Rows {
 public:
  // Whether any are left.
  bool choose(Batch& batch, const Vector& condition) {
    if (!filter_) {
      std::vector<Type> types;
      for (const Vector& column : batch.columns) types.push_back(column.type);
      filter_.emplace(types);
    }
    Batch chosen;
    if ((*filter_)(batch, condition, chosen) == 0) return false;
    batch = chosen;
    return true;
  }

 private:
  std::optional<Filter> filter_;
};

// All of a slice but its report.
class SliceRun {
 public:
  SliceRun(BlobReader from, std::uint64_t slice)
      : slice_(slice),
        kept_(from.value<std::uint64_t>()),
        result_(from.value<Plan::Kind>()),
        most_(from.value<std::uint64_t>()),
        where_(from),
        outputs_(from),
        arguments_(from),
        aggregates_(read_values<Aggregate>(from)),
        order_(read_values<Plan::Order>(from)),
        sampled_(from.value<bool>()),
        sample_(from.value<Sample>()),
        numbers_(sample_.rows) {
    switch (result_) {
      case Plan::Kind::groups:
        groups_.emplace(outputs_.types, aggregates_);
        break;
      case Plan::Kind::rows:
        rows_.emplace(outputs_.types.size(), order_.empty() ? most_ : all);
        break;
      case Plan::Kind::text:
        text_.emplace(from, most_);
        break;
      case Plan::Kind::numbers:
        break;
    }
  }

  void read(Stream& stream, SliceResult& result) {
    Batch batch;
    while (!full() && stream.next(batch)) {
      result.rows += batch.rows;
      if (!where_.types.empty()) {
        const Vector condition = where_(batch)[0];
        batch.columns = batch.columns.first(std::min(kept_, batch.columns.size()));
        if (!filtered_.choose(batch, condition)) continue;
      }
      result.selected += batch.rows;
      if (sampled_ && !sample(batch, result.selected - batch.rows)) continue;
      const auto outputs = outputs_(batch);
      if (groups_) groups_->add(batch.rows, outputs, arguments_(batch));
      if (rows_) rows_->add(batch.rows, outputs);
      if (text_) text_->add(batch.rows, outputs);
    }
  }
  void write(BlobWriter& to) {
    if (groups_) groups_->write(to);
    if (rows_ && order_.empty()) rows_->write(to);
    if (rows_ && !order_.empty()) write_first_rows(*rows_, outputs_.types, order_, most_, to);
    if (text_) text_->write(to);
    if (result_ == Plan::Kind::numbers) write_values(to, std::span(numbers_.values()));
  }

 private:
  static constexpr std::size_t all = std::numeric_limits<std::size_t>::max();

  bool full() const { return (rows_ && rows_->full()) || (text_ && text_->full()); }

  // The rows of a batch that are in the sample; or only their numbers, to find out how small these are.
  bool sample(Batch& batch, std::uint64_t before) {
    for (std::size_t i = 0; i < batch.rows; ++i) {
      const std::uint64_t number = random_number(sample_.seed, slice_, before + i);
      chosen_[i] = number <= sample_.last;
      if (result_ == Plan::Kind::numbers) numbers_.add(number);
    }
    return result_ != Plan::Kind::numbers &&
           sampled_rows_.choose(batch, {Type::boolean, chosen_.data(), nullptr});
  }

  std::uint64_t slice_;
  std::size_t kept_;
  Plan::Kind result_;
  std::size_t most_;
  Expressions where_, outputs_, arguments_;
  std::vector<Aggregate> aggregates_;
  std::vector<Plan::Order> order_;
  bool sampled_;
  Sample sample_;
  Rows filtered_, sampled_rows_;
  std::array<std::uint8_t, batch_rows> chosen_;
  std::optional<Groups> groups_;
  std::optional<RowCollector> rows_;
  std::optional<TextCollector> text_;
  Smallest numbers_;
};

}  // namespace

std::vector<std::byte> for_workers(const Plan& plan, const Source& source) {
  return to_blob([&, description = source.description(plan.columns)](BlobWriter& to) {
    write_bytes(to, description);
    to.value<std::uint64_t>(plan.kept);
    to.value(plan.kind);
    to.value<std::uint64_t>(plan.most_rows());
    write_programs(to, plan.where ? std::span(&*plan.where, 1) : std::span<const Program>());
    write_programs(to, plan.outputs);
    write_programs(to, plan.arguments);
    write_values(to, std::span(plan.aggregates));
    write_values(to, std::span(plan.order));
    to.value(plan.sample.has_value());
    to.value(plan.sample.value_or(Sample()));
    if (plan.kind == Plan::Kind::text)
      write_text_plan(to, plan.text, plan.fields, plan.limit.has_value());
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
    SliceRun run(from, task.slice);
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
