// Starts a process and waits for it; then another one without waiting.
#include <chrono>
#include <cstdio>
#include <thread>

#include <tine/tine.hpp>

namespace {

void say(const char* line) {
  std::puts(line);
  std::fflush(stdout);  // in the order in which both processes say it, wherever it goes
}

void work() {
  say("  sub-process: begins");
  std::this_thread::sleep_for(std::chrono::seconds(1));
  say("  sub-process: ends");
}

}  // namespace

int main() {
  say("with join");
  tine::Process first(work);
  first.start();
  first.join();
  say("main process: goes on after the sub-process");

  say("without join");
  tine::Process second(work);
  second.start();
  say("main process: goes on at once");
  // It is joined at the end of the program all the same.
  return first.exitcode() == 0 ? 0 : 1;
}
