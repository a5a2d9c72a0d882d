#include "evaluator.hpp"

#include <array>
#include <cstring>
#include <vector>

#include <tine/error.hpp>

#include "operation.hpp"
#include "program_bytes.hpp"

namespace tine::mining {

namespace {

/// Memory for vectors, where they may be read and written in whole cache lines.
struct alignas(64) Line {
  std::byte bytes[64];
};

constexpr std::size_t lines(std::size_t bytes) {
  return (bytes + sizeof(Line) - 1) / sizeof(Line);
}

const void* address(const Constant& constant, std::string_view& text) {
  if (const auto* const s = std::get_if<std::string>(&constant.value)) {
    text = *s;
    return &text;
  }
  return std::visit([](const auto& value) -> const void* { return &value; }, constant.value);
}

}  // namespace

struct Evaluator::State {
  explicit State(Steps all) : program(std::move(all)) {
    make_constants();
    make_temporaries();
    for (const Step& step : program.steps) {
      std::vector<Argument> chosen;
      for (const Operand& operand : step.constants) chosen.push_back(constants[operand.index]);
      const Operation& operation = operations()[step.operation];
      prepared.push_back(operation.prepare ? operation.prepare(chosen) : nullptr);
    }
    if (program.result.kind == Operand::Kind::constant) spread(program.result.index);
  }

  void make_constants() {
    static constexpr std::uint8_t is_null = 1;
    texts_of_constants.resize(program.constants.size());
    for (std::size_t i = 0; i < program.constants.size(); ++i) {
      const Constant& constant = program.constants[i];
      constants.push_back({constant.type, address(constant, texts_of_constants[i]),
                           constant.null ? &is_null : nullptr, true});
    }
  }
  /// Values and then nulls of each.
  void make_temporaries() {
    std::size_t size = 0;
    for (const Type type : program.temporaries)
      size += lines(batch_rows * value_bytes(type)) + lines(batch_rows);
    memory.resize(size);
    Line* at = memory.data();
    for (const Type type : program.temporaries) {
      temporaries.push_back({type, at, nullptr, false});
      at += lines(batch_rows * value_bytes(type));
      null_rooms.push_back(reinterpret_cast<std::uint8_t*>(at));
      at += lines(batch_rows);
    }
  }
  /// A result that is the same for all rows.
  void spread(std::uint32_t constant) {
    const Argument& one = constants[constant];
    const std::size_t bytes = value_bytes(one.type);
    result_memory.resize(lines(batch_rows * bytes) + lines(batch_rows));
    auto* const values = reinterpret_cast<std::byte*>(result_memory.data());
    auto* const nulls = values + lines(batch_rows * bytes) * sizeof(Line);
    for (std::size_t i = 0; i < batch_rows; ++i) std::memcpy(values + i * bytes, one.values, bytes);
    std::memset(nulls, 1, batch_rows);
    spread_result = {one.type, values,
                     one.nulls == nullptr ? nullptr : reinterpret_cast<const std::uint8_t*>(nulls)};
  }

  Argument argument(const Operand& operand, const Batch& batch) const {
    switch (operand.kind) {
      case Operand::Kind::constant:
        return constants[operand.index];
      case Operand::Kind::temporary:
        return temporaries[operand.index];
      case Operand::Kind::column:
        break;
    }
    const Vector& column = batch.columns[program.columns[operand.index].place];
    return {column.type, column.values, column.nulls, false};
  }

  void run(std::size_t index, const Batch& batch) {
    const Step& step = program.steps[index];
    const Operation& operation = operations()[step.operation];
    std::array<Argument, 3> arguments;
    for (std::size_t i = 0; i < step.arguments.size(); ++i)
      arguments[i] = argument(step.arguments[i], batch);
    Argument& target = temporaries[step.target];
    Call call{.rows = batch.rows,
              .arguments = std::span(arguments.data(), step.arguments.size()),
              .type = target.type,
              .values = const_cast<void*>(target.values),
              .null_room = null_rooms[step.target],
              .texts = &texts,
              .prepared = prepared[index].get(),
              .name = operation.name};
    if (operation.strict) any_null(call, step);
    operation.run(call);
    target.nulls = call.nulls;
  }
  /// Null where an argument is. Nulls of a column may be shared; those in a temporary's room are written over
  /// when that is used again.
  void any_null(Call& call, const Step& step) {
    for (std::size_t i = 0; i < call.arguments.size(); ++i) {
      const std::uint8_t* __restrict nulls = call.arguments[i].nulls;
      if (nulls == nullptr) continue;
      if (call.nulls == nullptr) {
        call.nulls = nulls;
        const Operand& from = step.arguments[i];
        if (from.kind == Operand::Kind::temporary && nulls == null_rooms[from.index])
          call.own_nulls();
      } else {
        std::uint8_t* __restrict own = call.own_nulls();
        for (std::size_t row = 0; row < call.rows; ++row) own[row] |= nulls[row];
      }
    }
  }

  Steps program;
  std::vector<Argument> constants, temporaries;
  std::vector<std::string_view> texts_of_constants;
  std::vector<std::uint8_t*> null_rooms;  // of the temporaries
  std::vector<Line> memory, result_memory;
  Vector spread_result;
  std::vector<std::shared_ptr<const void>> prepared;  // for the steps
  TextArena texts;
};

Evaluator::Evaluator(std::span<const std::byte> program)
    : state_(std::make_unique<State>(steps_of(program))) {}
Evaluator::~Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;

Vector Evaluator::operator()(const Batch& batch) {
  State& state = *state_;
  for (const Steps::ColumnUse& column : state.program.columns)
    if (column.place >= batch.columns.size() || batch.columns[column.place].type != column.type)
      throw Error("an expression was given other columns than it was compiled for");
  if (batch.rows > batch_rows) throw Error("a batch is larger than expressions take");
  state.texts.clear();
  for (std::size_t i = 0; i < state.program.steps.size(); ++i) state.run(i, batch);
  const Operand& result = state.program.result;
  if (result.kind == Operand::Kind::constant) return state.spread_result;
  const Argument last = state.argument(result, batch);
  return {last.type, last.values, last.nulls};
}

}  // namespace tine::mining
