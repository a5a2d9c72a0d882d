#include "losses.hpp"

#include <signal.h>
#include <string.h>

#include <algorithm>

#include <fmt/format.h>

#include <tine/error.hpp>

#include "text_output.hpp"

namespace tine::app {

void tell_error(const std::exception& error) {
  const std::string what = printable(error.what());
  fmt::print(stderr, "{}{}\n", what.starts_with("tine:") ? "" : "tine: ", what);
}

std::string reason_of(const Report& report, std::size_t slice) {
  const auto last =
      std::ranges::find(report.faults.rbegin(), report.faults.rend(), slice, &Fault::slice);
  if (last == report.faults.rend()) return "could not be processed";
  switch (last->cause) {
    case Cause::signal: {
      if (last->signal == SIGSYS)
        return fmt::format("tried what the sandbox forbids (SIGSYS), in each of {} attempts",
                           last->attempt);
      const char* name = sigabbrev_np(last->signal);
      return fmt::format("killed its worker with SIG{}, in each of {} attempts",
                         name != nullptr ? name : "?", last->attempt);
    }
    case Cause::exited:
      return fmt::format("ended its worker with exit status {}", last->exit_status);
    case Cause::exception:
      return last->message;
    case Cause::deadline:
      return "took longer than the deadline (--deadline)";
    case Cause::cpu_time:
      return "used more CPU time than allowed";
    case Cause::stopped:
      return "stopped its worker";
  }
  return last->message;
}

void note_failure(Task& task, Losses& losses) {
  try {
    throw;
  } catch (const SliceFailed& error) {
    losses.add(error.report());
    task.failure = reason_of(error.report(), error.slice());
  } catch (const std::exception& error) {
    task.failure = error.what();
  }
}

}  // namespace tine::app
