#include <tine/sandbox.hpp>

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "landlock.hpp"
#include "system_calls.hpp"

namespace tine {

namespace {

// At most `value`, now and for ever.
void limit(__rlimit_resource resource, rlim_t value) {
  rlimit now{};
  if (getrlimit(resource, &now) != 0) return;
  const rlim_t most = std::min(value, now.rlim_max);
  const rlimit both{most, most};
  setrlimit(resource, &both);
}

void give_up_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  syscall(SYS_capset, &header, none);
}

}  // namespace

SandboxLayers enter_sandbox(const SandboxOptions& options) {
  SandboxLayers layers;
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, options.open_files);
  if (options.file_bytes != 0) limit(RLIMIT_FSIZE, options.file_bytes);
  prctl(PR_SET_DUMPABLE, 0);
  give_up_capabilities();
  layers.no_new_privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
  // Last the filter, which refuses the calls that make the other layers.
  layers.landlock = detail::deny_by_landlock();
  layers.seccomp = detail::filter_system_calls();
  return layers;
}

SandboxLayers sandbox_available() {
  SandboxLayers layers;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return layers;
  const pid_t child = fork();
  if (child == 0) {
    const SandboxLayers entered = enter_sandbox();
    _exit(write(ends[1], &entered, sizeof entered) == sizeof entered ? 0 : 1);
  }
  close(ends[1]);
  SandboxLayers told;
  ssize_t got;
  do got = read(ends[0], &told, sizeof told);
  while (got < 0 && errno == EINTR);
  if (got == sizeof told) layers = told;
  close(ends[0]);
  // Its status does not matter, and an application that ignores SIGCHLD has none.
  while (child > 0 && waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return layers;
}

}  // namespace tine
