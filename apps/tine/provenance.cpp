#include "provenance.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fmt/format.h>

#include "descriptor.hpp"

namespace tine::app {

namespace {

constexpr const char* attribute = "user.tine.made-from";

bool older(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

}  // namespace

std::string provenance(int input, const std::string& recipe) {
  struct stat about;
  if (fstat(input, &about) != 0) return {};
  return fmt::format("{} bytes of {}.{:09}; {}", about.st_size, about.st_mtim.tv_sec,
                     about.st_mtim.tv_nsec, recipe);
}

void note_provenance(int output, const std::string& provenance) noexcept {
  if (!provenance.empty())
    fsetxattr(output, attribute, provenance.data(), provenance.size(), 0);
}

OutputState state_of_output(const std::string& output, const std::string& input,
                            const std::string& recipe) {
  const Descriptor made(open(output.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!made) return errno == ENOENT ? OutputState::absent : OutputState::foreign;
  const Descriptor source(open(input.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::string noted(4096, '\0');
  const ssize_t length = fgetxattr(made.get(), attribute, noted.data(), noted.size());
  if (length >= 0) {
    noted.resize(static_cast<std::size_t>(length));
    return noted == provenance(source.get(), recipe) ? OutputState::current : OutputState::stale;
  }
  struct stat out, in;
  if (errno == ENOTSUP && fstat(made.get(), &out) == 0 && fstat(source.get(), &in) == 0)
    return older(out.st_mtim, in.st_mtim) ? OutputState::stale : OutputState::current;
  return OutputState::foreign;
}

}  // namespace tine::app
