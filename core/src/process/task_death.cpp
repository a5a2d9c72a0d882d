// What the caller of a task is told of the death of its worker.
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <algorithm>
#include <string>
#include <utility>

#include <tine/error.hpp>

#include "process/task_exception.hpp"

namespace tine::detail {

std::exception_ptr exception_of(const TaskDeath& death, unsigned attempts) {
  Fault fault;
  fault.cause = static_cast<Cause>(std::clamp(death.cause, 0, 5));
  fault.attempt = attempts;
  if (fault.cause == Cause::exited)
    fault.exit_status = death.status;
  else if (fault.cause == Cause::signal)
    fault.signal = death.status;
  fault.address = death.address;
  fault.backtrace = task_backtrace(death.frame, std::min(death.frames, TaskDeath::most_frames));
  std::string what = "tine: the worker that ran this task ";
  if (death.pid != 0) what += "(process " + std::to_string(death.pid) + ") ";
  switch (fault.cause) {
    case Cause::exited:
      what += "called exit or _exit with exit status " + std::to_string(fault.exit_status);
      break;
    case Cause::deadline:
    case Cause::cpu_time:
      what += "was killed because the task ran longer than task_timeout";
      break;
    case Cause::stopped:
      what += "was killed because it was stopped for over a second";
      break;
    case Cause::exception:
    case Cause::signal: {
      const char* name = sigabbrev_np(fault.signal);
      if (name == nullptr) {
        what += "died with the pool's supervisor";
        break;
      }
      what += std::string("was killed by SIG") + name;
      char where[32];
      snprintf(where, sizeof where, " at address 0x%zx", static_cast<std::size_t>(fault.address));
      if (fault.address != 0) what += where;
      if (fault.signal == SIGKILL) what += " (by somebody, or out of memory)";
      break;
    }
  }
  if (attempts > 1) what += ", as on all " + std::to_string(attempts) + " attempts";
  what += ". Other tasks are not affected";
  for (const std::string& frame : fault.backtrace) what += "\n  at " + frame;
  return std::make_exception_ptr(WorkerDied(what, std::move(fault)));
}

}  // namespace tine::detail
