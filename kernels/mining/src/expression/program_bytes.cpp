#include "program_bytes.hpp"

#include <tine/error.hpp>

#include "operation.hpp"

namespace tine::mining {

namespace {

/// What no program needs more of.
constexpr std::uint32_t most = 1 << 20, most_temporaries = 4096;

std::size_t index_of(Type type) {
  switch (type) {
    case Type::boolean:
      return 0;
    case Type::real:
      return 2;
    case Type::text:
      return 3;
    default:
      return 1;
  }
}

void write(BlobWriter& to, const Operand& operand) {
  to.value(operand.kind);
  to.value(operand.index);
}
void write(BlobWriter& to, const std::vector<Operand>& operands) {
  to.value(static_cast<std::uint32_t>(operands.size()));
  for (const Operand& operand : operands) write(to, operand);
}
void write(BlobWriter& to, const Constant& constant) {
  to.value(constant.type);
  to.value(constant.null);
  std::visit(
      [&](const auto& value) {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>)
          to.text(value);
        else
          to.value(value);
      },
      constant.value);
}
void write(BlobWriter& to, const Steps& all) {
  to.value(static_cast<std::uint32_t>(all.columns.size()));
  for (const Steps::ColumnUse& column : all.columns) {
    to.value(column.place);
    to.value(column.type);
  }
  to.value(static_cast<std::uint32_t>(all.constants.size()));
  for (const Constant& constant : all.constants) write(to, constant);
  to.value(static_cast<std::uint32_t>(all.temporaries.size()));
  for (const Type type : all.temporaries) to.value(type);
  to.value(static_cast<std::uint32_t>(all.steps.size()));
  for (const Step& step : all.steps) {
    to.value(step.operation);
    write(to, step.arguments);
    write(to, step.constants);
    to.value(step.target);
  }
  write(to, all.result);
}

/// Reads and checks.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : from_(bytes) {}

  Steps steps() {
    for (std::uint32_t n = count(most); n > 0; --n) {
      const auto place = from_.value<std::uint32_t>();
      all_.columns.push_back({place, type()});
    }
    for (std::uint32_t n = count(most); n > 0; --n) all_.constants.push_back(constant());
    for (std::uint32_t n = count(most_temporaries); n > 0; --n) all_.temporaries.push_back(type());
    for (std::uint32_t n = count(most); n > 0; --n) all_.steps.push_back(step());
    all_.result = operand();
    check(from_.good() && from_.empty());
    return std::move(all_);
  }

 private:
  static void check(bool good) {
    if (!good)
      throw Error(
          "the program of an expression was damaged on its way to a worker: perhaps another "
          "kernel writes where it should not");
  }
  std::uint32_t count(std::uint32_t limit) {
    const auto n = from_.value<std::uint32_t>();
    check(from_.good() && n <= limit);
    return n;
  }
  Type type() {
    const auto value = from_.value<std::uint8_t>();
    check(from_.good() && value < type_count);
    return static_cast<Type>(value);
  }
  Constant constant() {
    Constant result{.type = type(), .null = from_.value<std::uint8_t>() != 0};
    switch (index_of(result.type)) {
      case 0:
        result.value = from_.value<std::uint8_t>();
        break;
      case 1:
        result.value = from_.value<std::int64_t>();
        break;
      case 2:
        result.value = from_.value<double>();
        break;
      default:
        result.value = std::string(from_.text());
    }
    check(from_.good());
    return result;
  }
  Operand operand() {
    const auto kind = from_.value<std::uint8_t>();
    const auto index = from_.value<std::uint32_t>();
    check(from_.good() && kind < 3);
    const std::size_t size[] = {all_.columns.size(), all_.constants.size(),
                                all_.temporaries.size()};
    check(index < size[kind]);
    return {static_cast<Operand::Kind>(kind), index};
  }
  Type type_of(const Operand& operand) const {
    switch (operand.kind) {
      case Operand::Kind::column:
        return all_.columns[operand.index].type;
      case Operand::Kind::constant:
        return all_.constants[operand.index].type;
      case Operand::Kind::temporary:
        break;
    }
    return all_.temporaries[operand.index];
  }
  std::vector<Operand> operands() {
    std::vector<Operand> result;
    for (std::uint32_t n = count(most); n > 0; --n) result.push_back(operand());
    return result;
  }

  Step step() {
    Step result{.operation = count(static_cast<std::uint32_t>(operations().size() - 1))};
    result.arguments = operands();
    result.constants = operands();
    result.target = count(most_temporaries);
    check(result.target < all_.temporaries.size());
    const Operation& operation = operations()[result.operation];
    check(operation.run != nullptr && result.arguments.size() == operation.arguments.size());
    char any = '?';
    bool varies = false;
    for (std::size_t i = 0; i < result.arguments.size(); ++i) {
      const Operand& argument = result.arguments[i];
      const char got = letter(type_of(argument));
      char wanted = operation.arguments[i];
      if (wanted == '?') wanted = any = any == '?' ? got : any;
      check(got == wanted);
      const bool constant = argument.kind == Operand::Kind::constant;
      varies = varies || !constant;
      check(!constant || !operation.strict || !all_.constants[argument.index].null);
      check(argument.kind != Operand::Kind::temporary || argument.index != result.target);
    }
    // Operations count on it.
    check(varies);
    check(letter(all_.temporaries[result.target]) ==
          (operation.result == '?' ? any : operation.result));
    check((operation.prepare != nullptr) == !result.constants.empty());
    for (const Operand& constant : result.constants)
      check(constant.kind == Operand::Kind::constant && !all_.constants[constant.index].null &&
            type_of(constant) == type_of(result.arguments[0]));
    return result;
  }

  BlobReader from_;
  Steps all_;
};

}  // namespace

std::vector<std::byte> to_bytes(const Steps& steps) {
  BlobWriter measured({});
  write(measured, steps);
  std::vector<std::byte> bytes(measured.used());
  BlobWriter written(bytes);
  write(written, steps);
  return bytes;
}

Steps steps_of(std::span<const std::byte> bytes) {
  return Reader(bytes).steps();
}

}  // namespace tine::mining
