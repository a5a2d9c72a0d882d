// What a worker can still tell about its own end.
#pragma once

#include <string>
#include <vector>

#include "process/control.hpp"

namespace tine::detail {

/// From now on this process notes its deadly signals and calls of exit() in `note`, and ends
/// without running the application's exit handlers.
void note_own_end(CrashNote& note);

/// Ends a process of ours: no exit handlers, no flushing of inherited buffers.
[[noreturn]] void leave(int status);

/// Keeps the caller's call stack for last_throw().
void trace_throw() noexcept;

/// The call stack of the last throw in this thread, innermost first. Returns the count.
unsigned last_throw(void** frames, unsigned capacity) noexcept;

/// Name, source object and offset of each frame, for people.
std::vector<std::string> describe_frames(void* const* frames, unsigned count);

/// A type's name as written in the source.
std::string demangled(const char* name);

}  // namespace tine::detail
