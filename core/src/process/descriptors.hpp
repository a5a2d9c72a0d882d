// The descriptors by which this process holds on to its pools and Processes. Who is forked for
// another one closes them: it would keep these alive.
#pragma once

#include <sys/types.h>

#include <initializer_list>
#include <mutex>
#include <vector>

namespace tine::detail {

class Descriptors {
 public:
  static Descriptors& of_this_process();

  /// Held by who forks a process that calls close_all(). In a fork of the application all numbers
  /// are forgotten first: they may be anybody's.
  std::unique_lock<std::mutex> lock();

  /// With the lock held.
  void add(std::initializer_list<int> fds);
  /// They will be closed by the caller; false when that was done already, in a child that called
  /// close_all(): there the numbers are somebody else's.
  bool remove(std::initializer_list<int> fds);
  /// In a child that was forked with the lock held.
  void close_all();

 private:
  std::mutex mutex_;
  std::vector<int> open_;
  pid_t owner_ = 0;
};

/// Closes each that is one.
void close_each(std::initializer_list<int*> fds);

}  // namespace tine::detail
