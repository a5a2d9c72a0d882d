/// @file
/// Columns in shared memory.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tine/array.hpp>
#include <tine/mining/type.hpp>
#include <tine/pool.hpp>

namespace tine::mining {

/// The different values of a column of text, each once.
struct Dictionary {
  Array<std::uint64_t> ends;  ///< of value i in `bytes`; it begins where the one before it ends
  Array<char> bytes;
  std::size_t size() const { return ends.size(); }
};

/// Values of one type. Integers and reals may be stored in fewer bits than they are computed in.
struct Column {
  using Values = std::variant<Array<std::uint8_t>, Array<std::int32_t>, Array<std::int64_t>,
                              Array<float>, Array<double>, Array<std::uint32_t>>;
  Type type{};
  Values values;  ///< bool u8; int i32, i64; float f32, f64; string u32, codes; date, datetime i64
  Array<std::uint8_t> nulls{};  ///< 1 where a value is missing; empty: none is
  Dictionary dictionary{};      ///< of text
};

/// Named columns of equal length.
class Table {
 public:
  Table() = default;
  /// Takes over arrays of a pool's arena. Throws InvalidArgument for columns of other lengths, names
  /// that are there already, and values that do not go with the type.
  void add(std::string name, Column column);
  /// A column of integers or reals without missing values.
  template <class T>
    requires(std::is_same_v<T, std::int32_t> || std::is_same_v<T, std::int64_t> ||
             std::is_same_v<T, float> || std::is_same_v<T, double>)
  void add(std::string name, Array<T> values) {
    add(std::move(name), Column{.type = std::is_integral_v<T> ? Type::integer : Type::real,
                                .values = std::move(values)});
  }

  std::size_t rows() const { return rows_; }
  const Schema& schema() const { return schema_; }
  const Column& column(std::size_t i) const { return columns_[i]; }

 private:
  std::size_t rows_ = 0;
  Schema schema_;
  std::vector<Column> columns_;
};

}  // namespace tine::mining
