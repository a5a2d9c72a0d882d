// Four times one second of sleep: one after the other, and in four processes at the same time.
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include <tine/tine.hpp>

namespace {

void sleep_a_second() {
  std::this_thread::sleep_for(std::chrono::seconds(1));
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
    for (int i = 0; i < 4; ++i) sleep_a_second();
  });
  bool all_well = true;
  const double parallel = seconds([&] {
    std::vector<tine::Process> processes;
    for (int i = 0; i < 4; ++i) processes.emplace_back(sleep_a_second).start();
    for (tine::Process& p : processes) {
      p.join();
      all_well &= p.exitcode() == 0;
    }
  });
  std::printf("serially: %.4f s\n", serial);
  std::printf("in four processes: %.4f s, %.1f ms over a second\n", parallel, 1e3 * (parallel - 1));
  return all_well ? 0 : 1;
}
