// What code that has taken over a worker may try: each a function that tries one thing, and returns 0
// when it got through, otherwise the errno of the refusal.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdint>

namespace tine_test {

struct Attempt {
  const char* name;
  int (*go)();
  enum Outcome { refused, killed } expected;
  bool works_outside = true;  ///< for anybody, on any kernel, without the sandbox
};

/// 0 for what a system call returns on success; a new descriptor is closed again.
inline int outcome(long result) {
  return result < 0 ? errno : 0;
}
inline int opened(long fd) {
  const int error = outcome(fd);
  if (error == 0) close(static_cast<int>(fd));
  return error;
}
inline int read_of(const char* path) {
  return opened(open(path, O_RDONLY | O_CLOEXEC));
}
/// A child that ends at once.
inline int forked(long pid) {
  if (pid == 0) _exit(0);
  return outcome(pid);
}
constexpr std::uint64_t clone3_arguments[8] = {0, 0, 0, 0, SIGCHLD};

constexpr Attempt attempts[] = {
    // files
    {"read a file", [] { return read_of("/etc/passwd"); }, Attempt::refused},
    {"list a folder", [] { return opened(open("/", O_RDONLY | O_DIRECTORY)); }, Attempt::refused},
    {"open a path without reading", [] { return opened(open("/", O_PATH)); }, Attempt::refused},
    {"make a file", [] { return opened(open("/tmp", O_TMPFILE | O_RDWR, 0600)); },
     Attempt::refused},
    {"openat2",
     [] {
       const std::uint64_t how[3] = {O_RDONLY, 0, 0};
       return opened(syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", how, sizeof how));
     },
     Attempt::refused},
    {"creat", [] { return opened(syscall(SYS_openat, AT_FDCWD, "/tmp/tine-no", O_CREAT, 0600)); },
     Attempt::refused, false},
    {"make a folder", [] { return outcome(mkdir("/tmp/tine-sandbox-no", 0700)); }, Attempt::refused,
     false},
    {"remove a file", [] { return outcome(unlink("/etc/passwd")); }, Attempt::refused, false},
    {"rename a file", [] { return outcome(rename("/etc/passwd", "/etc/x")); }, Attempt::refused,
     false},
    {"link a file", [] { return outcome(link("/etc/passwd", "/tmp/tine-sandbox-no")); },
     Attempt::refused, false},
    {"change a mode", [] { return outcome(chmod("/etc/passwd", 0666)); }, Attempt::refused, false},
    {"truncate", [] { return outcome(truncate("/etc/passwd", 0)); }, Attempt::refused, false},
    {"change folders", [] { return outcome(chdir("/")); }, Attempt::refused},
    {"read a link",
     [] {
       char text[100];
       return outcome(readlink("/proc/self/exe", text, sizeof text));
     },
     Attempt::refused},
    {"watch files", [] { return opened(syscall(SYS_inotify_init1, 0)); }, Attempt::refused},
    {"open a device", [] { return read_of("/dev/null"); }, Attempt::refused},
    {"a terminal", [] { return opened(open("/dev/ptmx", O_RDWR)); }, Attempt::refused, false},
    // its own memory and others'
    {"/proc/self/mem", [] { return read_of("/proc/self/mem"); }, Attempt::refused},
    {"/proc/self/maps", [] { return read_of("/proc/self/maps"); }, Attempt::refused},
    {"/proc/1/environ", [] { return read_of("/proc/1/environ"); }, Attempt::refused, false},
    {"/proc/1/status", [] { return read_of("/proc/1/status"); }, Attempt::refused},
    {"process_vm_readv",
     [] {
       char from = 1, to = 0;
       const iovec local{&to, 1}, remote{&from, 1};
       return outcome(process_vm_readv(getpid(), &local, 1, &remote, 1, 0));
     },
     Attempt::killed},
    {"process_vm_writev",
     [] {
       char from = 1, to = 0;
       const iovec local{&from, 1}, remote{&to, 1};
       return outcome(process_vm_writev(getppid(), &local, 1, &remote, 1, 0));
     },
     Attempt::killed, false},
    {"ptrace", [] { return outcome(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }, Attempt::killed,
     false},
    {"attach to the supervisor",
     [] { return outcome(ptrace(PTRACE_SEIZE, getppid(), nullptr, nullptr)); }, Attempt::killed,
     false},
    {"executable memory",
     [] {
       void* p = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
       return p == MAP_FAILED ? errno : munmap(p, 4096);
     },
     Attempt::refused},
    {"memory that becomes executable",
     [] {
       void* p = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
       const int error = outcome(mprotect(p, 4096, PROT_READ | PROT_EXEC));
       munmap(p, 4096);
       return error;
     },
     Attempt::refused},
    {"userfaultfd", [] { return opened(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK)); },
     Attempt::refused, false},
    // other processes
    {"fork", [] { return forked(fork()); }, Attempt::refused},
    {"vfork", [] { return forked(syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0)); },
     Attempt::refused},
    {"clone3",
     [] { return forked(syscall(SYS_clone3, clone3_arguments, sizeof clone3_arguments)); },
     Attempt::refused},
    {"exec",
     [] {
       char name[] = "true";
       char* const words[] = {name, nullptr};
       return outcome(execve("/bin/true", words, nullptr));
     },
     Attempt::killed, false},
    {"run a program from memory",
     [] {
       char name[] = "";
       char* const words[] = {name, nullptr};
       return outcome(syscall(SYS_execveat, memfd_create("x", 0), "", words, words, AT_EMPTY_PATH));
     },
     Attempt::killed, false},
    {"signal the supervisor", [] { return outcome(kill(getppid(), 0)); }, Attempt::refused},
    {"signal everybody", [] { return outcome(kill(-1, 0)); }, Attempt::refused},
    {"signal its group", [] { return outcome(kill(0, 0)); }, Attempt::refused},
    {"signal a thread of another",
     [] { return outcome(syscall(SYS_tgkill, getppid(), getppid(), 0)); }, Attempt::refused},
    {"queue a signal", [] { return outcome(sigqueue(getppid(), 0, {})); }, Attempt::refused},
    {"a pidfd", [] { return opened(syscall(SYS_pidfd_open, getppid(), 0)); }, Attempt::refused},
    {"signal by descriptors of the pool",
     [] {
       for (int fd = 3; fd < 64; ++fd)
         if (syscall(SYS_pidfd_send_signal, fd, 0, nullptr, 0) == 0) return 0;
       return EPERM;
     },
     Attempt::refused},
    {"take a descriptor from another", [] { return opened(syscall(SYS_pidfd_getfd, 3, 0, 0)); },
     Attempt::killed, false},
    {"signals by way of a descriptor",
     [] { return outcome(fcntl(STDERR_FILENO, F_SETOWN, getppid())); }, Attempt::refused, false},
    {"outlive the supervisor", [] { return outcome(prctl(PR_SET_PDEATHSIG, 0)); },
     Attempt::refused},
    {"be dumped", [] { return outcome(prctl(PR_SET_DUMPABLE, 1)); }, Attempt::refused},
    {"priority of others", [] { return outcome(setpriority(PRIO_PROCESS, 0, 19)); },
     Attempt::refused},
    // the network
    {"an internet socket", [] { return opened(socket(AF_INET, SOCK_STREAM, 0)); },
     Attempt::refused},
    {"a local socket", [] { return opened(socket(AF_UNIX, SOCK_DGRAM, 0)); }, Attempt::refused},
    {"netlink", [] { return opened(socket(AF_NETLINK, SOCK_RAW, 0)); }, Attempt::refused},
    {"a pair of sockets",
     [] {
       int ends[2];
       if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return errno;
       return close(ends[0]) | close(ends[1]);
     },
     Attempt::refused},
    // the kernel
    {"io_uring", [] { return opened(syscall(SYS_io_uring_setup, 1, clone3_arguments)); },
     Attempt::refused, false},
    {"performance counters", [] { return opened(syscall(SYS_perf_event_open, 0, 0, 0, 0, 0)); },
     Attempt::refused, false},
    {"bpf", [] { return outcome(syscall(SYS_bpf, 0, 0, 0)); }, Attempt::killed, false},
    {"mount", [] { return outcome(mount("none", "/tmp", "tmpfs", 0, nullptr)); }, Attempt::killed,
     false},
    {"a user namespace", [] { return outcome(unshare(CLONE_NEWUSER)); }, Attempt::killed, false},
    {"chroot", [] { return outcome(chroot("/")); }, Attempt::killed, false},
    {"load a module", [] { return outcome(syscall(SYS_finit_module, -1, "", 0)); }, Attempt::killed,
     false},
    {"keys", [] { return outcome(syscall(SYS_keyctl, 0, -3, 0)); }, Attempt::killed, false},
    {"shared memory of System V", [] { return outcome(syscall(SYS_shmget, 0, 4096, 0600)); },
     Attempt::refused, false},
    {"another user", [] { return outcome(setuid(getuid())); }, Attempt::refused},
    {"its umask", [] { return outcome(syscall(SYS_umask, 0)); }, Attempt::refused},
    {"more open files",
     [] {
       const rlimit many{40, 64};
       return outcome(setrlimit(RLIMIT_NOFILE, &many));
     },
     Attempt::refused},
    {"type on a terminal",
     [] {
       char key = 'x';
       return outcome(ioctl(STDERR_FILENO, TIOCSTI, &key));
     },
     Attempt::refused, false},
    {"a looser filter", [] { return outcome(prctl(PR_SET_SECCOMP, 0, 0)); }, Attempt::refused,
     false},
#if defined(__x86_64__)
    {"calls by 32-bit numbers",
     [] {
       long result = 20;  // getpid
       asm volatile("int $0x80" : "+a"(result) : : "memory");
       return result > 0 ? 0 : ENOSYS;
     },
     Attempt::killed, false},
    {"calls by x32 numbers", [] { return outcome(syscall(0x40000000 + SYS_getpid)); },
     Attempt::killed, false},
#endif
};

}  // namespace tine_test
