// Results that are right as a whole or not at all.
#pragma once

#include <utility>

#include <tine/pool.hpp>

namespace tine::matrix {

/// The same policy, but a slice that fails every time ends the call: what is made of its zeros would be
/// wrong all over.
inline PoolWith without_quarantine(PoolWith on) {
  on.policy.on_failure = OnFailure::fail;
  return on;
}

}  // namespace tine::matrix
