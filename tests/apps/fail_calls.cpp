// fail_calls ERRNO CALL[,CALL...] PROGRAM [ARGUMENT...]: runs a program for which these system calls
// fail. write, pwrite64 and writev fail on other descriptors than standard output and error only.
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sstream>
#include <string>

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  int error = 0;
  for (int e = 1; e < 134; ++e)
    if (const char* name = strerrorname_np(e); name != nullptr && strcmp(name, argv[1]) == 0)
      error = e;
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr || error == 0) return 2;
  std::istringstream calls(argv[2]);
  for (std::string call; std::getline(calls, call, ',');) {
    const int number = seccomp_syscall_resolve_name(call.c_str());
    if (number == __NR_SCMP_ERROR) return 2;
    const auto fail = SCMP_ACT_ERRNO(static_cast<unsigned>(error));
    const bool writes = call.find("write") != std::string::npos;
    if ((writes ? seccomp_rule_add(filter, fail, number, 1, SCMP_A0(SCMP_CMP_GT, 2))
                : seccomp_rule_add(filter, fail, number, 0)) != 0)
      return 2;
  }
  if (seccomp_load(filter) != 0) return 2;
  execvp(argv[3], argv + 3);
  return 127;
}
