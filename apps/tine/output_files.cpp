#include "output_files.hpp"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "exit.hpp"

namespace tine::app {

namespace fs = std::filesystem;

OutputFiles::OutputFiles(bool force) : force_(force) {
  std::uint64_t random = static_cast<std::uint64_t>(getpid());
  [[maybe_unused]] const ssize_t got = getrandom(&random, sizeof random, GRND_NONBLOCK);
  token_ = fmt::format(".tine-{:016x}-", random);
}

OutputFiles::~OutputFiles() {
  for (const std::string& folder : folders_) {
    std::error_code ignored;
    std::vector<fs::path> left;
    for (fs::directory_iterator at(folder, ignored), end; !ignored && at != end;
         at.increment(ignored))
      if (at->path().filename().string().starts_with(token_)) left.push_back(at->path());
    for (const fs::path& file : left) fs::remove(file, ignored);
  }
}

std::string OutputFiles::prepare(const std::string& target) {
  const fs::path path(target);
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::error_code error;
  if (!folders_.contains(folder.string())) {
    fs::create_directories(folder, error);
    if (error)
      throw Failure(
          fmt::format("the folder {} cannot be made: {}", folder.string(), error.message()));
    if (access(folder.c_str(), W_OK | X_OK) != 0)
      throw Failure(
          fmt::format("the folder {} cannot be written to: {}", folder.string(), strerror(errno)));
    folders_.insert(folder.string());
  }
  if (fs::is_directory(path, error)) throw Failure(fmt::format("{} is a folder", target));
  if (!force_ && fs::exists(path, error))
    throw Failure(fmt::format("{} exists already; --force replaces it", target));
  return (folder / fmt::format("{}{}", token_, count_++)).string();
}

void OutputFiles::publish(const std::string& temporary, const std::string& target) const {
  const int fd = open(temporary.c_str(), O_RDONLY | O_CLOEXEC);
  int error = fd < 0 || fsync(fd) != 0 ? errno : 0;
  if (fd >= 0) close(fd);
  if (error == 0) {
    const unsigned flags = force_ ? 0 : RENAME_NOREPLACE;
    if (renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, target.c_str(), flags) != 0) {
      error = errno;
      // Not every file system can; then the check in prepare() has to do.
      if (error == EINVAL) error = rename(temporary.c_str(), target.c_str()) != 0 ? errno : 0;
    }
  }
  if (error != 0) {
    unlink(temporary.c_str());
    throw Failure(fmt::format("{} cannot be written: {}", target, strerror(error)));
  }
}

std::string temporary_name(const std::string& prefix, int pid) {
  return fmt::format("{}.{}", prefix, pid);
}

}  // namespace tine::app
