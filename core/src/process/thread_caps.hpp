// One kernel thread per worker: libraries that would start their own are told not to.
#pragma once

#include <vector>

namespace tine::detail {

using StartHook = void (*)();

std::vector<StartHook>& start_hooks();

/// Limits every known numerical library that is loaded to one thread. Environment variables would
/// come too late: these libraries read them when they are loaded.
void cap_threads();

}  // namespace tine::detail
