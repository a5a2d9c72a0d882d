/// @file
/// Standard containers in shared memory.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include <tine/arena.hpp>

namespace tine {

/// A standard allocator whose memory every worker can read, at the same address:
/// `std::vector<int, tine::allocator<int>> table(n, pool.allocator<int>());`
///
/// The master fills a container before it posts a job; kernels read it, and cannot write it.
/// allocate() throws OutOfMemory, and NestedParallelism in a worker. For large numeric data use
/// Array, which can be written.
template <class T>
class allocator {
 public:
  using value_type = T;
  using propagate_on_container_copy_assignment = std::true_type;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;

  explicit allocator(std::shared_ptr<Arena> arena) noexcept : arena_(std::move(arena)) {}
  template <class U>
  allocator(const allocator<U>& other) noexcept : arena_(other.arena()) {}

  T* allocate(std::size_t n) {
    if (n > static_cast<std::size_t>(-1) / 2 / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(arena_->allocate_small(n * sizeof(T), alignof(T)));
  }
  void deallocate(T* p, std::size_t) noexcept { arena_->deallocate_small(p); }
  const std::shared_ptr<Arena>& arena() const noexcept { return arena_; }

  template <class U>
  friend bool operator==(const allocator& a, const allocator<U>& b) noexcept {
    return a.arena() == b.arena();
  }

 private:
  std::shared_ptr<Arena> arena_;
};

}  // namespace tine
