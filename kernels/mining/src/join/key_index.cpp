#include "key_index.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include <tine/error.hpp>
#include <tine/for_each_slice.hpp>

#include "../table_source.hpp"

namespace tine::mining {

KeyIndex::KeyIndex(PoolWith on, const Table& table, std::span<const KeyColumns> keys)
    : rows_(table.rows()), keys_(keys.size()) {
  if (rows_ >= std::numeric_limits<std::uint32_t>::max())
    throw Error("tine: the table on the right of a join has more than 4 billion rows");
  on.policy.on_failure = OnFailure::fail;
  on.policy.report = nullptr;
  Pool& pool = on.pool;
  words_ = pool.array<std::uint64_t>(rows_, keys_);
  auto never = pool.array<std::uint8_t>(rows_);
  std::vector<std::size_t> columns;
  std::vector<Type> types;
  for (const KeyColumns& key : keys) {
    columns.push_back(key.right);
    types.push_back(key.type);
  }
  const auto description = pool.array_from(TableSource(table).description(columns));
  const auto their_types = pool.array_from(types);
  for_each_slice(
      on, {.n = rows_, .grain = rows_of_slice(rows_)},
      [](const Slice& slice, const View<std::uint64_t, 2>& words, std::span<std::uint8_t> unequal,
         std::span<const std::byte> described, std::span<const Type> as) {
        const auto stream = open_table_stream(described, slice.index);
        std::size_t row = 0;
        for (Batch batch; stream->next(batch); row += batch.rows)
          for (std::size_t k = 0; k < as.size(); ++k)
            key_words(batch.columns[k], batch.rows, as[k], words.data() + row * as.size() + k,
                      as.size(), unequal.data() + row);
      },
      out(words_), out(never), whole(description), whole(their_types));
  const std::size_t size = std::bit_ceil(std::max<std::size_t>(2 * rows_, 2));
  first_ = pool.array<std::uint32_t>(size);
  next_ = pool.array<std::uint32_t>(rows_);
  const std::uint64_t* const words = std::as_const(words_).data();
  const std::uint8_t* const is_never = std::as_const(never).data();
  std::uint32_t *const first = first_.data(), *const next = next_.data();
  for (std::size_t row = rows_; row-- > 0;) {
    if (is_never[row] != 0) continue;
    std::uint32_t& head = first[hash_of(words + row * keys_, keys_) & (size - 1)];
    next[row] = head;
    head = static_cast<std::uint32_t>(row + 1);
  }
}

void KeyIndex::write(BlobWriter& to) const {
  to.value<std::uint64_t>(rows_);
  to.value<std::uint64_t>(keys_);
  to.value(words_.data());
  to.value(first_.data());
  to.value(next_.data());
  to.value<std::uint64_t>(first_.size() - 1);
}

KeyFinder::KeyFinder(BlobReader& from)
    : rows_(from.value<std::uint64_t>()),
      keys_(from.value<std::uint64_t>()),
      words_(from.value<const std::uint64_t*>()),
      first_(from.value<const std::uint32_t*>()),
      next_(from.value<const std::uint32_t*>()),
      mask_(from.value<std::uint64_t>()) {}

}  // namespace tine::mining
