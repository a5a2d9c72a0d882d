#include "sync/cgroup.hpp"

#include <cstdlib>
#include <sstream>
#include <string_view>

#include "sync/system.hpp"

namespace tine::detail {

std::string Cgroup::text(const char* file) const {
  std::string result(16384, '\0');
  result.resize(sys::read_file((directory + "/" + file).c_str(), result.data(), result.size()));
  return result;
}

unsigned long long Cgroup::number(const char* file, unsigned long long otherwise) const {
  const std::string value = text(file);
  char* end = nullptr;
  const unsigned long long n = strtoull(value.c_str(), &end, 10);
  return end == value.c_str() ? otherwise : n;
}

std::vector<Cgroup> cgroups(const char* controller) {
  std::string all(16384, '\0');
  all.resize(sys::read_file("/proc/self/cgroup", all.data(), all.size()));
  std::vector<Cgroup> result;
  std::istringstream lines(all);
  for (std::string line; std::getline(lines, line);) {
    // "0::/path" for v2, "7:cpu,cpuacct:/path" for v1
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool v2 = names == ",,";
    if (!v2 && names.find("," + std::string(controller) + ",") == std::string::npos) continue;
    std::string path = line.substr(second + 1);
    if (path == "/") path.clear();
    const std::string root = v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + std::string(controller);
    for (;;) {
      result.push_back({root + path, v2});
      if (path.empty()) break;
      path.resize(path.rfind('/'));
    }
  }
  return result;
}

}  // namespace tine::detail
