// What the bytes of a program say.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <tine/mining/type.hpp>

#include "../blob.hpp"

namespace tine::mining {

/// Where a value is.
struct Operand {
  enum class Kind : std::uint8_t { column, constant, temporary };
  Kind kind{};
  std::uint32_t index = 0;
};

struct Constant {
  Type type{};
  bool null = false;
  std::variant<std::uint8_t, std::int64_t, double, std::string> value{std::uint8_t{0}};
};

struct Step {
  std::uint32_t operation = 0;       // in operations()
  std::vector<Operand> arguments{};  // as many as the operation has
  std::vector<Operand> constants{};  // for its `prepare`
  std::uint32_t target = 0;          // a temporary
};

struct Steps {
  /// A column of the batch.
  struct ColumnUse {
    std::uint32_t place = 0;
    Type type{};
  };
  std::vector<ColumnUse> columns{};
  std::vector<Constant> constants{};
  std::vector<Type> temporaries{};
  std::vector<Step> steps{};
  Operand result{};
};

std::vector<std::byte> to_bytes(const Steps& steps);
/// Every index is within bounds and every type is what its operation takes, or this throws Error.
Steps steps_of(std::span<const std::byte> bytes);

}  // namespace tine::mining
