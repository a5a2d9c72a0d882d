// A column of a table, for workers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <variant>

#include <tine/mining/table.hpp>

namespace tine::mining {

/// How values of a column are stored.
enum class Storage : std::uint8_t { bytes, integers32, integers64, reals32, reals64, codes };

/// Workers see arrays at the same addresses.
struct StoredColumn {
  Type type;
  Storage storage;
  const void* values;
  const std::uint8_t* nulls;
  const std::uint64_t* ends;
  const char* bytes;
  std::uint64_t different;

  bool is_null(std::size_t row) const { return nulls != nullptr && nulls[row] != 0; }
  /// Empty for the code of a missing value.
  std::string_view text_of(std::uint32_t code) const {
    if (code >= different) return {};
    const std::uint64_t begin = code == 0 ? 0 : ends[code - 1];
    return {bytes + begin, ends[code] - begin};
  }
  /// As it is in a batch: std::uint8_t, std::int64_t, double or std::string_view, by its type.
  template <class T>
  T value(std::size_t row) const {
    if constexpr (std::is_same_v<T, std::string_view>)
      return text_of(at<std::uint32_t>(row));
    else if constexpr (std::is_same_v<T, std::uint8_t>)
      return at<std::uint8_t>(row);
    else if constexpr (std::is_same_v<T, double>)
      return storage == Storage::reals32 ? double{at<float>(row)} : at<double>(row);
    else
      return storage == Storage::integers32 ? T{at<std::int32_t>(row)} : at<std::int64_t>(row);
  }

 private:
  template <class From>
  From at(std::size_t row) const {
    return static_cast<const From*>(values)[row];
  }
};

template <class T>
constexpr Storage storage_of() {
  if constexpr (std::is_same_v<T, std::uint8_t>) return Storage::bytes;
  if constexpr (std::is_same_v<T, std::int32_t>) return Storage::integers32;
  if constexpr (std::is_same_v<T, std::int64_t>) return Storage::integers64;
  if constexpr (std::is_same_v<T, float>) return Storage::reals32;
  if constexpr (std::is_same_v<T, double>) return Storage::reals64;
  if constexpr (std::is_same_v<T, std::uint32_t>) return Storage::codes;
}

inline StoredColumn stored(const Column& column) {
  StoredColumn result{};
  result.type = column.type;
  std::visit(
      [&]<class T>(const Array<T>& values) {
        result.storage = storage_of<T>();
        result.values = values.data();
      },
      column.values);
  if (!column.nulls.empty()) result.nulls = column.nulls.data();
  result.different = column.dictionary.size();
  if (result.different > 0) {
    result.ends = column.dictionary.ends.data();
    result.bytes = column.dictionary.bytes.data();
  }
  return result;
}

}  // namespace tine::mining
