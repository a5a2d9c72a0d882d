#include "fixture.hpp"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace tine_test {

namespace fs = std::filesystem;

namespace {

std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

std::vector<int> descendants() {
  std::vector<int> found{getpid()};
  for (std::size_t i = 0; i < found.size(); ++i) {
    std::error_code error;
    for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(found[i]) + "/task", error)) {
      std::istringstream children(first_line(task.path() / "children"));
      for (int pid; children >> pid;) found.push_back(pid);
    }
  }
  found.erase(found.begin());
  return found;
}

Holdings Holdings::now() {
  Holdings holdings;
  DIR* directory = opendir("/proc/self/fd");
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(directory)) continue;
    std::error_code error;
    const fs::path target = fs::read_symlink(fs::path("/proc/self/fd") / entry->d_name, error);
    holdings.descriptors.push_back(std::string(entry->d_name) + " -> " + target.string());
  }
  closedir(directory);
  for (const int pid : descendants())
    holdings.children.push_back(std::to_string(pid) + " " +
                                first_line("/proc/" + std::to_string(pid) + "/comm"));
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    holdings.arena_mappings += line.find("memfd:tine-arena") != std::string::npos;
  return holdings;
}

void sleep_ms(int ms) {
  const timespec t{ms / 1000, ms % 1000 * 1000000L};
  nanosleep(&t, nullptr);
}

NothingLeftBehind::NothingLeftBehind() : before_(Holdings::now()) {
  alarm(120);  // SIGALRM's default action ends the program, and with it all of its pools
}

NothingLeftBehind::~NothingLeftBehind() {
  alarm(0);
  const Holdings after = Holdings::now();
  EXPECT_EQ(before_.descriptors, after.descriptors);
  EXPECT_EQ(before_.children, after.children);
  EXPECT_EQ(before_.arena_mappings, after.arena_mappings);
}

}  // namespace tine_test
