// What programs are made of: operations on the values of a batch, each for certain types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../batch.hpp"

namespace tine::mining {

/// Memory for text that operations make, until the next batch: bounded, since a few calls of replace() could
/// ask for any amount.
class TextArena {
 public:
  /// `size` bytes to be written. Throws Error.
  char* take(std::size_t size);
  void clear();

 private:
  static constexpr std::size_t block_bytes = 1 << 16, most_bytes = std::size_t{1} << 30;
  std::vector<std::unique_ptr<char[]>> blocks_;  // of block_bytes, which are kept
  std::vector<std::unique_ptr<char[]>> large_;
  std::size_t used_blocks_ = 0, free_ = 0, made_ = 0;
};

/// A column or an intermediate result, with a value for each row; or a constant, with one for all.
struct Argument {
  Type type{};
  const void* values = nullptr;
  const std::uint8_t* nulls = nullptr;  // nullptr: none is
  bool constant = false;

  template <class T>
  const T* as() const {
    return static_cast<const T*>(values);
  }
  template <class T>
  const T& at(std::size_t row) const {
    return as<T>()[constant ? 0 : row];
  }
  bool is_null(std::size_t row) const { return nulls != nullptr && nulls[constant ? 0 : row] != 0; }
};

/// One run of an operation over a batch.
struct Call {
  std::size_t rows = 0;
  std::span<const Argument> arguments;
  Type type{};             // of the result
  void* values = nullptr;  // room for it, nowhere else used
  /// Of the result. Strict operations find here what follows from their arguments, the others nullptr.
  const std::uint8_t* nulls = nullptr;
  std::uint8_t* null_room = nullptr;  // for `rows` of them; may be what `nulls` points to
  TextArena* texts = nullptr;
  const void* prepared = nullptr;  // by Operation::prepare
  std::string_view name;           // of the operation

  template <class T>
  T* result() const {
    return static_cast<T*>(values);
  }
  bool is_null(std::size_t row) const { return nulls != nullptr && nulls[row] != 0; }
  /// Nulls that can be written.
  std::uint8_t* own_nulls();
};

/// Constants that an operation takes beside its arguments: none of them is null.
using Constants = std::span<const Argument>;

/// Types are letters: b(ool), i(nt), f(loat), s(tring), d(ate), t (datetime); ? is any, the same each time.
struct Operation {
  std::string_view name;
  std::string_view arguments;
  char result = 0;
  void (*run)(Call&) = nullptr;
  /// Strict: where an argument is null, the result is. What the operation makes of such rows is unimportant,
  /// but it must not fail.
  bool strict = true;
  /// Makes what does not change from batch to batch, from constants whose type is that of the first
  /// argument.
  std::shared_ptr<const void> (*prepare)(Constants) = nullptr;
};

constexpr char letter(Type type) {
  return "bifsdt"[static_cast<std::size_t>(type)];
}

/// All there are. A program names them by their index.
std::span<const Operation> operations();

// Where they are: each file has those of its kind.
std::span<const Operation>
arithmetic_operations();  // with comparisons and logic: what must be fast
std::span<const Operation> bin_operations();
std::span<const Operation> calendar_operations();
std::span<const Operation> conversion_operations();
std::span<const Operation> membership_operations();
std::span<const Operation> null_operations();
std::span<const Operation> number_operations();
std::span<const Operation> text_operations();

}  // namespace tine::mining
