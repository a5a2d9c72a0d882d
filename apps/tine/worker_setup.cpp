#include "worker_setup.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include <tine/sandbox.hpp>

#include "exit.hpp"
#include "worker_files.hpp"

namespace tine::app {

namespace {

// Inherited by the workers.
std::vector<int> strangers;  // descriptors that are not for them
bool shut_in = false;
std::uint64_t longest = 0;  // file that they may write
SandboxLayers expected;

std::vector<int> open_descriptors() {
  std::vector<int> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    found.push_back(std::stoi(entry.path().filename().string()));
  // The one that listed them is closed by now.
  std::erase_if(found, [](int fd) { return fd <= STDERR_FILENO || fcntl(fd, F_GETFD) < 0; });
  return found;
}

// The file server has a socket and two files for each worker.
void allow_many_descriptors() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = std::max(files.rlim_cur, std::min<rlim_t>(files.rlim_max, 8192));
  setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace

WorkerSetup prepare_workers(bool sandbox, std::uint64_t longest_file) {
  allow_many_descriptors();
  strangers = open_descriptors();
  WorkerSetup setup{open_door(), sandbox};
  strangers.push_back(setup.door.get());
  shut_in = sandbox;
  longest = longest_file;
  if (sandbox) {
    expected = sandbox_available();
    setup.sandboxed = expected.seccomp;
    if (!expected.seccomp)
      fmt::print(
          stderr,
          "tine: warning: this machine cannot filter system calls (seccomp), so workers "
          "{}; tine doctor tells more\n",
          expected.landlock != 0 ? "are only kept from files (landlock)" : "are not in a sandbox");
  }
  return setup;
}

void start_worker(unsigned) {
  connect_to_file_server();
  for (const int fd : strangers) close(fd);
  const Descriptor nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) dup2(nothing.get(), fd);
  if (shut_in && enter_sandbox({.file_bytes = longest}) != expected)
    throw Failure("a worker cannot enter its sandbox; --no-sandbox does without");
}

}  // namespace tine::app
