// Groups of columns as a scan makes them: slices of rows, batch by batch, in the workers of a pool.
#pragma once

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <aggregate/groups.hpp>
#include <batch.hpp>
#include <tine/tine.hpp>

#include "support/worker_counts.hpp"

namespace tine::mining {

/// A column in the memory of a pool; std::nullopt is a missing value.
class SharedColumn {
 public:
  template <class T>
  SharedColumn(Pool& pool, Type type, const std::vector<std::optional<T>>& values)
      : type_(type),
        values_(pool.array<std::uint64_t>((values.size() * value_bytes(type) + 7) / 8)),
        nulls_(pool.array<std::uint8_t>(values.size())) {
    std::size_t length = 0;
    if constexpr (std::is_same_v<T, std::string>)
      for (const auto& v : values) length += v ? v->size() : 0;
    text_ = pool.array<char>(length);
    char* text = text_.data();
    for (std::size_t i = 0; i < values.size(); ++i) {
      nulls_[i] = !values[i];
      some_missing_ |= !values[i];
      auto* const to = reinterpret_cast<char*>(values_.data()) + i * value_bytes(type);
      if constexpr (std::is_same_v<T, std::string>) {
        const std::string value = values[i].value_or("");
        const std::string_view view(text, value.size());
        text = std::ranges::copy(value, text).out;
        std::memcpy(to, &view, sizeof view);
      } else {
        const T value = values[i].value_or(T(77));  // which nobody should see
        std::memcpy(to, &value, sizeof value);
      }
    }
  }
  std::size_t size() const { return nulls_.size(); }
  Type type() const { return type_; }
  Vector from(std::size_t row) const {
    return {type_, reinterpret_cast<const char*>(values_.data()) + row * value_bytes(type_),
            some_missing_ ? nulls_.data() + row : nullptr};
  }

