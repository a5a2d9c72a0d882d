#include "row_order.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include <tine/error.hpp>

namespace tine::mining {

namespace {

constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;
constexpr std::uint64_t last_key = ~std::uint64_t{0};

std::uint64_t key_of(std::int64_t value) {
  return static_cast<std::uint64_t>(value) ^ sign_bit;
}
std::uint64_t key_of(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value + 0.0);  // -0 is 0
  return (bits & sign_bit) != 0 ? ~bits : bits | sign_bit;
}
// Its first bytes.
std::uint64_t key_of(std::string_view text) {
  std::uint64_t key = 0;
  if (!text.empty()) std::memcpy(&key, text.data(), std::min(text.size(), sizeof key));
  return std::endian::native == std::endian::little ? __builtin_bswap64(key) : key;
}

template <class T>
int order_of(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

int compare(const BlockColumn& x, std::size_t a, const BlockColumn& y, std::size_t b,
            bool descending) {
  const int missing = order_of(x.is_null(a), y.is_null(b));
  if (missing != 0 || x.is_null(a)) return missing;
  int order = 0;
  switch (x.type) {
    case Type::real: {
      const double v = x.value<double>(a), w = y.value<double>(b);
      const int nan = order_of(std::isnan(v), std::isnan(w));
      if (nan != 0) return nan;
      order = order_of(v, w);
      break;
    }
    case Type::text:
      order = order_of(x.text(a), y.text(b));
      break;
    case Type::boolean:
      order = order_of(x.value<std::uint8_t>(a), y.value<std::uint8_t>(b));
      break;
    default:
      order = order_of(x.value<std::int64_t>(a), y.value<std::int64_t>(b));
  }
  return descending ? -order : order;
}

template <class T>
void gather(const Blocks& blocks, std::size_t column, std::span<const Ranked> rows, T* to) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const BlockColumn& from = blocks[rows[i].block()][column];
    if constexpr (std::is_same_v<T, std::string_view>)
      to[i] = from.text(rows[i].row());
    else
      to[i] = from.value<T>(rows[i].row());
  }
}

}  // namespace

bool key_says_all(std::span<const Plan::Order> order, std::span<const Type> types) {
  return order.size() == 1 && types[order[0].column] != Type::text;
}

void rank_rows(const Blocks& blocks, std::size_t block, const Plan::Order& by,
               std::span<Ranked> rows) {
  if (block >> 24 != 0 || rows.size() >> 38 != 0)
    throw Error("tine: there are too many rows for a sort");
  const BlockColumn& column = blocks[block][by.column];
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::uint64_t key = last_key, rank = 0;
    if (column.is_null(i)) {
      rank = 2;
    } else {
      switch (column.type) {
        case Type::real: {
          const auto value = column.value<double>(i);
          rank = std::isnan(value) ? 1 : 0;
          key = key_of(value);
          break;
        }
        case Type::text:
          key = key_of(column.text(i));
          break;
        case Type::boolean:
          key = column.value<std::uint8_t>(i);
          break;
        default:
          key = key_of(column.value<std::int64_t>(i));
      }
      if (by.descending) key = ~key;
      if (rank != 0) key = last_key;
    }
    rows[i] = {key, rank << 62 | std::uint64_t{block} << 38 | i};
  }
}

bool RankedBefore::compare(const Ranked& a, const Ranked& b) const {
  for (std::size_t i = 0; i < count_; ++i) {
    const std::size_t column = order_[i].column;
    const int order = mining::compare(blocks_[a.block()][column], a.row(),
                                      blocks_[b.block()][column], b.row(), order_[i].descending);
    if (order != 0) return order < 0;
  }
  return a.place < b.place;
}

RowGatherer::RowGatherer(const Blocks& blocks, std::span<const Type> types)
    : blocks_(blocks), values_(types.size()), nulls_(types.size()) {
  for (std::size_t c = 0; c < types.size(); ++c) {
    values_[c].resize(batch_rows);
    nulls_[c].resize(batch_rows);
    vectors_.push_back({types[c], values_[c].data(), nullptr});
  }
}

std::span<const Vector> RowGatherer::operator()(std::span<const Ranked> rows) {
  for (std::size_t c = 0; c < vectors_.size(); ++c) {
    bool any = false;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool null = blocks_[rows[i].block()][c].is_null(rows[i].row());
      nulls_[c][i] = null;
      any |= null;
    }
    vectors_[c].nulls = any ? nulls_[c].data() : nullptr;
    void* const to = values_[c].data();
    switch (vectors_[c].type) {
      case Type::boolean:
        gather(blocks_, c, rows, static_cast<std::uint8_t*>(to));
        break;
      case Type::real:
        gather(blocks_, c, rows, static_cast<double*>(to));
        break;
      case Type::text:
        gather(blocks_, c, rows, static_cast<std::string_view*>(to));
        break;
      default:
        gather(blocks_, c, rows, static_cast<std::int64_t*>(to));
    }
  }
  return vectors_;
}

void write_first_rows(const RowCollector& rows, std::span<const Type> types,
                      std::span<const Plan::Order> order, std::size_t most, BlobWriter& to) {
  if (rows.rows() <= most) return rows.write(to);
  const std::vector<std::byte> bytes = to_blob([&](BlobWriter& all) { rows.write(all); });
  const RowBlock block = RowBlock::read(BlobReader(bytes), types);
  const Blocks blocks{block.columns.data(), types.size()};
  std::vector<Ranked> ranked(block.rows);
  rank_rows(blocks, 0, order[0], ranked);
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(most),
                    ranked.end(), RankedBefore(blocks, order, key_says_all(order, types)));
  // They stay in the order of the file, by which those that are equal are told apart.
  const auto chosen = std::span(ranked).first(most);
  std::ranges::sort(chosen, {}, &Ranked::row);
  RowGatherer gatherer(blocks, types);
  RowCollector first(types.size(), most);
  for (std::size_t at = 0; at < most; at += batch_rows) {
    const auto some = chosen.subspan(at, std::min(batch_rows, most - at));
    first.add(some.size(), gatherer(some));
  }
  first.write(to);
}

}  // namespace tine::mining
