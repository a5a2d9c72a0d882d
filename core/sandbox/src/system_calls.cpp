#include "system_calls.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdint>
#include <initializer_list>

// What is not listed is refused rather than deadly: libraries look for configuration files, devices
// and CPU counts, and take no for an answer. Calls are named, not numbered, so that the list is the
// same for all processors; a name that a processor or libseccomp does not know needs no rule.

namespace tine::detail {

namespace {

// What they do to others, or get at, is decided by descriptors and memory that the process has.
constexpr const char* allowed[] = {
    // memory
    "brk", "madvise", "membarrier", "memfd_create", "mincore", "mremap", "msync", "munmap",
    // pipes to itself, by which unwinders and sanitizers try whether an address can be read
    "pipe", "pipe2",
    // open descriptors
    "close", "close_range", "dup", "dup2", "dup3", "fdatasync", "fstat", "fstat64", "fsync",
    "ftruncate", "ftruncate64", "_llseek", "lseek", "poll", "ppoll", "pread64", "preadv",
    "pselect6", "pwrite64", "pwritev", "read", "readv", "recvfrom", "recvmsg", "select", "sendmsg",
    "sendto", "shutdown", "write", "writev",
    // time
    "clock_getres", "clock_gettime", "clock_nanosleep", "gettimeofday", "nanosleep", "time",
    "times",
    // threads, and waiting for each other
    "futex", "futex_waitv", "getcpu", "gettid", "restart_syscall", "rseq", "sched_getaffinity",
    "sched_yield", "set_robust_list",
    // signals of its own
    "pause", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend",
    "rt_sigtimedwait", "sigaltstack", "sigreturn",
    // what it is, and where
    "getegid", "geteuid", "getgid", "getpid", "getppid", "getrandom", "getrlimit", "getrusage",
    "getuid", "sysinfo", "uname",
    // the end
    "exit", "exit_group"};

// Nobody calls these by accident.
constexpr const char* deadly[] = {
    // to become another program, or look into one
    "execve", "execveat", "pidfd_getfd", "process_vm_readv", "process_vm_writev", "ptrace",
    // other views of the file system
    "chroot", "fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount",
    "open_by_handle_at", "open_tree", "pivot_root", "setns", "umount2", "unshare",
    // the kernel itself
    "add_key", "bpf", "delete_module", "finit_module", "init_module", "kexec_file_load",
    "kexec_load", "keyctl", "reboot", "request_key", "swapoff", "swapon"};

class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_ERRNO(EPERM))) {
    // Calls by the numbers of another processor, such as int 0x80, would pass by the list.
    if (context_ != nullptr)
      note(seccomp_attr_set(context_, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
  }
  ~Filter() {
    if (context_ != nullptr) seccomp_release(context_);
  }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  // An action for a call whose arguments fulfil all conditions.
  void add(std::uint32_t action, const char* name,
           std::initializer_list<scmp_arg_cmp> conditions = {}) {
    const int number = seccomp_syscall_resolve_name(name);
    if (context_ != nullptr && number != __NR_SCMP_ERROR)
      note(seccomp_rule_add_array(context_, action, number,
                                  static_cast<unsigned>(conditions.size()), conditions.begin()));
  }
  void allow(const char* name, std::initializer_list<scmp_arg_cmp> conditions = {}) {
    add(SCMP_ACT_ALLOW, name, conditions);
  }
  bool load() { return context_ != nullptr && !failed_ && seccomp_load(context_) == 0; }

 private:
  void note(int result) { failed_ = failed_ || result != 0; }

  scmp_filter_ctx context_;
  bool failed_ = false;
};

// Conditions on argument number `arg`. Where the kernel looks at 32 bits, so do they: the rest may
// be anything.
scmp_arg_cmp is(unsigned arg, std::uint32_t value) {
  return SCMP_CMP32(arg, SCMP_CMP_EQ, value);
}
scmp_arg_cmp has(unsigned arg, std::uint32_t bits) {
  return SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, bits, bits);
}
scmp_arg_cmp lacks(unsigned arg, std::uint32_t bits) {
  return SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, bits, 0);
}
scmp_arg_cmp is_null(unsigned arg) {
  return SCMP_CMP64(arg, SCMP_CMP_EQ, 0);
}

}  // namespace

bool filter_system_calls() noexcept {
  Filter filter;
  for (const char* name : allowed) filter.allow(name);
  for (const char* name : deadly) filter.add(SCMP_ACT_KILL_PROCESS, name);

  // No memory becomes code.
  for (const char* name : {"mmap", "mmap2", "mprotect"}) filter.allow(name, {lacks(2, PROT_EXEC)});
  // Threads, not processes. The flags of clone3 lie in memory, where no filter sees them; without it
  // the C library uses clone.
  filter.allow("clone", {has(0, CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)});
  filter.add(SCMP_ACT_ERRNO(ENOSYS), "clone3");
  // raise() and abort().
  const auto self = static_cast<std::uint32_t>(getpid());
  for (const char* name : {"kill", "tgkill"}) filter.allow(name, {is(0, self)});
  // Some C libraries spell fstat() like this. The name need not be empty, so that a file's existence
  // can be asked for; opening it is another call.
  filter.allow("newfstatat", {has(3, AT_EMPTY_PATH)});
  filter.allow("statx", {has(2, AT_EMPTY_PATH)});
  // Of fcntl, what concerns a descriptor; not F_SETOWN, which sends signals to others.
  for (const char* name : {"fcntl", "fcntl64"})
    for (const int command :
         {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_GET_SEALS, F_ADD_SEALS})
      filter.allow(name, {is(1, static_cast<std::uint32_t>(command))});
  // isatty(); not TIOCSTI, which types on the user's terminal.
  filter.allow("ioctl", {is(1, TCGETS)});
  for (const int command : {PR_SET_NAME, PR_GET_NAME})
    filter.allow("prctl", {is(0, static_cast<std::uint32_t>(command))});
  // Limits are read, not set.
  for (const std::uint32_t whose : {std::uint32_t{0}, self})
    filter.allow("prlimit64", {is(0, whose), is_null(2)});
  return filter.load();
}

}  // namespace tine::detail