 private:
  Type type_;
  Array<std::uint64_t> values_;
  Array<std::uint8_t> nulls_;
  Array<char> text_;
  bool some_missing_ = false;
};

inline SharedColumn reals(Pool& pool, const std::vector<std::optional<double>>& values) {
  return {pool, Type::real, values};
}
inline SharedColumn integers(Pool& pool, const std::vector<std::optional<std::int64_t>>& values,
                             Type type = Type::integer) {
  return {pool, type, values};
}
inline SharedColumn booleans(Pool& pool, const std::vector<std::optional<std::uint8_t>>& values) {
  return {pool, Type::boolean, values};
}
inline SharedColumn texts(Pool& pool, const std::vector<std::optional<std::string>>& values) {
  return {pool, Type::text, values};
}

inline Aggregate aggregate(AggregateKind kind, std::vector<Type> types = {}, double fraction = 0) {
  Aggregate result{
      .kind = kind, .arguments = static_cast<std::uint8_t>(types.size()), .fraction = fraction};
  std::ranges::copy(types, result.types);
  return result;
}

/// Columns by pointer: keys, and the arguments of all aggregates.
struct Grouping {
  std::vector<const SharedColumn*> keys{}, arguments{};
  std::vector<Aggregate> aggregates{};
  std::size_t rows = 0;
  std::size_t slice_rows = 5000;
  std::size_t together = 3;  // slices that are merged by one call
  std::uint64_t memory = 0;  // that merging may take
  int die_at = -1;           // at which batch a worker is killed
};

inline Result grouped(Pool& pool, const Grouping& grouping) {
  constexpr std::size_t most = 64;
  if (grouping.keys.size() + grouping.arguments.size() > most) throw Error("too many columns");
  struct Columns {
    Vector vectors[most];
    Type types[most];
    Aggregate aggregates[most];
    std::size_t keys, arguments, aggregate_count;
  };
  auto task = pool.array<Columns>(1);
  Columns& columns = task[0];
  for (const auto* list : {&grouping.keys, &grouping.arguments})
    for (const SharedColumn* column : *list)
      columns.vectors[columns.keys + columns.arguments] = column->from(0),
                                     ++(list == &grouping.keys ? columns.keys : columns.arguments);
  for (std::size_t k = 0; k < columns.keys; ++k) columns.types[k] = columns.vectors[k].type;
  columns.aggregate_count = grouping.aggregates.size();
  std::ranges::copy(grouping.aggregates, columns.aggregates);

  const Partition partition = slices(grouping.rows, grouping.slice_rows);
  const std::size_t count = partition.size();
  auto calls = pool.array<int>(1);
  auto sizes = pool.array<std::size_t>(count);
  std::size_t room = 100;
  Array<std::byte, 2> blobs;
  const PoolWith on = pool.with({.attempts = 10});
  for (bool fit = false; !fit;) {
    blobs = pool.array<std::byte>(count, room);
    for_each_slice(
        on, slices(count, 1),
        [=, calls = calls.view(), die_at = grouping.die_at](Slice s, auto size, auto blob,
                                                            auto shared) {
          const Columns& columns = shared[0];
          const Slice rows = partition.slice(s.index);
          Groups groups(std::span(columns.types).first(columns.keys),
                        std::span(columns.aggregates).first(columns.aggregate_count));
          for (std::size_t at = rows.begin; at < rows.end; at += batch_rows) {
            const std::size_t n = std::min(batch_rows, rows.end - at);
            if (die_at >= 0) tine_test::DieAt{calls, die_at}();
            Vector vectors[most];
            for (std::size_t i = 0; i < columns.keys + columns.arguments; ++i) {
              Vector& v = vectors[i] = columns.vectors[i];
              v.values = v.as<char>() + at * value_bytes(v.type);
              if (v.nulls != nullptr) v.nulls += at;
            }
            groups.add(n, std::span(vectors).first(columns.keys),
                       std::span(vectors).subspan(columns.keys, columns.arguments));
          }
          BlobWriter to({blob.data(), blob.extent(1)});
          groups.write(to);
          size[0] = to.used();
        },
        out(sizes), out(blobs), whole(task));
    const std::size_t needed = count == 0 ? 0 : *std::ranges::max_element(sizes);
    fit = needed <= room;
    room = std::max(room, needed);
  }
  GroupMerger merger(pool, std::vector<Type>(columns.types, columns.types + columns.keys),
                     grouping.aggregates, grouping.memory);
  std::vector<std::span<const std::byte>> some;
  for (std::size_t s = 0; s < count; ++s) {
    some.push_back(std::span<const std::byte>(blobs.data() + s * room, sizes[s]));
    if (some.size() == grouping.together || s + 1 == count) {
      merger.add(some);
      some.clear();
    }
  }
  return merger.finish();
}

/// A value of a result as text, reals with all their digits.
inline std::string cell(const ResultColumn& column, std::size_t row) {
  if (column.is_null(row)) return "null";
  std::ostringstream text;
  text.precision(17);
  if (column.type == Type::real)
    text << column.reals[row];
  else if (column.type == Type::text)
    text << column.texts[row];
  else
    text << column.integers[row];
  return text.str();
}

/// "1 2.5; 2 null": rows and their cells.
inline std::string show(const Result& result) {
  std::string text;
  for (std::size_t row = 0; row < result.rows; ++row) {
    if (row != 0) text += "; ";
    for (std::size_t c = 0; c < result.columns.size(); ++c)
      text += (c != 0 ? " " : "") + cell(result.columns[c], row);
  }
  return text;
}

inline bool same_bits(const Result& a, const Result& b) {
  if (a.rows != b.rows || a.columns.size() != b.columns.size()) return false;
  for (std::size_t c = 0; c < a.columns.size(); ++c) {
    const ResultColumn &x = a.columns[c], &y = b.columns[c];
    if (x.type != y.type || x.nulls != y.nulls || x.integers != y.integers || x.texts != y.texts ||
        !tine_test::same_bits(x.reals, y.reals))
      return false;
  }
  return true;
}

}  // namespace tine::mining
