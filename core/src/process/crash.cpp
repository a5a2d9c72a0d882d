#include "process/crash.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

extern "C" void __gcov_dump() __attribute__((weak));

namespace tine::detail {

namespace {

CrashNote* own_note = nullptr;

constexpr int deadly_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// Everything here is safe in a signal handler: backtrace() has been called once before, so it
// loads nothing any more.
void on_deadly_signal(int signal, siginfo_t* info, void*) {
  // From here on a second fault ends us at once, with the note of the first.
  for (const int deadly : deadly_signals) ::signal(deadly, SIG_DFL);
  CrashNote& note = *own_note;
  note.signal = signal;
  note.code = info->si_code;
  note.address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  note.frames = 0;
  note.written.store(by_signal, std::memory_order_release);
  // Last, since walking a broken stack may itself fault.
  void* frame[max_frames + 2];
  const int n = backtrace(frame, static_cast<int>(max_frames + 2));
  const int own = std::min(n, 2);  // this function and the signal's trampoline
  std::copy(frame + own, frame + n, note.frame);
  note.frames = static_cast<std::uint32_t>(n - own);
  raise(signal);
}

void on_exit_call(int status, void*) {
  own_note->exit_status = status;
  own_note->written.store(by_exit_call, std::memory_order_release);
  leave(status);
}

}  // namespace

void note_own_end(CrashNote& note) {
  own_note = &note;
  note.written.store(untold);
  void* warm_up[2];
  backtrace(warm_up, 2);  // loads the unwinder now rather than in a signal handler
  on_exit(on_exit_call, nullptr);
  at_quick_exit([] { on_exit_call(0, nullptr); });
  // Its own stack: a stack overflow is one of the things to tell of.
  const std::size_t size = 64 << 10;
  void* stack = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack != MAP_FAILED) {
    stack_t alternative{};
    alternative.ss_sp = stack;
    alternative.ss_size = size;
    sigaltstack(&alternative, nullptr);
  }
  struct sigaction action {};
  action.sa_sigaction = on_deadly_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (const int signal : deadly_signals) sigaction(signal, &action, nullptr);
}

void leave(int status) {
  if (__gcov_dump != nullptr) __gcov_dump();  // coverage counts what workers ran, too
  _exit(status);
}

std::string demangled(const char* name) {
  int status = 0;
  char* plain = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  std::string result = status == 0 && plain != nullptr ? plain : name;
  free(plain);
  return result;
}

std::vector<std::string> describe_frames(void* const* frames, unsigned count) {
  std::vector<std::string> lines;
  for (unsigned i = 0; i < count; ++i) {
    Dl_info info{};
    char place[512];
    if (dladdr(frames[i], &info) == 0 || info.dli_fname == nullptr) {
      snprintf(place, sizeof place, "%p", frames[i]);
      lines.emplace_back(place);
      continue;
    }
    const char* slash = strrchr(info.dli_fname, '/');
    // The form that addr2line takes.
    snprintf(place, sizeof place, "%s+0x%zx", slash != nullptr ? slash + 1 : info.dli_fname,
             static_cast<std::size_t>(static_cast<char*>(frames[i]) -
                                      static_cast<char*>(info.dli_fbase)));
    lines.push_back(info.dli_sname != nullptr ? demangled(info.dli_sname) + " (" + place + ")"
                                              : std::string(place));
  }
  return lines;
}

}  // namespace tine::detail
