// What this process is to tine. Set once, right after a fork.
#pragma once

namespace tine::detail {

enum class Role : unsigned char { master, supervisor, worker };

inline Role process_role = Role::master;

/// False in a Process and what comes of it: what processes share is made in the program's first one.
inline bool first_process = true;

/// Whether this thread is running a kernel in the master itself (TINE_SERIAL).
inline thread_local bool serial_kernel = false;

}  // namespace tine::detail
