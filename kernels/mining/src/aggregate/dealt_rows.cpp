#include "dealt_rows.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string_view>

#include "columns.hpp"
#include "key_table.hpp"

namespace tine::mining {

namespace {

template <class T>
std::vector<T> chosen(const std::vector<T>& values, std::span<const std::uint32_t> rows) {
  std::vector<T> result(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) result[i] = values[rows[i]];
  return result;
}

// A column as it is read: values where they were written, and the next batch of them in one piece.
struct Reading {
  Type type;
  std::span<const std::byte> nulls, values;
  std::vector<std::string_view> texts;
  std::vector<std::uint64_t> numbers;
  std::vector<std::uint8_t> booleans;

  Vector batch(std::size_t begin, std::size_t size) {
    Vector v{.type = type};
    if (!nulls.empty()) v.nulls = reinterpret_cast<const std::uint8_t*>(nulls.data()) + begin;
    if (type == Type::text) {
      v.values = texts.data() + begin;
      return v;
    }
    numbers.resize(size);
    std::memcpy(numbers.data(), values.data() + 8 * begin, 8 * size);
    v.values = numbers.data();
    if (type == Type::boolean) {
      booleans.resize(size);
      for (std::size_t i = 0; i < size; ++i) booleans[i] = numbers[i] != 0;
      v.values = booleans.data();
    }
    return v;
  }
};

}  // namespace

void DealtRows::add(std::size_t rows, std::span<const Vector> keys,
                    std::span<const Vector> arguments) {
  const std::size_t before = part_.size();
  columns_.resize(keys.size() + arguments.size());
  std::vector<std::uint64_t> hashes(rows);
  hash_keys(rows, keys, hashes.data());
  for (const std::uint64_t hash : hashes)
    part_.push_back(static_cast<std::uint8_t>(hash % part_count));
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Vector& from = i < keys.size() ? keys[i] : arguments[i - keys.size()];
    Column& to = columns_[i];
    to.type = from.type;
    if (from.nulls != nullptr) {
      to.nulls.resize(before);  // those before had none
      to.nulls.insert(to.nulls.end(), from.nulls, from.nulls + rows);
    } else if (!to.nulls.empty()) {
      to.nulls.resize(before + rows);
    }
    if (from.type == Type::text) {
      for (std::size_t r = 0; r < rows; ++r) {
        if (!from.is_null(r)) {
          const std::string_view text = from.as<std::string_view>()[r];
          to.characters.insert(to.characters.end(), text.begin(), text.end());
        }
        to.values.push_back(to.characters.size());
      }
    } else if (from.type == Type::boolean) {
      to.values.insert(to.values.end(), from.as<std::uint8_t>(), from.as<std::uint8_t>() + rows);
    } else {
      to.values.resize(before + rows);
      std::memcpy(to.values.data() + before, from.values, 8 * rows);
    }
  }
}

void DealtRows::arrange() {
  begins_.assign(part_count + 1, 0);
  for (const std::uint8_t part : part_) ++begins_[part + 1u];
  std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
  std::vector<std::size_t> next(begins_.begin(), begins_.end() - 1);
  order_.resize(part_.size());
  for (std::uint32_t row = 0; row < order_.size(); ++row) order_[next[part_[row]]++] = row;
}

void DealtRows::write(BlobWriter& to, std::size_t part) const {
  const auto rows = std::span(order_).subspan(begins_[part], begins_[part + 1] - begins_[part]);
  to.value(std::uint64_t{rows.size()});
  for (const Column& c : columns_) {
    to.value(!c.nulls.empty());
    if (!c.nulls.empty()) write_column(to, chosen(c.nulls, rows));
    if (c.type != Type::text) {
      write_column(to, chosen(c.values, rows));
      continue;
    }
    for (const std::uint32_t row : rows) {
      const std::uint64_t begin = row == 0 ? 0 : c.values[row - 1];
      to.text({c.characters.data() + begin, c.values[row] - begin});
    }
  }
}

void read_rows(BlobReader& from, std::span<const Type> types,
               const std::function<void(std::size_t, std::span<const Vector>)>& add) {
  const auto rows = static_cast<std::size_t>(from.value<std::uint64_t>());
  std::vector<Reading> columns(types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    Reading& c = columns[i];
    c.type = types[i];
    if (rows > from.left()) broken_groups();  // each takes at least a byte
    if (from.value<std::uint8_t>() != 0) c.nulls = from.bytes(rows);
    if (c.type == Type::text) {
      c.texts.resize(rows);
      for (std::string_view& text : c.texts) text = from.text();
    } else {
      c.values = from.bytes(rows * 8);
    }
    if (!from.good()) broken_groups();
  }
  std::vector<Vector> vectors(columns.size());
  for (std::size_t begin = 0; begin < rows; begin += batch_rows) {
    const std::size_t size = std::min(batch_rows, rows - begin);
    for (std::size_t i = 0; i < columns.size(); ++i) vectors[i] = columns[i].batch(begin, size);
    add(size, vectors);
  }
}

}  // namespace tine::mining
