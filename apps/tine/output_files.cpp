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
#include <utility>

#include <fmt/format.h>

#include "exit.hpp"

namespace tine::app {

namespace fs = std::filesystem;

namespace {

fs::path folder_of(const fs::path& target) {
  return target.has_parent_path() ? target.parent_path() : fs::path(".");
}

}  // namespace

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  discard();
  file_ = std::move(other.file_);
  target_ = std::move(other.target_);
  spare_ = std::move(other.spare_);
  named_ = std::exchange(other.named_, false);
  force_ = other.force_;
  return *this;
}

OutputFile::~OutputFile() {
  discard();
}

void OutputFile::discard() {
  if (named_) unlink(spare_.c_str());
  named_ = false;
}

void OutputFile::publish() {
  const int error = named_ ? rename_to_target() : link_to_target();
  if (error != 0) throw Failure(fmt::format("{} cannot be written: {}", target_, strerror(error)));
}

// Gives a name to a file that has none.
int OutputFile::link_to_target() {
  const std::string file = fmt::format("/proc/self/fd/{}", file_.get());
  const auto link_as = [&](const std::string& name) {
    return linkat(AT_FDCWD, file.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0 ? 0
                                                                                          : errno;
  };
  const int error = link_as(target_);
  if (error != EEXIST || !force_) return error;
  // A link does not replace, a rename does.
  if (const int second = link_as(spare_)) return second;
  named_ = true;
  return rename_to_target();
}

int OutputFile::rename_to_target() {
  const unsigned flags = force_ ? 0 : RENAME_NOREPLACE;
  int error =
      renameat2(AT_FDCWD, spare_.c_str(), AT_FDCWD, target_.c_str(), flags) != 0 ? errno : 0;
  // Not every file system can; then the check in prepare() has to do.
  if (error == EINVAL) error = rename(spare_.c_str(), target_.c_str()) != 0 ? errno : 0;
  if (error == 0) named_ = false;
  return error;
}

OutputFiles::OutputFiles(bool force, std::string advice)
    : force_(force), advice_(std::move(advice)) {
  std::uint64_t random = static_cast<std::uint64_t>(getpid());
  [[maybe_unused]] const ssize_t got = getrandom(&random, sizeof random, GRND_NONBLOCK);
  token_ = fmt::format(".tine-{:016x}-", random);
}

void OutputFiles::prepare(const std::string& target, bool replaces) {
  const fs::path path(target), folder = folder_of(path);
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
  // A new file would take the place of the device.
  if (fs::exists(path, error) && !fs::is_regular_file(path, error))
    throw Failure(fmt::format("{} is no regular file; - writes to standard output", target));
  if (!force_ && !replaces && fs::exists(path, error))
    throw Failure(fmt::format("{} exists already; {}", target, advice_));
}

OutputFile OutputFiles::open(const std::string& target, bool replaces) const {
  const fs::path folder = folder_of(target);
  OutputFile output;
  output.target_ = target;
  output.spare_ = (folder / fmt::format("{}{}", token_, count_++)).string();
  output.force_ = force_ || replaces;
  // A file without a name is gone with its last descriptor, even when we are killed. Not every file
  // system has such files.
  output.file_ = Descriptor(::open(folder.c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666));
  if (!output.file_) {
    output.file_ =
        Descriptor(::open(output.spare_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!output.file_)
      throw Failure(fmt::format("{} cannot be written: {}", target, strerror(errno)));
    output.named_ = true;
  }
  return output;
}

}  // namespace tine::app
