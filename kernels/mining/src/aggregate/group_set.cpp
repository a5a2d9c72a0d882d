#include "group_set.hpp"

#include <algorithm>

#include "columns.hpp"
#include "dealt_rows.hpp"

namespace tine::mining {

GroupSet::GroupSet(std::span<const Type> keys, std::span<const Aggregate> aggregates)
    : key_count_(keys.size()), keys_(keys), types_(keys.begin(), keys.end()) {
  for (const Aggregate& aggregate : aggregates) {
    types_.insert(types_.end(), aggregate.types, aggregate.types + aggregate.arguments);
    arguments_.push_back(aggregate.arguments);
    accumulators_.push_back(make_accumulator(aggregate));
  }
}

void GroupSet::grow() {
  for (const auto& a : accumulators_) a->grow(keys_.size());
}

void GroupSet::add(std::size_t rows, std::span<const Vector> keys,
                   std::span<const Vector> arguments) {
  if (rows == 0) return;
  GroupedRows grouped{rows};
  const std::size_t before = keys_.size();
  groups_.resize(rows);
  keys_.find(rows, keys.data(), groups_.data());
  if (key_count_ != 0) grouped.groups = groups_.data();
  if (keys_.size() != before) grow();
  const Vector* its = arguments.data();
  for (std::size_t a = 0; a < accumulators_.size(); its += arguments_[a++])
    accumulators_[a]->add(grouped, arguments_[a] == 0 ? nullptr : its);
}

void GroupSet::write(BlobWriter& to, std::span<const std::uint32_t> groups) {
  to.value(std::uint64_t{groups.size()});
  keys_.write(to, groups);
  for (const auto& a : accumulators_) a->write(to, groups);
}

void GroupSet::merge(std::span<const std::byte> blob) {
  BlobReader from(blob);
  const auto size = from.value<std::uint64_t>();
  if (key_count_ == 0 && size > 1) broken_groups();
  const std::vector<std::uint32_t> groups = keys_.merge(from, size);
  grow();
  for (const auto& a : accumulators_) a->merge(groups, from);
  if (key_count_ != 0 && from.good() && !from.empty())
    read_rows(from, types_, [&](std::size_t rows, std::span<const Vector> columns) {
      add(rows, columns.first(key_count_), columns.subspan(key_count_));
    });
  if (!from.good() || !from.empty()) broken_groups();
}

bool GroupSet::looks_back() const {
  return std::ranges::any_of(accumulators_, [](const auto& a) { return a->looks_back(); });
}

void GroupSet::compact(const PoolWith& on) {
  for (const auto& a : accumulators_) a->compact(on);
}

Result GroupSet::finish(const PoolWith* on) {
  if (key_count_ == 0) {
    keys_.find(1, nullptr, &*groups_.insert(groups_.end(), 0));
    grow();
  }
  const std::vector<std::uint32_t> order = keys_.sorted();
  Result result;
  result.rows = order.size();
  for (std::size_t k = 0; k < key_count_; ++k) result.columns.push_back(keys_.column(k, order));
  for (const auto& a : accumulators_) result.columns.push_back(a->finish(order, on));
  // Which NaN comes of several, and with which sign, is up to the compiler.
  for (ResultColumn& column : result.columns)
    for (double& x : column.reals)
      if (std::isnan(x)) x = std::numeric_limits<double>::quiet_NaN();
  return result;
}

std::size_t GroupSet::bytes() const {
  std::size_t bytes = keys_.bytes();
  for (const auto& a : accumulators_) bytes += a->bytes();
  return bytes;
}

}  // namespace tine::mining
