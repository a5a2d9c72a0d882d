#include "process/descriptors.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace tine::detail {

Descriptors& Descriptors::of_this_process() {
  // Never destroyed: a pool may be a global, and end after everything else.
  static Descriptors& instance = *new Descriptors;
  return instance;
}

std::unique_lock<std::mutex> Descriptors::lock() {
  std::unique_lock lock(mutex_);
  if (owner_ != getpid()) open_.clear();
  owner_ = getpid();
  return lock;
}

void Descriptors::add(std::initializer_list<int> fds) {
  open_.insert(open_.end(), fds);
}

bool Descriptors::remove(std::initializer_list<int> fds) {
  std::lock_guard lock(mutex_);
  bool all = true;
  for (const int fd : fds) all = std::erase(open_, fd) != 0 && all;
  return all;
}

void Descriptors::close_all() {
  for (const int fd : open_) ::close(fd);
  open_.clear();
}

void close_each(std::initializer_list<int*> fds) {
  for (int* fd : fds)
    if (const int open = std::exchange(*fd, -1); open >= 0) ::close(open);
}

}  // namespace tine::detail
