#include "key_table.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include <tine/error.hpp>

#include "columns.hpp"
#include "hash.hpp"

namespace tine::mining {

namespace {

std::uint64_t hash_key(const std::uint64_t* key, std::size_t width) {
  std::uint64_t hash = 0;
  for (std::size_t k = 0; k < width; ++k) hash = mix(hash, key[k]);
  return hash;
}

}  // namespace

KeyTable::KeyTable(std::span<const Type> types)
    : types_(types.begin(), types.end()), texts_(types.size()) {
  if (types.size() > 64) throw Error("tine::mining: groups have at most 64 keys");
}

void KeyTable::encode(std::size_t rows, const Vector* keys) {
  const std::size_t w = width(), last = types_.size();
  batch_.assign(rows * w, 0);
  for (std::size_t k = 0; k < last; ++k) {
    const Vector& v = keys[k];
    if (types_[k] == Type::text) {
      for (std::size_t i = 0; i < rows; ++i)
        if (!v.is_null(i)) batch_[i * w + k] = texts_[k].add(v.as<std::string_view>()[i]);
    } else {
      const std::int64_t* values = as_integers(v, rows, room_);
      // -0 is 0.
      const std::int64_t minus_zero = types_[k] == Type::real ? ordered(-0.0) : 0;
      for (std::size_t i = 0; i < rows; ++i)
        batch_[i * w + k] = static_cast<std::uint64_t>(values[i] == minus_zero ? 0 : values[i]);
    }
    if (v.nulls != nullptr)
      for (std::size_t i = 0; i < rows; ++i)
        if (v.nulls[i] != 0) {
          batch_[i * w + k] = 0;
          batch_[i * w + last] |= std::uint64_t{1} << k;
        }
  }
}

void KeyTable::find(std::size_t rows, const Vector* keys, std::uint32_t* groups) {
  if (types_.empty()) {
    if (rows != 0) size_ = 1;
    std::fill_n(groups, rows, 0);
    return;
  }
  encode(rows, keys);
  for (std::size_t i = 0; i < rows; ++i) groups[i] = find_or_add(batch_.data() + i * width());
}

std::uint32_t KeyTable::find_or_add(const std::uint64_t* wanted) {
  if (2 * size_ >= slots_.size()) grow();
  const std::uint64_t hash = hash_key(wanted, width());
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (slot.group == 0) {
      if (size_ == std::numeric_limits<std::uint32_t>::max() - 1)
        throw Error("tine::mining: there are more than 2^32 groups");
      keys_.insert(keys_.end(), wanted, wanted + width());
      slot = {tag, static_cast<std::uint32_t>(++size_)};
      return slot.group - 1;
    }
    if (slot.tag == tag && std::equal(wanted, wanted + width(), key(slot.group - 1)))
      return slot.group - 1;
  }
}

void KeyTable::grow() {
  slots_.assign(std::max<std::size_t>(64, 2 * slots_.size()), {});
  const std::size_t mask = slots_.size() - 1;
  for (std::uint32_t g = 0; g < size_; ++g) {
    const std::uint64_t hash = hash_key(key(g), width());
    std::size_t at = hash & mask;
    while (slots_[at].group != 0) at = (at + 1) & mask;
    slots_[at] = {static_cast<std::uint32_t>(hash >> 32), g + 1};
  }
}

std::uint64_t KeyTable::hash(std::uint32_t group) const {
  std::uint64_t hash = 0;
  for (std::size_t k = 0; k < types_.size(); ++k) {
    const bool text = types_[k] == Type::text && !is_missing(group, k);
    hash = mix(hash, text ? texts_[k].hash(key(group)[k]) : key(group)[k]);
  }
  return hash;
}

void KeyTable::write(BlobWriter& to, std::span<const std::uint32_t> groups) const {
  for (std::size_t k = 0; k < types_.size(); ++k) {
    for (const std::uint32_t g : groups) to.value(static_cast<std::uint8_t>(is_missing(g, k)));
    for (const std::uint32_t g : groups) {
      if (types_[k] != Type::text)
        to.value(key(g)[k]);
      else
        to.text(is_missing(g, k) ? std::string_view() : texts_[k][key(g)[k]]);
    }
  }
}

std::vector<std::uint32_t> KeyTable::merge(BlobReader& from, std::size_t rows) {
  const std::size_t w = width(), last = types_.size();
  std::vector<std::uint32_t> groups;
  if (last == 0) {
    size_ = std::max<std::size_t>(size_, rows);
    return std::vector<std::uint32_t>(rows, 0);
  }
  // Before room is made for what is said to be there.
  if (rows > std::numeric_limits<std::uint32_t>::max() || !from.good()) broken_groups();
  for (std::size_t k = 0; k < last; ++k) {
    const auto missing = read_column<std::uint8_t>(from, rows);
    if (k == 0) batch_.assign(rows * w, 0);
    if (types_[k] == Type::text) {
      for (std::size_t i = 0; i < rows; ++i) {
        const std::string_view text = from.text();
        if (!from.good()) broken_groups();
        if (missing[i] == 0) batch_[i * w + k] = texts_[k].add(text);
      }
    } else {
      const auto words = read_column<std::uint64_t>(from, rows);
      for (std::size_t i = 0; i < rows; ++i) batch_[i * w + k] = words[i];
    }
    for (std::size_t i = 0; i < rows; ++i)
      if (missing[i] != 0) batch_[i * w + last] |= std::uint64_t{1} << k;
  }
  groups.resize(rows);
  for (std::size_t i = 0; i < rows; ++i) groups[i] = find_or_add(batch_.data() + i * w);
  return groups;
}

bool KeyTable::less(std::uint32_t a, std::uint32_t b) const {
  for (std::size_t k = 0; k < types_.size(); ++k) {
    const bool a_missing = is_missing(a, k), b_missing = is_missing(b, k);
    if (a_missing || b_missing) {
      if (a_missing != b_missing) return b_missing;
      continue;
    }
    const std::uint64_t x = key(a)[k], y = key(b)[k];
    if (x == y) continue;
    if (types_[k] == Type::text) return texts_[k][x] < texts_[k][y];
    return static_cast<std::int64_t>(x) < static_cast<std::int64_t>(y);
  }
  return false;
}

std::vector<std::uint32_t> KeyTable::sorted() const {
  std::vector<std::uint32_t> groups(size_);
  std::iota(groups.begin(), groups.end(), 0u);
  std::ranges::sort(groups, [&](std::uint32_t a, std::uint32_t b) { return less(a, b); });
  return groups;
}

ResultColumn KeyTable::column(std::size_t k, std::span<const std::uint32_t> groups) const {
  ResultColumn column = missing_column(types_[k], groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (is_missing(groups[i], k)) continue;
    column.nulls[i] = 0;
    const std::uint64_t word = key(groups[i])[k];
    if (types_[k] == Type::text)
      column.texts[i] = texts_[k][word];
    else if (types_[k] == Type::real)
      column.reals[i] = from_ordered(static_cast<std::int64_t>(word));
    else
      column.integers[i] = static_cast<std::int64_t>(word);
  }
  return column;
}

std::size_t KeyTable::bytes() const {
  std::size_t bytes = keys_.capacity() * sizeof(keys_[0]) + slots_.capacity() * sizeof(Slot);
  for (const TextSet& texts : texts_) bytes += texts.bytes();
  return bytes;
}

}  // namespace tine::mining
