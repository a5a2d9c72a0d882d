/// @file
/// What all objects have in common through which processes meet: queues, locks, barriers.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace tine {

/// A time to wait; none: for ever; zero: not at all. `std::chrono::seconds(2)` and the like
/// convert.
using Timeout = std::optional<std::chrono::nanoseconds>;

namespace detail {

/// Names an object that processes share; it travels as bytes. Generations are never used again.
///
/// As one word it is above all addresses, so that a job that captures it is not suspected of
/// capturing a pointer, which would cost a look at the process's map.
struct alignas(8) ObjectId {
  static constexpr std::uint32_t above_addresses = 0xff000000;
  static constexpr unsigned slot_bits = 12;
  std::uint32_t generation = 0;  ///< 0: none
  std::uint32_t tagged_slot = above_addresses;

  constexpr std::uint32_t slot() const noexcept { return tagged_slot & ((1u << slot_bits) - 1); }
  /// Which part of the object is meant, where it has several: the end of a pipe.
  constexpr std::uint32_t part() const noexcept {
    return (tagged_slot & ~above_addresses) >> slot_bits;
  }
  constexpr ObjectId with_part(std::uint32_t part) const noexcept {
    return {generation, above_addresses | part << slot_bits | slot()};
  }
};

/// When to stop waiting, on the monotonic clock. Throws InvalidArgument when `timeout` is negative.
std::int64_t deadline_of(bool block, const Timeout& timeout);

/// The object is no more: whoever waits for it gets an exception within a tenth of a second. Does
/// nothing but in the master, which made it.
void end_shared_object(const ObjectId& id) noexcept;

/// What views are: the name of an object, in eight bytes.
class Handle {
 protected:
  constexpr Handle() noexcept = default;
  constexpr explicit Handle(const ObjectId& id) noexcept : id_(id) {}
  friend constexpr ObjectId id_of(const Handle& handle) noexcept { return handle.id_; }

  ObjectId id_;
};

/// Owns the object of a view.
template <class V>
class Owned : public V {
 public:
  ~Owned() { end_shared_object(this->id_); }
  Owned(Owned&& other) noexcept : V(std::exchange(other.id_, {})) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(this->id_, other.id_);
    return *this;
  }

  /// What kernels capture.
  V view() const noexcept { return *this; }

 protected:
  explicit Owned(const ObjectId& id) noexcept : V(id) {}
};

}  // namespace detail
}  // namespace tine
