#include <tine/report.hpp>

#include <string.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace tine {

const char* to_string(Cause cause) noexcept {
  switch (cause) {
    case Cause::signal:
      return "signal";
    case Cause::exited:
      return "exit";
    case Cause::exception:
      return "exception";
    case Cause::deadline:
      return "deadline";
    case Cause::stopped:
      return "stopped";
    case Cause::cpu_time:
      return "CPU time";
  }
  return "unknown";
}

std::string Fault::to_string() const {
  std::string text = slice == no_slice ? "between slices" : "slice " + std::to_string(slice);
  if (attempt != 0) text += ", attempt " + std::to_string(attempt);
  return text + ", worker " + std::to_string(worker) + ": " + event();
}

std::string Fault::event() const {
  std::string text;
  switch (cause) {
    case Cause::signal: {
      const char* name = sigabbrev_np(signal);
      text += std::string("killed by SIG") + (name != nullptr ? name : "?");
      if (address != 0) {
        char where[32];
        snprintf(where, sizeof where, " at address 0x%zx", static_cast<std::size_t>(address));
        text += where;
      }
      if (name != nullptr && strcmp(name, "KILL") == 0) text += " (by somebody, or out of memory)";
      break;
    }
    case Cause::exited:
      text += "the kernel called exit or _exit with status " + std::to_string(exit_status);
      break;
    case Cause::exception:
      text += "the kernel threw " + type + (message.empty() ? "" : ": " + message);
      break;
    case Cause::deadline:
      text += "ran longer than the slice deadline";
      break;
    case Cause::stopped:
      text += "stopped for over a second";
      break;
    case Cause::cpu_time:
      text += "used more CPU time than a slice may";
      break;
  }
  return text;
}

void Report::append(const Report& next) {
  for (Fault fault : next.faults) {
    if (fault.slice != Fault::no_slice) fault.slice += slices;
    faults.push_back(std::move(fault));
  }
  for (const SliceRange& range : next.quarantined)
    quarantined.push_back({range.begin + slices, range.end + slices});
  slices += next.slices;
  done += next.done;
  attempts += next.attempts;
  bytes += next.bytes;
  undone += next.undone;
  restarts += next.restarts;
  reruns += next.reruns;
  wall += next.wall;
  more_faults += next.more_faults;
  workers.resize(std::max(workers.size(), next.workers.size()));
  for (std::size_t i = 0; i < next.workers.size(); ++i) {
    workers[i].slices += next.workers[i].slices;
    workers[i].busy += next.workers[i].busy;
  }
  for (const std::string& warning : next.warnings)
    if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end())
      warnings.push_back(warning);
}

std::string Report::to_string() const {
  char line[256];
  std::string text;
  auto add = [&](const char* format, auto... values) {
    snprintf(line, sizeof line, format, values...);
    text += line;
  };
  add("%zu of %zu slices done in %.3f ms, %.1f MiB, %zu attempts, %zu worker(s) replaced, %zu "
      "slice(s) undone\n",
      done, slices, static_cast<double>(wall.count()) / 1e6, static_cast<double>(bytes) / (1 << 20),
      attempts, restarts, undone);
  for (std::size_t i = 0; i < workers.size(); ++i)
    if (workers[i].slices != 0)
      add("  worker %zu: %zu slices, busy %.3f ms\n", i, workers[i].slices,
          static_cast<double>(workers[i].busy.count()) / 1e6);
  for (const Fault& fault : faults) text += "  fault: " + fault.to_string() + "\n";
  if (more_faults != 0) add("  and %zu more faults\n", more_faults);
  if (reruns != 0) add("  all results discarded and the job run again %zu time(s)\n", reruns);
  for (const SliceRange& range : quarantined)
    add("  quarantined: slices %zu to %zu\n", range.begin, range.end - 1);
  for (const std::string& warning : warnings) text += "  warning: " + warning + "\n";
  return text;
}

}  // namespace tine
