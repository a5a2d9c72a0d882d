// A control group of a test's own, below the one it runs in.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "support/fixture.hpp"

namespace tine_test {

class Cgroup {
 public:
  /// `file`: what must be there to be of use, with the name that it has in v1 and in v2.
  Cgroup(const std::string& controller, const std::string& v1_file, const std::string& v2_file) {
    std::ifstream groups("/proc/self/cgroup");
    for (std::string line; !usable() && std::getline(groups, line);) {
      std::istringstream fields(line);
      std::string number, controllers, path;
      std::getline(fields, number, ':');
      std::getline(fields, controllers, ':');
      std::getline(fields, path);
      const bool v2 = controllers.empty();
      if (!v2 && ("," + controllers + ",").find("," + controller + ",") == std::string::npos)
        continue;
      const std::string parent =
          (v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + controller) + (path == "/" ? "" : path);
      directory_ = parent + "/tine-test-" + std::to_string(getpid());
      file_ = directory_ + "/" + (v2 ? v2_file : v1_file);
      v2_ = v2;
      if (mkdir(directory_.c_str(), 0700) != 0) {
        why_ = "no control group can be made in " + parent;
        directory_.clear();
      } else if (access(file_.c_str(), W_OK) != 0) {
        why_ = file_ + " cannot be written";
        rmdir(directory_.c_str());
        directory_.clear();
      }
    }
    if (!usable() && why_.empty()) why_ = "there is no control group for " + controller;
  }
  ~Cgroup() {
    if (usable())  // busy for a moment after its last process has ended
      eventually([this] { return rmdir(directory_.c_str()) == 0; });
  }
  Cgroup(const Cgroup&) = delete;

  bool usable() const { return !directory_.empty(); }
  const std::string& why_not() const { return why_; }
  const std::string& directory() const { return directory_; }
  bool v2() const { return v2_; }

  /// Writes the file that was asked for, or another one.
  bool set(const std::string& value) const { return write(file_, value); }
  bool set(const std::string& file, const std::string& value) const {
    return write(directory_ + "/" + file, value);
  }
  /// Takes this process, and what it forks from now on, into the group.
  bool join() const { return write(directory_ + "/cgroup.procs", "0"); }
  bool take(int pid) const { return write(directory_ + "/cgroup.procs", std::to_string(pid)); }

 private:
  static bool write(const std::string& path, const std::string& value) {
    std::ofstream file(path);
    file << value << std::flush;
    return file.good();
  }

  std::string directory_, file_, why_;
  bool v2_ = false;
};

}  // namespace tine_test
