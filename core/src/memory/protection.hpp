// A worker's own view of the arena: guards, read-only arrays, and pages mapped before they are
// touched. Protections are per process, so every worker sets up what its jobs use, when it first
// meets it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace tine::detail {

/// What a job tells about one array's run.
struct RunExtent {
  std::byte* begin = nullptr;
  std::size_t bytes = 0;
  std::uint64_t generation = 0;
};

class ArenaMapping {
 public:
  /// `protect`: set guards and make arrays read-only that are only read.
  ArenaMapping(std::byte* base, std::size_t bytes, bool protect);

  /// The run at [begin, begin + bytes) is no more; its pages may serve for anything.
  void forget(std::byte* begin, std::size_t bytes);
  void forget_everything();
  /// Takes back what made arrays read-only, for a job whose access is not declared.
  void make_all_writable();

  struct Bytes {
    std::byte* begin;
    std::size_t count;
  };
  /// From `begin` to the end of the arena nothing can be written but these, until unlock().
  void lock(std::byte* begin, const std::vector<Bytes>& writable);
  void unlock();

  /// Call for each array of a job before its first slice.
  void meet(const RunExtent& run, bool writes);

  /// Maps the pages of [p, p + bytes), which lies in `run`, in bulk: a fault for every page costs
  /// four times as much.
  void map_ahead(const RunExtent& run, const std::byte* p, std::size_t bytes);

  /// Whether the kernel has guards that do not split a mapping (Linux 6.13, shared memory 6.15).
  static bool light_guards();

 private:
  struct Known {
    std::size_t bytes;
    std::uint64_t generation;
    bool writable;
    bool guarded;
  };
  static constexpr std::size_t chunk = std::size_t{64} << 10;

  void drop(std::map<std::byte*, Known>::iterator at);
  void guard(std::byte* at, bool on);

  std::byte* base_;
  std::byte* end_;
  std::byte* locked_from_ = nullptr;
  bool protect_;
  bool light_;
  std::map<std::byte*, Known> known_;
  std::vector<bool> mapped_;  // per chunk of the arena
};

}  // namespace tine::detail
