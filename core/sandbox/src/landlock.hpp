// Landlock: the kernel refuses what a process has not been granted, by what is accessed rather than
// by system call.
#pragma once

namespace tine::detail {

/// Denies this process every file, and whatever else the kernel's landlock knows. Returns the
/// version of its interface, 0 when nothing was denied. Needs no_new_privs.
int deny_by_landlock() noexcept;

}  // namespace tine::detail
