#include "row_block.hpp"

#include <algorithm>

#include <tine/error.hpp>

namespace tine::mining {

void RowCollector::add(std::size_t rows, std::span<const Vector> columns) {
  rows = std::min(rows, most_ - rows_);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Vector& from = columns[i];
    Column& to = columns_[i];
    to.type = from.type;
    if (from.nulls != nullptr) {
      to.nulls.resize(rows_);  // those before had none
      to.nulls.insert(to.nulls.end(), from.nulls, from.nulls + rows);
      to.any_null = true;
    } else if (to.any_null) {
      to.nulls.resize(rows_ + rows);
    }
    if (from.type == Type::text) {
      for (std::size_t r = 0; r < rows; ++r) {
        const std::string_view text =
            from.is_null(r) ? std::string_view() : from.as<std::string_view>()[r];
        to.characters.insert(to.characters.end(), text.begin(), text.end());
        const std::uint64_t end = to.characters.size();
        const auto* const bytes = reinterpret_cast<const std::byte*>(&end);
        to.values.insert(to.values.end(), bytes, bytes + sizeof end);
      }
    } else {
      const auto* const bytes = from.as<std::byte>();
      to.values.insert(to.values.end(), bytes, bytes + rows * value_bytes(from.type));
    }
  }
  rows_ += rows;
}

void RowCollector::write(BlobWriter& to) const {
  to.value<std::uint64_t>(rows_);
  if (rows_ == 0) return;
  for (const Column& c : columns_) {
    to.value<std::uint8_t>(c.any_null);
    to.bytes(c.nulls.data(), c.nulls.size());
    to.bytes(c.values.data(), c.values.size());
    if (c.type != Type::text) continue;
    to.value<std::uint64_t>(c.characters.size());
    to.bytes(c.characters.data(), c.characters.size());
  }
}

RowBlock RowBlock::read(BlobReader from, std::span<const Type> types) {
  RowBlock block;
  block.rows = static_cast<std::size_t>(from.value<std::uint64_t>());
  if (block.rows == 0) return block;
  for (const Type type : types) {
    BlockColumn column;
    column.type = type;
    const auto take = [&](std::size_t each) {
      return block.rows > SIZE_MAX / each ? std::span<const std::byte>()
                                          : from.bytes(block.rows * each);
    };
    if (from.value<std::uint8_t>() != 0) column.nulls = take(1);
    column.values = take(type == Type::text ? 8 : value_bytes(type));
    if (type == Type::text)
      column.characters = from.bytes(static_cast<std::size_t>(from.value<std::uint64_t>()));
    if (!from.good() || column.values.empty())
      throw Error("tine: rows of a scan were written over on their way to the master");
    block.columns.push_back(column);
  }
  return block;
}

}  // namespace tine::mining
