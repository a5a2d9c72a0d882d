// A catch block comes too late for a backtrace: the stack is unwound by then. So in workers, and
// only there, each throw leaves its own behind before it goes on to the real function.

#include <dlfcn.h>
#include <execinfo.h>

#include <algorithm>

#include "process/crash.hpp"
#include "sync/role.hpp"

namespace tine::detail {

namespace {

struct ThrowTrace {
  void* frame[max_frames];
  unsigned count = 0;
};
thread_local ThrowTrace throw_trace;

}  // namespace

void trace_throw() noexcept {
  void* frame[max_frames + 2];
  const int n = backtrace(frame, static_cast<int>(max_frames + 2));
  const int own = std::min(n, 2);  // this function and __cxa_throw
  throw_trace.count = static_cast<unsigned>(n - own);
  std::copy(frame + own, frame + n, throw_trace.frame);
}

unsigned last_throw(void** frames, unsigned capacity) noexcept {
  const unsigned n = std::min(throw_trace.count, capacity);
  std::copy(throw_trace.frame, throw_trace.frame + n, frames);
  throw_trace.count = 0;
  return n;
}

}  // namespace tine::detail

// Weak, so that a program linked with a static libstdc++ keeps that one's, and merely has no
// backtraces.
extern "C" [[noreturn]] __attribute__((weak)) void __cxa_throw(void* object, void* type,
                                                               void (*destructor)(void*)) {
  using Throw = void (*)(void*, void*, void (*)(void*));
  static const auto real = reinterpret_cast<Throw>(dlsym(RTLD_NEXT, "__cxa_throw"));
  if (tine::detail::process_role == tine::detail::Role::worker) tine::detail::trace_throw();
  real(object, type, destructor);
  __builtin_unreachable();
}
