#include "filter.hpp"

#include <numeric>
#include <string_view>

#include <tine/error.hpp>

namespace tine::mining {

namespace {

constexpr std::size_t lines(std::size_t bytes) {
  return (bytes + 63) / 64;
}

template <class T>
void gather(const void* from, std::span<const std::uint64_t> indices, void* to) {
  const T* __restrict x = static_cast<const T*>(from);
  T* __restrict r = static_cast<T*>(to);
  for (std::size_t i = 0; i < indices.size(); ++i) r[i] = x[indices[i]];
}

}  // namespace

Filter::Filter(std::span<const Type> types) {
  std::size_t size = 0;
  for (const Type type : types)
    size += lines(batch_rows * value_bytes(type) + compress_slack) + lines(batch_rows);
  memory_.resize(size);
  Line* at = memory_.data();
  for (const Type type : types) {
    columns_.push_back({.type = type});
    values_.push_back(at->bytes);
    at += lines(batch_rows * value_bytes(type) + compress_slack);
    nulls_.push_back(reinterpret_cast<std::uint8_t*>(at));
    at += lines(batch_rows);
  }
  indices_.reserve(batch_rows + compress_slack / sizeof(std::uint64_t));
}

std::size_t Filter::operator()(const Batch& in, const Vector& condition, Batch& out) {
  bool known = in.rows <= batch_rows && in.columns.size() == columns_.size() &&
               condition.type == Type::boolean;
  for (std::size_t i = 0; known && i < columns_.size(); ++i)
    known = in.columns[i].type == columns_[i].type;
  if (!known) throw Error("a filter was given a batch that it was not made for");
  select(condition, in.rows, selection_);
  out = in;
  if (selection_.count == in.rows) return in.rows;
  out.rows = selection_.count;
  indices_.clear();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Vector& from = in.columns[i];
    columns_[i] = {from.type, values_[i], from.nulls == nullptr ? nullptr : nulls_[i]};
    compress(from.values, value_bytes(from.type), values_[i]);
    if (from.nulls != nullptr) compress(from.nulls, 1, nulls_[i]);
  }
  out.columns = columns_;
  return out.rows;
}

void Filter::compress(const void* from, std::size_t value_bytes, void* to) {
  if (value_bytes == sizeof(std::uint64_t))
    return compress_words(static_cast<const std::uint64_t*>(from), selection_,
                          static_cast<std::uint64_t*>(to));
  find_indices();
  if (value_bytes == 1)
    gather<std::uint8_t>(from, indices_, to);
  else
    gather<std::string_view>(from, indices_, to);
}

void Filter::find_indices() {
  static const auto all = [] {
    std::array<std::uint64_t, batch_rows> result;
    std::iota(result.begin(), result.end(), std::uint64_t{0});
    return result;
  }();
  if (!indices_.empty() || selection_.count == 0) return;
  indices_.resize(selection_.count + compress_slack / sizeof(std::uint64_t));
  compress_words(all.data(), selection_, indices_.data());
  indices_.resize(selection_.count);
}

}  // namespace tine::mining
