#include "filter.hpp"

#include <string_view>

#include <tine/error.hpp>

#include "compress.hpp"

namespace tine::mining {

namespace {

constexpr std::size_t lines(std::size_t bytes) {
  return (bytes + 63) / 64;
}
/// Whole vectors are stored, also the last one.
constexpr std::size_t slack = 64;

}  // namespace

Filter::Filter(std::span<const Type> types) {
  std::size_t size = 0;
  for (const Type type : types)
    size += lines(batch_rows * value_bytes(type) + slack) + lines(batch_rows + slack);
  memory_.resize(size);
  Line* at = memory_.data();
  for (const Type type : types) {
    columns_.push_back({.type = type});
    values_.push_back(at->bytes);
    at += lines(batch_rows * value_bytes(type) + slack);
    nulls_.push_back(reinterpret_cast<std::uint8_t*>(at));
    at += lines(batch_rows + slack);
  }
}

std::size_t Filter::operator()(const Batch& in, const Vector& condition, Batch& out) {
  if (in.rows > batch_rows || in.columns.size() != columns_.size() ||
      condition.type != Type::boolean)
    throw Error("a filter was given a batch that it was not made for");
  Selection selection;
  select(condition, in.rows, selection);
  out = in;
  if (selection.count == in.rows) return in.rows;
  out.rows = selection.count;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Vector& from = in.columns[i];
    if (from.type != columns_[i].type)
      throw Error("a filter was given a batch that it was not made for");
    columns_[i] = {from.type, values_[i], from.nulls == nullptr ? nullptr : nulls_[i]};
    compress(from.values, value_bytes(from.type), selection, values_[i]);
    if (from.nulls != nullptr) compress(from.nulls, 1, selection, nulls_[i]);
  }
  out.columns = columns_;
  return out.rows;
}

}  // namespace tine::mining
