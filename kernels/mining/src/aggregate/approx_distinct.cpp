// About how many different values there are: HyperLogLog (P. Flajolet, E. Fusy, O. Gandouet, F. Meunier, AofA 2007), with
// the estimator of O. Ertl, New cardinality estimation algorithms for HyperLogLog sketches, arXiv:1702.01284, which is
// good for few values and for many. The largest of numbers does not depend on their order, nor does what follows.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

#include "accumulator.hpp"
#include "columns.hpp"
#include "hash.hpp"

namespace tine::mining {

namespace {

constexpr unsigned index_bits = 14;
constexpr std::size_t register_count = std::size_t{1} << index_bits;
constexpr std::uint8_t largest = 64 - index_bits + 1;

// A register of a hash, and what it is at least: 1 + the zeros that follow in the hash.
struct Entry {
  std::uint32_t index;
  std::uint8_t rank;

  static Entry of(std::uint64_t hash) {
    const std::uint64_t rest = hash << index_bits | std::uint64_t{1} << (index_bits - 1);
    return {static_cast<std::uint32_t>(hash >> (64 - index_bits)),
            static_cast<std::uint8_t>(std::countl_zero(rest) + 1)};
  }
  static Entry of_packed(std::uint32_t packed) {
    return {packed >> 8, static_cast<std::uint8_t>(packed)};
  }
  std::uint32_t packed() const { return index << 8 | rank; }
};

// All registers, or while few are not 0, these.
class Sketch {
 public:
  void add(const Entry& entry) {
    if (!registers_.empty()) {
      std::uint8_t& rank = registers_[entry.index];
      rank = std::max(rank, entry.rank);
      return;
    }
    entries_.push_back(entry.packed());
    if (entries_.size() < limit_) return;
    tidy();
    limit_ = std::max(limit_, 2 * entries_.size());
  }
  void write(BlobWriter& to) {
    tidy();
    to.value(static_cast<std::uint16_t>(entries_.size()));
    to.value(!registers_.empty());
    write_column(to, entries_);
    write_column(to, registers_);
  }
  void merge(BlobReader& from) {
    const auto size = from.value<std::uint16_t>();
    const auto all = from.value<std::uint8_t>();
    for (const std::uint32_t packed : read_column<std::uint32_t>(from, size))
      add_checked(Entry::of_packed(packed));
    if (all == 0) return;
    const auto registers = read_column<std::uint8_t>(from, register_count);
    spread();
    for (std::uint32_t i = 0; i < register_count; ++i)
      if (registers[i] != 0) add_checked({i, registers[i]});
  }
  double estimate() {
    tidy();
    std::array<std::size_t, largest + 1> counts{};
    for (const std::uint32_t packed : entries_) ++counts[Entry::of_packed(packed).rank];
    for (const std::uint8_t rank : registers_) ++counts[rank];
    if (registers_.empty()) counts[0] = register_count - entries_.size();
    constexpr auto m = static_cast<double>(register_count);
    double z = m * tau(1 - static_cast<double>(counts[largest]) / m);
    for (std::size_t k = largest - 1; k > 0; --k) z = 0.5 * (z + static_cast<double>(counts[k]));
    z += m * sigma(static_cast<double>(counts[0]) / m);
    return std::min(m * m / (2 * std::numbers::ln2 * z), 0x1p62);
  }
  std::size_t bytes() const {
    return entries_.capacity() * sizeof(entries_[0]) + registers_.size();
  }

 private:
  static constexpr std::size_t most = register_count / 16;  // entries, of which each is 4 bytes

  void add_checked(const Entry& entry) {
    if (entry.index >= register_count || entry.rank == 0 || entry.rank > largest) broken_groups();
    add(entry);
  }
  // Of each register one entry; if these are many, all registers.
  void tidy() {
    std::ranges::sort(entries_, std::greater());
    const auto same = [](std::uint32_t a, std::uint32_t b) { return a >> 8 == b >> 8; };
    entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
    if (entries_.size() > most) spread();
  }
  void spread() {
    if (!registers_.empty()) return;
    registers_.resize(register_count);
    for (const std::uint32_t packed : entries_) add(Entry::of_packed(packed));
    entries_ = {};
  }

  // The paper's series; each ends when a term is too small to matter.
  static double sigma(double x) {
    if (x == 1) return std::numeric_limits<double>::infinity();
    double y = 1, sum = x;
    for (double before = -1; sum != before; y += y) {
      x *= x;
      before = sum;
      sum += x * y;
    }
    return sum;
  }
  static double tau(double x) {
    if (x == 0 || x == 1) return 0;
    double y = 1, sum = 1 - x;
    for (double before = -1; sum != before;) {
      x = std::sqrt(x);
      before = sum;
      y *= 0.5;
      sum -= (1 - x) * (1 - x) * y;
    }
    return sum / 3;
  }

  std::vector<std::uint32_t> entries_;
  std::size_t limit_ = 64;  // when there are so many, some may be of the same register
  std::vector<std::uint8_t> registers_;
};

class ApproxDistinct final : public Accumulator {
 public:
  void grow(std::size_t groups) override { sketches_.resize(groups); }
  void add(const GroupedRows& rows, const Vector* arguments) override {
    const Vector& v = *arguments;
    // Hashed once more than keys are: their neighbours must be as good as random.
    if (v.type == Type::text) {
      const auto* texts = v.as<std::string_view>();
      each_value(rows, v.nulls, [&](std::uint32_t g, std::size_t i) {
        sketches_[g].add(Entry::of(mix(hash_text(texts[i]), 0)));
      });
    } else {
      const std::int64_t* keys = as_keys(v, rows.rows, room_);
      each_value(rows, v.nulls, [&](std::uint32_t g, std::size_t i) {
        sketches_[g].add(Entry::of(mix(mix(static_cast<std::uint64_t>(keys[i]), 0), 0)));
      });
    }
  }
  void write(BlobWriter& to, std::span<const std::uint32_t> groups) override {
    for (const std::uint32_t g : groups) sketches_[g].write(to);
  }
  void merge(std::span<const std::uint32_t> groups, BlobReader& from) override {
    for (const std::uint32_t g : groups) {
      sketches_[g].merge(from);
      if (!from.good()) broken_groups();
    }
  }
  ResultColumn finish(std::span<const std::uint32_t> groups, const PoolWith*) override {
    ResultColumn column = missing_column(Type::integer, groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      column.nulls[i] = 0;
      column.integers[i] = std::llround(sketches_[groups[i]].estimate());
    }
    return column;
  }
  std::size_t bytes() const override {
    std::size_t bytes = sketches_.capacity() * sizeof(Sketch);
    for (const Sketch& sketch : sketches_) bytes += sketch.bytes();
    return bytes;
  }

 private:
  std::vector<Sketch> sketches_;
  std::vector<std::int64_t> room_;
};

}  // namespace

std::unique_ptr<Accumulator> make_approx_distinct() {
  return std::make_unique<ApproxDistinct>();
}

}  // namespace tine::mining
