#include <tine/mining/baskets.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <compare>
#include <limits>
#include <numeric>
#include <unordered_map>

#include <tine/error.hpp>

#include "../expression/parser.hpp"

namespace tine::mining {

namespace {

constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

// Of zeros of both signs, and of all NaN.
double same_bits(double x) {
  return std::isnan(x) ? std::numeric_limits<double>::quiet_NaN() : x + 0.0;
}

// Different values, numbered as they come.
class Values {
 public:
  std::uint32_t code(std::string_view text) {
    const auto found = texts_.find(text);
    return found != texts_.end() ? found->second
                                 : texts_.emplace(text, next(texts_.size())).first->second;
  }
  std::uint32_t code(const ResultColumn& column, std::size_t row) {
    type_ = column.type;
    if (type_ == Type::text) return code(column.texts[row]);
    std::int64_t number = 0;
    if (type_ == Type::real)
      number = std::bit_cast<std::int64_t>(same_bits(column.reals[row]));
    else
      number = column.integers[row];
    if (number == last_ && !numbers_.empty()) return last_code_;
    last_ = number;
    return last_code_ = numbers_.emplace(number, next(numbers_.size())).first->second;
  }

  std::size_t size() const { return texts_.size() + numbers_.size(); }

  /// All of them as text, in ascending order; `places` gets where those with each code came.
  std::vector<std::string> sorted(const PoolWith& on, std::vector<std::uint32_t>& places) const {
    places.resize(size());
    std::vector<std::string> result;
    if (numbers_.empty()) {
      std::vector<std::pair<std::string_view, std::uint32_t>> all(texts_.begin(), texts_.end());
      std::ranges::sort(all);
      for (const auto& [text, code] : all) {
        places[code] = static_cast<std::uint32_t>(result.size());
        result.emplace_back(text);
      }
      return result;
    }
    std::vector<std::pair<std::int64_t, std::uint32_t>> all(numbers_.begin(), numbers_.end());
    std::ranges::sort(all, [&](const auto& a, const auto& b) {
      if (type_ != Type::real) return a.first < b.first;
      return std::strong_order(std::bit_cast<double>(a.first), std::bit_cast<double>(b.first)) < 0;
    });
    for (std::size_t i = 0; i < all.size(); ++i)
      places[all[i].second] = static_cast<std::uint32_t>(i);
    return as_text(on, all);
  }

 private:
  static std::uint32_t next(std::size_t size) {
    if (size >= none) throw SampleError("tine: there are more than 2^32 transactions or items");
    return static_cast<std::uint32_t>(size);
  }

  // As the language of queries writes them.
  std::vector<std::string> as_text(
      const PoolWith& on, const std::vector<std::pair<std::int64_t, std::uint32_t>>& all) const {
    const auto column = [&]<class T>(T) {
      auto values = on.pool.array<T>(all.size());
      for (std::size_t i = 0; i < all.size(); ++i) {
        if constexpr (std::is_same_v<T, double>)
          values[i] = std::bit_cast<double>(all[i].first);
        else
          values[i] = static_cast<T>(all[i].first);
      }
      return Column{.type = type_, .values = std::move(values)};
    };
    Table table;
    table.add("value", type_ == Type::real      ? column(double())
                       : type_ == Type::boolean ? column(std::uint8_t())
                                                : column(std::int64_t()));
    return scan(on, table, {.select = "string(value) as value"}).columns[0].texts;
  }

