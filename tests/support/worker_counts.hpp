/// What the tests of the algorithms share: on how many workers they run, and how a worker dies in
/// the middle of one.
#pragma once

#include <atomic>
#include <csignal>
#include <cstring>

#include <tine/pool.hpp>
#include <tine/view.hpp>

namespace tine_test {

/// One, the usual, an odd number, and more than there are CPUs.
inline constexpr unsigned worker_counts[] = {1, 2, 3, 7};

/// Called from a kernel again and again, in any worker: kills the worker at the call with this
/// number, counted from 0 over all workers, and never again.
struct DieAt {
  tine::View<int> calls;  // one shared zero
  int at;
  void operator()() const {
    if (std::atomic_ref(calls[0]).fetch_add(1) == at) raise(SIGKILL);
  }
};

/// Whether two values or ranges have the same bits.
template <class T>
bool same_bits(const T& a, const T& b) {
  if constexpr (requires { a.size(); a.data(); })
    return a.size() == b.size() &&
           (a.size() == 0 || std::memcmp(a.data(), b.data(), a.size() * sizeof(*a.data())) == 0);
  else
    return std::memcmp(&a, &b, sizeof(T)) == 0;
}

}  // namespace tine_test
