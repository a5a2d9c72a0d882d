// Columns of numbers: in vectors of a batch, in blobs, in results.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <tine/error.hpp>
#include <tine/mining/query.hpp>

#include "../batch.hpp"
#include "../blob.hpp"

namespace tine::mining {

[[noreturn]] inline void broken_groups() {
  throw Error("tine: the groups of a slice are not what a worker wrote; something wrote over them");
}

[[noreturn]] inline void too_much_memory(const std::string& what, std::uint64_t bytes,
                                         std::uint64_t memory) {
  throw OutOfMemory("tine: " + what + " need " + std::to_string(bytes >> 20) +
                        " MiB, and may take " + std::to_string(memory >> 20) +
                        "; --memory raises that",
                    bytes, memory, "the memory for a query");
}

template <class T>
void write_column(BlobWriter& to, const std::vector<T>& values) {
  to.bytes(values.data(), values.size() * sizeof(T));
}
/// Throws where there is no room for so many.
template <class T>
std::vector<T> read_column(BlobReader& from, std::size_t size) {
  if (size > std::numeric_limits<std::size_t>::max() / sizeof(T)) broken_groups();
  const auto bytes = from.bytes(size * sizeof(T));
  if (!from.good()) broken_groups();
  std::vector<T> values(size);
  if (size != 0) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}
template <class T>
void write_some(BlobWriter& to, const std::vector<T>& values,
                std::span<const std::uint32_t> which) {
  std::vector<T> some(which.size());
  for (std::size_t i = 0; i < which.size(); ++i) some[i] = values[which[i]];
  write_column(to, some);
}

/// A number that orders reals as integers: -inf ... -0, 0 ... inf, NaN. All NaN are the same.
inline std::int64_t ordered(double x) {
  if (std::isnan(x)) x = std::numeric_limits<double>::quiet_NaN();
  const auto bits = std::bit_cast<std::int64_t>(x);
  return bits ^ ((bits >> 63) & std::numeric_limits<std::int64_t>::max());
}
inline double from_ordered(std::int64_t key) {
  return std::bit_cast<double>(key ^ ((key >> 63) & std::numeric_limits<std::int64_t>::max()));
}

/// The values of a vector as doubles; `room` is for what has to be converted.
inline const double* as_reals(const Vector& v, std::size_t rows, std::vector<double>& room) {
  if (v.type == Type::real) return v.as<double>();
  room.resize(rows);
  if (v.type == Type::boolean)
    for (std::size_t i = 0; i < rows; ++i) room[i] = v.as<std::uint8_t>()[i];
  else
    for (std::size_t i = 0; i < rows; ++i) room[i] = static_cast<double>(v.as<std::int64_t>()[i]);
  return room.data();
}
/// The same as integers that order and tell apart as the values do.
inline const std::int64_t* as_integers(const Vector& v, std::size_t rows,
                                       std::vector<std::int64_t>& room) {
  if (v.type != Type::real && v.type != Type::boolean) return v.as<std::int64_t>();
  room.resize(rows);
  if (v.type == Type::boolean)
    for (std::size_t i = 0; i < rows; ++i) room[i] = v.as<std::uint8_t>()[i];
  else
    for (std::size_t i = 0; i < rows; ++i) room[i] = ordered(v.as<double>()[i]);
  return room.data();
}

/// The same with -0 as 0: equal values are equal integers.
inline const std::int64_t* as_keys(const Vector& v, std::size_t rows,
                                   std::vector<std::int64_t>& room) {
  const std::int64_t* const keys = as_integers(v, rows, room);
  if (v.type == Type::real) {
    const std::int64_t minus_zero = ordered(-0.0);
    for (std::int64_t& key : room) key = key == minus_zero ? 0 : key;
  }
  return keys;
}

/// Calls f(group, row) for each row in which the value is there.
template <class Rows, class F>
void each_value(const Rows& rows, const std::uint8_t* nulls, F f) {
  if (nulls != nullptr) {
    for (std::size_t i = 0; i < rows.rows; ++i)
      if (nulls[i] == 0) f(rows.group(i), i);
  } else if (rows.groups != nullptr) {
    for (std::size_t i = 0; i < rows.rows; ++i) f(rows.groups[i], i);
  } else {
    for (std::size_t i = 0; i < rows.rows; ++i) f(0, i);
  }
}

/// A column of so many values, all missing.
inline ResultColumn missing_column(Type type, std::size_t rows) {
  ResultColumn column;
  column.type = type;
  column.nulls.assign(rows, 1);
  if (type == Type::real)
    column.reals.resize(rows);
  else if (type == Type::text)
    column.texts.resize(rows);
  else
    column.integers.resize(rows);
  return column;
}

}  // namespace tine::mining
