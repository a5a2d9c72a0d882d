// What /proc tells of other processes.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace tine_test {

/// State letter of a process ('R', 'S', 'T', 'Z', ...), 0 when there is none.
inline char state_of(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(stat, text);
  const auto end = text.rfind(')');
  return end == std::string::npos ? 0 : text[end + 2];
}

/// Parent of a process, 0 when there is no such process.
inline int parent_of(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(stat, text);
  const auto end = text.rfind(')');
  return end == std::string::npos ? 0 : std::stoi(text.substr(end + 4));
}

/// Whether a process has ended, reaped or not.
inline bool has_ended(int pid) {
  const char state = state_of(pid);
  return state == 0 || state == 'Z' || state == 'X';
}

/// Sends a signal to a child of `parent`; false when `pid` is not one (any more), so that no other
/// process is hit that has got the number since.
inline bool signal_child(int parent, int pid, int signal) {
  if (pid <= 0) return false;
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return false;
  const bool sent =
      parent_of(pid) == parent && syscall(SYS_pidfd_send_signal, fd, signal, nullptr, 0) == 0;
  close(fd);
  return sent;
}

/// Processes of this run of the program, other than this one, that map the memory of a pool or have
/// a descriptor of it. Looks at every process there is: nobody can hide by having been orphaned.
inline std::vector<int> holders_of_arenas() {
  // Forks have the program at the address where we have it; another run has it elsewhere.
  // Before it lie at most the tables of a sanitizer, which are everybody's and no file's.
  auto first_mapping = [](std::ifstream& maps) {
    std::string line;
    while (std::getline(maps, line) && line.find('/') == std::string::npos) {
    }
    return line;
  };
  std::ifstream own("/proc/self/maps");
  const std::string mark = first_mapping(own);
  std::vector<int> found;
  std::error_code error;
  for (const auto& process : std::filesystem::directory_iterator("/proc", error)) {
    const int pid = atoi(process.path().filename().c_str());
    if (pid == 0 || pid == getpid()) continue;
    std::ifstream maps(process.path() / "maps");
    if (first_mapping(maps) != mark) continue;
    bool holds = false;
    for (std::string line; !holds && std::getline(maps, line);)
      holds = line.find("memfd:tine-arena") != std::string::npos;
    for (const auto& fd : std::filesystem::directory_iterator(process.path() / "fd", error))
      holds = holds || std::filesystem::read_symlink(fd, error).string().find("memfd:tine-arena") !=
                           std::string::npos;
    if (holds) found.push_back(pid);
  }
  return found;
}

/// CPU time a process has used, in clock ticks.
inline long ticks_of(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(stat, text);
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  long user = 0, system = 0;
  fields >> user >> system;
  return user + system;
}

/// Number after `key` in a file such as /proc/meminfo, in kB; 0 when absent.
inline long kilobytes(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key + ":")) return std::stol(line.substr(key.size() + 1));
  return 0;
}

}  // namespace tine_test
