// A fixture whose teardown asserts that a test left nothing behind.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "worker_counts.hpp"

namespace tine_test {

/// What a process holds that could leak.
struct Holdings {
  std::vector<std::string> descriptors;  // "5 -> /path"
  std::vector<std::string> children;     // "1234 tine-supervisor"
  std::size_t arena_mappings = 0;

  static Holdings now();
};

/// Every process of the program's own and of its children, however deep.
std::vector<int> descendants();

/// Checks after each test, and after what its fixture holds is gone, that no process, descriptor or
/// arena is left, and ends the program when a test takes longer than two minutes: a hang is a
/// failure, not a wait.
class NothingLeftBehind : public ::testing::Test {
 protected:
  NothingLeftBehind();
  ~NothingLeftBehind() override;

 private:
  Holdings before_;
};

void sleep_ms(int ms);

/// Waits until `condition()` holds, for at most ten seconds; returns whether it did.
template <class F>
bool eventually(F condition) {
  for (int i = 0; i < 10000; ++i) {
    if (condition()) return true;
    sleep_ms(1);
  }
  return condition();
}

}  // namespace tine_test
