// Four times one second of sleep: one after the other, and as tasks of an executor, whose results
// come through futures.
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include <tine/executor.hpp>
#include <tine/tine.hpp>

namespace {

int sleep_a_second(int number) {
  std::this_thread::sleep_for(std::chrono::seconds(1));
  return number;
}

template <class F>
double seconds(F f) {
  const auto began = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

}  // namespace

int main() {
  const double serial = seconds([] {
    for (int i = 0; i < 4; ++i) sleep_a_second(i);
  });
  int sum = 0;
  const double parallel = seconds([&] {
    tine::Executor executor({.workers = 4});
    std::vector<tine::Future<int>> futures;
    for (int i = 0; i < 4; ++i) futures.push_back(executor.submit(sleep_a_second, i));
    for (auto& future : futures) sum += future.result();
  });
  std::printf("serially: %.4f s\n", serial);
  std::printf("in an executor: %.4f s, %.1f ms over a second\n", parallel, 1e3 * (parallel - 1));
  return sum == 0 + 1 + 2 + 3 ? 0 : 1;
}