  Type type_ = Type::text;
  std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> texts_;
  std::unordered_map<std::int64_t, std::uint32_t> numbers_;
  std::int64_t last_ = 0;
  std::uint32_t last_code_ = none;
};

std::string_view trimmed(std::string_view text) {
  constexpr const char* blanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

// Gathers rows of either kind.
class Gatherer {
 public:
  explicit Gatherer(const BasketSelection& what) : what_(what) {}

  void add(const Result& rows) {
    for (std::size_t row = 0; row < rows.rows; ++row, ++rows_)
      if (!is_missing(rows, row)) what_.items.empty() ? add_item(rows, row) : add_list(rows, row);
  }

  Baskets finish(const PoolWith& on, const Result& result) {
    if (transactions_ == 0)
      throw SampleError(rows_ == 0 ? "tine: there are no rows, so there are no transactions"
                                   : "tine: something is missing in every row");
    Baskets baskets;
    std::vector<std::uint32_t> places;
    baskets.items = items_.sorted(on, places);
    // By transaction, as they come in each.
    std::vector<std::uint64_t> begins(transactions_ + 1);
    for (const Member& member : members_) ++begins[member.transaction + 1];
    std::partial_sum(begins.begin(), begins.end(), begins.begin());
    std::vector<std::uint32_t> members(members_.size());
    std::vector<std::uint64_t> at(begins.begin(), begins.end() - 1);
    for (const Member& member : members_) members[at[member.transaction]++] = places[member.item];
    members_ = {};
    // Each once, and ascending.
    baskets.ends = on.pool.array<std::uint64_t>(transactions_);
    auto to = members.begin();
    for (std::size_t i = 0; i < transactions_; ++i) {
      const auto begin = members.begin() + static_cast<std::ptrdiff_t>(begins[i]);
      const auto end = members.begin() + static_cast<std::ptrdiff_t>(begins[i + 1]);
      std::sort(begin, end);
      to = std::copy(begin, std::unique(begin, end), to);
      baskets.ends[i] = static_cast<std::uint64_t>(to - members.begin());
    }
    members.resize(static_cast<std::size_t>(to - members.begin()));
    baskets.members = on.pool.array_from(members);
    baskets.rows_read = result.rows_read;
    baskets.rows_skipped = skipped_;
    baskets.bad_rows = result.bad_rows;
    baskets.bad_lines = result.bad_lines;
    return baskets;
  }

 private:
  struct Member {
    std::uint32_t transaction, item;
  };

  bool is_missing(const Result& rows, std::size_t row) {
    for (std::size_t i = 0; i < rows.columns.size(); ++i) {
      if (!rows.columns[i].is_null(row)) continue;
      ++skipped_;
      if (what_.missing == Selection::Missing::skip) return true;
      const std::string& name = !what_.items.empty() ? what_.items
                                : i == 0             ? what_.transaction
                                                     : what_.item;
      throw MissingValue("tine: " + name + " is missing in row " + std::to_string(rows_ + 1) +
                         (what_.where.empty() ? "" : " of those that are selected"));
    }
    return false;
  }

  void add_item(const Result& rows, std::size_t row) {
    const std::uint32_t transaction = keys_.code(rows.columns[0], row);
    transactions_ = keys_.size();
    members_.push_back({transaction, items_.code(rows.columns[1], row)});
  }

  void add_list(const Result& rows, std::size_t row) {
    if (transactions_ == none) throw SampleError("tine: there are more than 2^32 transactions");
    const auto transaction = static_cast<std::uint32_t>(transactions_++);
    const std::string_view list = rows.columns[0].texts[row];
    for (std::size_t begin = 0; begin <= list.size();) {
      const std::size_t end = std::min(list.find(what_.separator, begin), list.size());
      if (const auto item = trimmed(list.substr(begin, end - begin)); !item.empty())
        members_.push_back({transaction, items_.code(item)});
      begin = end + what_.separator.size();
    }
  }

  const BasketSelection& what_;
  Values keys_, items_;
  std::size_t transactions_ = 0;
  std::vector<Member> members_;
  std::uint64_t rows_ = 0, skipped_ = 0;
};

Query query_of(const BasketSelection& what) {
  if (what.items.empty() == (what.transaction.empty() || what.item.empty()) ||
      (!what.items.empty() && !(what.transaction.empty() && what.item.empty())))
    throw InvalidArgument(
        "tine: baskets are read from a transaction and an item in each row, or from the items in "
        "each row: either the first two must be said, or the last");
  if (what.separator.empty()) throw InvalidArgument("tine: the separator of items is empty");
  const auto text = [](const std::string& expression) {
    return to_string(*parse_expression(expression));
  };
  return {.select = what.items.empty()
                        ? text(what.transaction) + " as a, " + text(what.item) + " as b"
                        : "string(" + text(what.items) + ") as a",
          .where = what.where};
}

template <class Scan>
Baskets read(const PoolWith& on, const BasketSelection& what, ScanOptions options, Scan scan_it) {
  const Query query = query_of(what);
  Gatherer gatherer(what);
  options.sink = [&](const Result& rows) { gatherer.add(rows); };
  const Result result = scan_it(query, options);
  gatherer.add(result);
  return gatherer.finish(on, result);
}

}  // namespace

Baskets read_baskets(const PoolWith& on, const Table& table, const BasketSelection& what,
                     const ScanOptions& options) {
  return read(on, what, options, [&](const Query& query, const ScanOptions& with) {
    return scan(on, table, query, with);
  });
}

Baskets read_baskets(const PoolWith& on, const FileSource& file, const CsvOptions& csv,
                     const BasketSelection& what, const ScanOptions& options) {
  return read(on, what, options, [&](const Query& query, const ScanOptions& with) {
    return scan(on, file, csv, query, with);
  });
}

}  // namespace tine::mining
