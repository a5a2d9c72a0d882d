// What a fuzz target asserts, also where NDEBUG is defined.
#pragma once

#include <cstdio>
#include <cstdlib>

/// Ends the program, and with it makes the input a finding, when `condition` does not hold.
inline void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}
