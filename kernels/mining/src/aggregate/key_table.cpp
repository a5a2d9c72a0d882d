#include "key_table.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include <tine/error.hpp>

#include "columns.hpp"
#include "hash.hpp"

namespace tine::mining {

void hash_keys(std::size_t rows, std::span<const Vector> keys, std::uint64_t* hashes) {
  std::fill_n(hashes, rows, 0);
  std::vector<std::int64_t> room(rows);
  for (const Vector& v : keys) {
    const std::int64_t* words = room.data();
    if (v.type != Type::text)
      words = as_keys(v, rows, room);
    else
      for (std::size_t i = 0; i < rows; ++i)
        if (!v.is_null(i))
          room[i] = static_cast<std::int64_t>(hash_text(v.as<std::string_view>()[i]));
    for (std::size_t i = 0; i < rows; ++i)
      hashes[i] = mix(hashes[i], v.is_null(i) ? 0 : static_cast<std::uint64_t>(words[i]));
  }
}

void KeyTable::find(std::size_t rows, const Vector* keys, std::uint32_t* groups) {
  if (rows == 0) return;
  if (keys_.empty()) {
    some_ = true;
    std::fill_n(groups, rows, 0);
    return;
  }
  words_.resize(rows);
  numbers_.resize(rows);
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    const Vector& v = keys[k];
    const std::int64_t* words = words_.data();
    if (keys_[k].type == Type::text) {
      keys_[k].texts.add(rows, v.as<std::string_view>(), v.nulls, words_.data());
    } else {
      words = as_keys(v, rows, words_);
    }
    if (k == 0) {
      keys_[0].values.find(rows, words, v.nulls, groups);
      continue;
    }
    keys_[k].values.find(rows, words, v.nulls, numbers_.data());
    for (std::size_t i = 0; i < rows; ++i) words_[i] = pair_of(groups[i], numbers_[i]);
    pairs_[k].find(rows, words_.data(), nullptr, groups);
  }
}

std::size_t KeyTable::size() const {
  if (keys_.empty()) return some_;
  return keys_.size() == 1 ? keys_[0].values.size() : pairs_.back().size();
}

std::uint32_t KeyTable::value_of(std::size_t key, std::uint32_t group) const {
  for (std::size_t k = keys_.size() - 1; k > 0; --k) {
    const std::int64_t pair = pairs_[k][group];
    if (k == key) return second_of(pair);
    group = first_of(pair);
  }
  return group;
}

std::uint64_t KeyTable::hash(std::uint32_t group) const {
  std::uint64_t hash = 0;
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    const std::uint32_t value = value_of(k, group);
    const auto word = static_cast<std::uint64_t>(keys_[k].values[value]);
    const bool text = keys_[k].type == Type::text && !keys_[k].values.is_missing(value);
    hash = mix(hash, text ? keys_[k].texts.hash(word) : word);
  }
  return hash;
}

void KeyTable::write(BlobWriter& to, std::span<const std::uint32_t> groups) const {
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    const Key& key = keys_[k];
    std::vector<std::uint8_t> missing(groups.size());
    std::vector<std::int64_t> words(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const std::uint32_t value = value_of(k, groups[i]);
      missing[i] = key.values.is_missing(value);
      words[i] = key.values[value];
    }
    write_column(to, missing);
    if (key.type != Type::text)
      write_column(to, words);
    else
      for (std::size_t i = 0; i < groups.size(); ++i)
        to.text(missing[i] != 0 ? std::string_view()
                                : key.texts[static_cast<std::size_t>(words[i])]);
  }
}

std::vector<std::uint32_t> KeyTable::merge(BlobReader& from, std::size_t rows) {
  if (keys_.empty()) {
    some_ |= rows != 0;
    return std::vector<std::uint32_t>(rows, 0);
  }
  std::vector<std::uint32_t> groups, numbers;
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    Key& key = keys_[k];
    const auto missing = read_column<std::uint8_t>(from, rows);
    std::vector<std::int64_t> words;
    if (key.type == Type::text) {
      std::vector<std::string_view> texts(rows);
      for (std::string_view& text : texts) {
        text = from.text();
        if (!from.good()) broken_groups();
      }
      words.resize(rows);
      key.texts.add(rows, texts.data(), missing.data(), words.data());
    } else {
      words = read_column<std::int64_t>(from, rows);
    }
    numbers.resize(rows);
    key.values.find(rows, words.data(), missing.data(), numbers.data());
    if (k == 0) {
      groups = numbers;
      continue;
    }
    for (std::size_t i = 0; i < rows; ++i) words[i] = pair_of(groups[i], numbers[i]);
    pairs_[k].find(rows, words.data(), nullptr, groups.data());
  }
  return groups;
}

std::vector<std::uint32_t> KeyTable::sorted() const {
  std::vector<std::uint32_t> groups(size());
  std::iota(groups.begin(), groups.end(), 0u);
  // The place of each value among those of its key, so that groups are compared by numbers.
  std::vector<std::vector<std::uint32_t>> places(keys_.size());
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    const Key& key = keys_[k];
    std::vector<std::uint32_t> values(key.values.size());
    std::iota(values.begin(), values.end(), 0u);
    std::ranges::sort(values, [&](std::uint32_t a, std::uint32_t b) {
      if (key.values.is_missing(a) || key.values.is_missing(b))
        return !key.values.is_missing(a) && key.values.is_missing(b);
      if (key.type != Type::text) return key.values[a] < key.values[b];
      return key.texts[static_cast<std::size_t>(key.values[a])] <
             key.texts[static_cast<std::size_t>(key.values[b])];
    });
    if (keys_.size() == 1) return values;
    places[k].resize(values.size());
    for (std::uint32_t i = 0; i < values.size(); ++i) places[k][values[i]] = i;
  }
  // Radix sort, from the last key to the first.
  std::vector<std::uint32_t> sorted(groups.size());
  for (std::size_t k = keys_.size(); k-- > 0;) {
    std::vector<std::size_t> next(places[k].size() + 1);
    for (const std::uint32_t g : groups) ++next[places[k][value_of(k, g)] + 1];
    std::partial_sum(next.begin(), next.end(), next.begin());
    for (const std::uint32_t g : groups) sorted[next[places[k][value_of(k, g)]]++] = g;
    groups.swap(sorted);
  }
  return groups;
}

ResultColumn KeyTable::column(std::size_t k, std::span<const std::uint32_t> groups) const {
  const Key& key = keys_[k];
  ResultColumn column = missing_column(key.type, groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::uint32_t value = value_of(k, groups[i]);
    if (key.values.is_missing(value)) continue;
    column.nulls[i] = 0;
    const std::int64_t word = key.values[value];
    if (key.type == Type::text)
      column.texts[i] = key.texts[static_cast<std::size_t>(word)];
    else if (key.type == Type::real)
      column.reals[i] = from_ordered(word);
    else
      column.integers[i] = word;
  }
  return column;
}

std::size_t KeyTable::bytes() const {
  std::size_t bytes = 0;
  for (const Key& key : keys_) bytes += key.values.bytes() + key.texts.bytes();
  for (const WordTable& pairs : pairs_) bytes += pairs.bytes();
  return bytes;
}

}  // namespace tine::mining
