// The memory of items: chunks of four sizes, each with a word that says whose it is.
//
// A chunk is taken by one CAS on its word, from zero to the taker's own name, and given back by
// storing zero; only the one whose name is in it does that, or who repairs after his death. So
// wherever a process dies, the words tell what it held, and no list can break: there is none.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tine::detail {

class Context;

/// Whose a chunk is; the word is zero when it is nobody's.
struct Owner {
  unsigned party = 0;  // 0: nobody
  std::uint64_t incarnation = 0;

  static constexpr unsigned party_bits = 10, incarnation_bits = 52;
  static_assert(2 + party_bits + incarnation_bits == 64);

  constexpr std::uint64_t pack() const noexcept {
    return std::uint64_t{1} << 62 | static_cast<std::uint64_t>(party) << incarnation_bits |
           (incarnation & ((std::uint64_t{1} << incarnation_bits) - 1));
  }
  static constexpr Owner unpack(std::uint64_t w) noexcept {
    if (w == 0) return {};
    return {static_cast<unsigned>(w >> incarnation_bits & ((1u << party_bits) - 1)),
            w & ((std::uint64_t{1} << incarnation_bits) - 1)};
  }
};
inline constexpr unsigned max_parties = 1u << Owner::party_bits;  // number 0 is nobody

/// A chunk's number: its class, and which of that class.
using ChunkId = std::uint32_t;
inline constexpr unsigned chunk_id_bits = 26;
inline constexpr unsigned chunk_index_bits = 24;
inline constexpr ChunkId no_chunk = ~ChunkId{0};
inline constexpr unsigned chunk_classes = 4;
inline constexpr std::array<std::size_t, chunk_classes> chunk_bytes{
    128, std::size_t{4} << 10, std::size_t{128} << 10, std::size_t{4} << 20};

struct ChunkWord {
  std::atomic<std::uint64_t> owner;
  std::atomic<std::uint64_t> link;  // next chunk of the item, and how many bytes of this one count
};
static_assert(sizeof(ChunkWord) == 16);

struct ChunkLink {
  ChunkId next = no_chunk;
  std::uint32_t used = 0;
  constexpr std::uint64_t pack() const noexcept {
    return static_cast<std::uint64_t>(next) << 32 | used;
  }
  static constexpr ChunkLink unpack(std::uint64_t w) noexcept {
    return {static_cast<ChunkId>(w >> 32), static_cast<std::uint32_t>(w)};
  }
};

/// In shared memory: how many chunks of each class have memory behind them. Only grows.
struct alignas(128) ChunkCounts {
  std::atomic<std::uint32_t> count[chunk_classes];
};

class Chunks {
 public:
  /// Lays the chunks out over [begin, begin + bytes) of the context.
  Chunks(Context& context, ChunkCounts& counts, std::byte* begin, std::size_t bytes);

  /// A chunk for an item that needs about `more` bytes more, in the name of this process. Throws
  /// OutOfMemory.
  ChunkId take(std::size_t more);
  void give(ChunkId id) noexcept { word(id).owner.store(0, std::memory_order_release); }
  /// Gives a chain back that is in the name of this process.
  void give_chain(ChunkId first) noexcept;
  /// Puts a chain into the name of this process, whose item it is now.
  void take_over(ChunkId first) noexcept;

  /// Makes this process look for free chunks in another place than others.
  static void spread(unsigned party) noexcept;

  /// Whether there is such a chunk; to be asked of every number that was read from shared memory.
  bool valid(ChunkId id) const noexcept {
    const unsigned c = id >> chunk_index_bits;
    return c < chunk_classes && (id & index_mask) < count(c);
  }
  ChunkWord& word(ChunkId id) const noexcept {
    return words_[id >> chunk_index_bits][id & index_mask];
  }
  std::byte* data(ChunkId id) const noexcept {
    const unsigned c = id >> chunk_index_bits;
    return data_[c] + (id & index_mask) * chunk_bytes[c];
  }
  static constexpr std::size_t size(ChunkId id) noexcept {
    return chunk_bytes[id >> chunk_index_bits & (chunk_classes - 1)];
  }
  ChunkLink link(ChunkId id) const noexcept {
    ChunkLink link = ChunkLink::unpack(word(id).link.load(std::memory_order_acquire));
    if (link.used > size(id)) link.used = static_cast<std::uint32_t>(size(id));
    return link;
  }
  std::uint32_t count(unsigned c) const noexcept {
    const std::uint32_t n = counts_.count[c].load(std::memory_order_acquire);
    return n < most_[c] ? n : most_[c];
  }
  /// Chunks that are somebody's; exact when nobody is at work.
  std::size_t taken() const noexcept;

 private:
  friend class Suspects;
  static constexpr ChunkId index_mask = (ChunkId{1} << chunk_index_bits) - 1;

  void grow(unsigned c, std::uint32_t seen);
  /// Calls f(id) for each chunk of a chain; f returns false to stop.
  template <class F>
  void walk(ChunkId first, F f) const {
    std::size_t left = 1;  // a chain that was written over may lead in a circle
    for (unsigned c = 0; c < chunk_classes; ++c) left += count(c);
    for (ChunkId id = first; valid(id) && left-- > 0;) {
      const ChunkId next = link(id).next;
      if (!f(id)) return;
      id = next;
    }
  }

  Context& context_;
  ChunkCounts& counts_;
  std::array<ChunkWord*, chunk_classes> words_{};
  std::array<std::byte*, chunk_classes> data_{};
  std::array<std::uint32_t, chunk_classes> most_{};
};

/// The chunks in the name of a dead party. Those that an object still leads to are kept, the others
/// are given back.
class Suspects {
 public:
  Suspects(Chunks& chunks, unsigned dead);

  bool any() const noexcept { return any_; }
  /// The chunks of this chain belong to an object, provided that `still()` holds after they were
  /// looked up: a chain that was consumed meanwhile leads anywhere.
  template <class F>
  bool keep(ChunkId first, F still) {
    chain_.clear();
    chunks_.walk(first, [&](ChunkId id) {
      chain_.push_back(id);
      return true;
    });
    if (!still()) return false;
    for (const ChunkId id : chain_) {
      auto& kept = kept_[id >> chunk_index_bits];
      const std::size_t i = id & Chunks::index_mask;
      if (i < kept.size()) kept[i] = true;
    }
    return true;
  }
  void give_back() noexcept;

 private:
  bool is_his(std::uint64_t owner) const noexcept { return Owner::unpack(owner).party == dead_; }

  Chunks& chunks_;
  unsigned dead_;
  bool any_ = false;
  std::array<std::vector<bool>, chunk_classes> kept_;
  std::vector<ChunkId> chain_;
};

}  // namespace tine::detail
