/// @file
/// A sandbox for processes that handle what strangers sent: the code that a hostile file has taken
/// over can compute, use the memory and the descriptors it has, and nothing else.
#pragma once

#include <cstdint>

namespace tine {

struct SandboxOptions {
  /// Descriptors the process may have; those that are open already stay.
  unsigned open_files = 64;
  /// Longest file it may write, in bytes; 0: no limit. A longer one ends it with SIGXFSZ.
  std::uint64_t file_bytes = 0;
};

/// The layers of a sandbox, each of which is enough against most of what it is for.
struct SandboxLayers {
  bool no_new_privileges = false;  ///< set-user-id programs give none
  bool seccomp = false;            ///< only the system calls of computing are left
  int landlock = 0;  ///< version of the kernel's landlock interface; 0: it has none. From 1 no file
                     ///< can be opened, from 4 no TCP socket used, from 6 no signal sent.

  bool operator==(const SandboxLayers&) const = default;
};

/// Closes the sandbox around the calling process, for good and for all it may start. Returns the
/// layers that the kernel granted: compare with sandbox_available() when less will not do.
///
/// What stays: memory (none of it executable anew), threads, clocks, signals to itself, reading and
/// writing on descriptors that are open, receiving more over sockets that are open, memory files.
/// Refused with EPERM: opening, renaming and removing files, new sockets, new processes, signals to
/// others, io_uring, userfaultfd, raising limits, and everything else. What nobody does by accident
/// (execve, ptrace, mount, bpf, setns, loading kernel modules, reading the memory of others) kills
/// the process with SIGSYS, which tine reports as the fault of the slice. Core dumps and debuggers
/// are shut out, and capabilities are given up.
///
/// What it does not change: memory that is shared already. Code that has taken over a worker can
/// write the arrays of its pool. Nor does it hide whether a file of a given name exists.
///
/// It is for workers of a Pool, as or at the end of PoolOptions::worker_start, after everything that
/// the worker must not have is closed: descriptors stay as they are. The process must have one
/// thread. Takes about half a millisecond.
SandboxLayers enter_sandbox(const SandboxOptions& options = {});

/// The layers that enter_sandbox() gets on this machine, found out by a child process that enters
/// one. All are missing when no process could be made.
SandboxLayers sandbox_available();

}  // namespace tine
