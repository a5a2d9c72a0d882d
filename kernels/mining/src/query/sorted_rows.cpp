#include "sorted_rows.hpp"

#include <algorithm>

#include <tine/for_each_slice.hpp>
#include <tine/sort.hpp>

#include "row_output.hpp"
#include "text_block.hpp"

namespace tine::mining {

namespace {

constexpr std::size_t grain = 16'384;  // sorted rows that are made into batches together

// How batches are made of sorted rows.
std::vector<std::byte> making_of(std::span<const Field> fields, const RowText& text) {
  return to_blob([&](BlobWriter& to) {
    to.value<std::uint64_t>(fields.size());
    for (const Field& field : fields) to.value(field.type);
    to.value(text.append != nullptr);
    if (text.append != nullptr) write_text_plan(to, text, fields, false);
  });
}

template <class Collector>
void collect(Collector& collector, RowGatherer& gatherer, std::span<const Ranked> rows,
             BlobWriter& to) {
  for (std::size_t at = 0; at < rows.size(); at += batch_rows) {
    const auto some = rows.subspan(at, std::min(batch_rows, rows.size() - at));
    collector.add(some.size(), gatherer(some));
  }
  collector.write(to);
}

void write_rows(const Blocks& blocks, BlobReader making, std::span<const Ranked> rows,
                BlobWriter& to) {
  std::vector<Type> types;
  for (auto left = making.value<std::uint64_t>(); left > 0 && making.good(); --left)
    types.push_back(making.value<Type>());
  RowGatherer gatherer(blocks, types);
  if (making.value<bool>()) {
    TextCollector text(making, rows.size());
    collect(text, gatherer, rows, to);
  } else {
    RowCollector collector(types.size(), rows.size());
    collect(collector, gatherer, rows, to);
  }
}

}  // namespace

SortedRows::SortedRows(PoolWith on, const Plan& plan, const ScanOptions& options)
    : on_(std::move(on)), plan_(plan), options_(options), order_(on_.pool.array_from(plan.order)) {
  // Rows that are left out would make the answer wrong; and of these jobs nobody needs to hear.
  on_.policy.on_failure = OnFailure::fail;
  on_.policy.report = nullptr;
  for (const Field& field : plan.fields) types_.push_back(field.type);
}

void SortedRows::add(std::span<const std::span<const std::byte>> slices) {
  keep(slices);
  check_memory(bytes_ + rows_ * 2 * sizeof(Ranked), options_);
  if (plan_.limit && rows_ / 4 > *plan_.limit + 65'536) drop();
}

void SortedRows::keep(std::span<const std::span<const std::byte>> slices) {
  if (slices.empty()) return;
  auto begins = on_.pool.array<std::size_t>(slices.size() + 1);
  for (std::size_t i = 0; i < slices.size(); ++i) begins[i + 1] = begins[i] + slices[i].size();
  auto& copy = memory_.emplace_back(on_.pool.array<std::byte>(begins[slices.size()]));
  const auto from = on_.pool.array_from(slices);
  for_each_slice(
      on_, cut(begins),
      [](const Slice& s, std::span<std::byte> to,
         std::span<const std::span<const std::byte>> bytes) {
        std::memcpy(to.data(), bytes[s.index].data(), std::min(to.size(), bytes[s.index].size()));
      },
      out(copy), whole(from));
  bytes_ += copy.size();
  const std::span<const std::byte> all = std::as_const(copy).span();
  for (std::size_t i = 0; i < slices.size(); ++i) {
    RowBlock block =
        RowBlock::read(BlobReader(all.subspan(begins[i], begins[i + 1] - begins[i])), types_);
    rows_ += block.rows;
    if (block.rows > 0) blocks_.push_back(std::move(block));
  }
}

Array<BlockColumn> SortedRows::columns() const {
  std::vector<BlockColumn> all;
  for (const RowBlock& block : blocks_)
    all.insert(all.end(), block.columns.begin(), block.columns.end());
  return on_.pool.array_from(all);
}

Array<Ranked> SortedRows::sort(const Blocks& blocks) {
  auto bounds = on_.pool.array<std::size_t>(blocks_.size() + 1);
  for (std::size_t i = 0; i < blocks_.size(); ++i) bounds[i + 1] = bounds[i] + blocks_[i].rows;
  auto ranked = on_.pool.array<Ranked>(rows_);
  for_each_slice(
      on_, cut(bounds),
      [blocks](const Slice& s, std::span<Ranked> rows, std::span<const Plan::Order> order) {
        rank_rows(blocks, s.index, order[0], rows);
      },
      out(ranked), whole(order_));
  tine::sort(on_, inout(ranked),
             RankedBefore(blocks, std::as_const(order_).span(), key_says_all(plan_.order, types_)));
  return ranked;
}

void SortedRows::drop() {
  const auto all = columns();
  const Blocks blocks{all.data(), types_.size()};
  auto ranked = sort(blocks);
  const auto first = ranked.span().first(std::min(*plan_.limit, rows_));
  // As they came, which tells those that are equal apart.
  std::ranges::sort(first, {}, [](const Ranked& row) { return row.place << 2; });
  const std::vector<Array<std::byte>> before = std::exchange(memory_, {});
  blocks_.clear();
  rows_ = bytes_ = 0;
  give(blocks, first, making_of(plan_.fields, {}), [&](auto slices) {
    keep(slices);
    return true;
  });
}

void SortedRows::finish(const Take& take) {
  if (rows_ == 0) return;
  const auto all = columns();
  const Blocks blocks{all.data(), types_.size()};
  const auto ranked = sort(blocks);
  give(blocks, ranked.span().first(std::min(plan_.most_rows(), rows_)),
       making_of(plan_.shown(), plan_.text), take);
}

void SortedRows::give(const Blocks& blocks, std::span<const Ranked> rows,
                      std::span<const std::byte> making, const Take& take) {
  constexpr std::size_t most = 64, most_bytes = std::size_t{256} << 20;
  const std::size_t slices = (rows.size() + grain - 1) / grain;
  const auto shared = on_.pool.array_from(making);
  std::size_t capacity = std::size_t{1} << 20;  // of the region of a slice; grows to what they need
  for (std::size_t begin = 0; begin < slices;) {
    const std::size_t count =
        std::min(slices - begin, std::clamp<std::size_t>(most_bytes / capacity, 1, most));
    auto sizes = on_.pool.array<std::uint64_t>(count);
    auto regions = on_.pool.array<std::byte>(count, capacity);
    for_each_slice(
        on_, {.n = count},
        [blocks, some = rows.subspan(begin * grain)](const Slice& s, std::span<std::uint64_t> size,
                                                     const View<std::byte, 2>& region,
                                                     std::span<const std::byte> how) {
          const auto its = some.subspan(s.index * grain);
          BlobWriter to({region.data(), region.extent(1)});
          write_rows(blocks, BlobReader(how), its.first(std::min(grain, its.size())), to);
          size[0] = to.used();
        },
        out(sizes), out(regions), whole(shared));
    if (const std::size_t needed = *std::ranges::max_element(sizes); needed > capacity) {
      capacity = needed + needed / 4;
      continue;
    }
    std::vector<std::span<const std::byte>> results;
    for (std::size_t i = 0; i < count; ++i)
      results.emplace_back(std::as_const(regions).data() + i * capacity,
                           static_cast<std::size_t>(sizes[i]));
    if (!take(results)) return;
    begin += count;
  }
}

}  // namespace tine::mining
