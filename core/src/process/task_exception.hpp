// How the caller learns of an exception that a task throws, or of its worker's death.
#pragma once

#include <exception>
#include <string>
#include <vector>

#include <tine/detail/queue_core.hpp>

#include "toolbox/chunks.hpp"
#include "toolbox/task_table.hpp"

namespace tine::detail {

struct ExceptionText {
  std::string type;
  std::string message;
};

/// Of the exception that is being handled.
ExceptionText current_exception_text();

/// Name and place of each frame of a task, for people; without those of tine that called it.
std::vector<std::string> task_backtrace(void* const* frames, unsigned count);

/// That exception as a task's result, in a chain of chunks; no_chunk when there is no memory for
/// it.
ChunkId pack_current_exception() noexcept;

/// The same exception for the caller, from after the ResultKind on.
std::exception_ptr unpack_exception(ItemBytes& from);

/// A WorkerDied, after so many attempts.
std::exception_ptr exception_of(const TaskDeath& death, unsigned attempts);

}  // namespace tine::detail
