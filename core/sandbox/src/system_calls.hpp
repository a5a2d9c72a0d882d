// The filter of system calls.
#pragma once

namespace tine::detail {

/// From now on this process has only the system calls that enter_sandbox() lists. False, and nothing
/// is changed, when the kernel cannot do that. Needs no_new_privs.
bool filter_system_calls() noexcept;

}  // namespace tine::detail
