/// @file
/// What locks and semaphores are made of.
#pragma once

#include <cstddef>
#include <cstdint>

#include <tine/detail/shared_object.hpp>

namespace tine::detail {

/// `count` permits, with `payload` bytes of the user's beside them. A semaphore gets room to grow.
ObjectId make_permits(std::ptrdiff_t count, bool grows, std::size_t payload = 0);
inline ObjectId make_lock(std::size_t payload = 0) {
  return make_permits(1, false, payload);
}

/// Each returns whether it was done in time.
bool acquire_permit(const ObjectId& permits, std::int64_t deadline);
bool acquire_again(const ObjectId& lock, std::int64_t deadline);
/// These throw NotHeld.
void release_lock(const ObjectId& lock);
void release_own_lock(const ObjectId& lock);
void release_permit(const ObjectId& permits, bool grow);

std::size_t available_permits(const ObjectId& permits);
bool permit_was_abandoned(const ObjectId& permits);

/// The user's bytes; aligned to 128.
void* payload_of(const ObjectId& permits);

}  // namespace tine::detail
