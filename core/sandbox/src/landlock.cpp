#include "landlock.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace tine::detail {

namespace {

// The C library has no wrappers, and its kernel headers may be older than the kernel: these are the
// numbers of linux/landlock.h.
constexpr long create_ruleset = 444, restrict_self = 446;
constexpr unsigned ask_version = 1;

struct Ruleset {
  std::uint64_t files, network, scopes;
};

// Rights from the first up to a number of them.
constexpr std::uint64_t first_rights(unsigned count) {
  return (std::uint64_t{1} << count) - 1;
}

// Rights that a ruleset does not name stay granted, and those that the kernel does not know are an
// error: so all it knows, and no more.
constexpr Ruleset everything(int version) {
  const unsigned files = version >= 5   ? 16      // control of devices
                         : version >= 3 ? 15      // truncating
                         : version >= 2 ? 14      // linking from one folder to another
                                        : 13;     // reading, writing, making, removing
  const unsigned network = version >= 4 ? 2 : 0;  // binding and connecting TCP
  const unsigned scopes = version >= 6 ? 2 : 0;   // abstract UNIX sockets, signals
  return {first_rights(files), first_rights(network), first_rights(scopes)};
}

}  // namespace

int deny_by_landlock() noexcept {
  const auto version = static_cast<int>(syscall(create_ruleset, nullptr, 0, ask_version));
  if (version < 1) return 0;
  const Ruleset rules = everything(version);
  const std::size_t size = version >= 6   ? sizeof rules
                           : version >= 4 ? offsetof(Ruleset, scopes)
                                          : offsetof(Ruleset, network);
  const auto fd = static_cast<int>(syscall(create_ruleset, &rules, size, 0));
  if (fd < 0) return 0;
  const bool denied = syscall(restrict_self, fd, 0) == 0;
  close(fd);
  return denied ? version : 0;
}

}  // namespace tine::detail
