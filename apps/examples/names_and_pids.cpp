// Who is who: names and numbers of the main process and of one that it starts.
#include <cstdio>

#include <tine/tine.hpp>

namespace {

void introduce(const char* who) {
  const tine::ProcessInfo self = tine::current_process();
  std::printf("%s: name %s, pid %d", who, self.name.c_str(), self.pid);
  if (const auto parent = tine::parent_process())
    std::printf("; parent: name %s, pid %d", parent->name.c_str(), parent->pid);
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace

int main() {
  introduce("main process");
  tine::Process unnamed(introduce, "sub-process");
  unnamed.start();
  unnamed.join();
  tine::Process named({.name = "reader"}, introduce, "sub-process");
  named.start();
  named.join();
  std::printf("main process: started %d and %d\n", *unnamed.pid(), *named.pid());
  return unnamed.exitcode() == 0 && named.exitcode() == 0 ? 0 : 1;
}
