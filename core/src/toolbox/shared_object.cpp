#include <tine/detail/shared_object.hpp>

#include <limits>

#include <tine/error.hpp>

#include "sync/clock.hpp"
#include "toolbox/context.hpp"

namespace tine::detail {

std::int64_t deadline_of(bool block, const Timeout& timeout) {
  if (timeout && timeout->count() < 0)
    throw InvalidArgument(
        "tine: a timeout is negative; give zero not to wait, and none to wait for ever");
  if (!block || timeout == std::chrono::nanoseconds(0)) return 0;
  constexpr auto never = std::numeric_limits<std::int64_t>::max();
  if (!timeout) return never;
  const std::int64_t now = now_ns();
  return timeout->count() > never - now ? never : now + timeout->count();
}

void end_shared_object(const ObjectId& id) noexcept {
  Context* context = Context::existing();
  if (context != nullptr && context->has(id)) context->end_object(id);
}

}  // namespace tine::detail
