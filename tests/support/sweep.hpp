// Kills a process at every instruction boundary of a call: after the first instruction, in the next
// round after the second, and so on until the call returns.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <memory_resource>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/child.hpp"
#include "support/stepper.hpp"
#include "sync/role.hpp"
#include "toolbox/context.hpp"

namespace tine_test {

// Sanitizers execute many times more instructions; then one in so many has to do, and those beside
// a change of state. And their allocators go another way now and then.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::size_t stride = 61;
inline constexpr bool same_way = false;
#else
inline constexpr std::size_t stride = 1;
inline constexpr bool same_way = true;
#endif

/// How far the process is.
enum Stage { waiting, told_to_go, in_call, returned };
inline std::atomic<int>& stage() {
  static auto* const shared =
      new (mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
          std::atomic<int>{};
  return *shared;
}

/// One party of the context that is a child of this process, one after the other.
class Party {
 public:
  Party() {
    parties_.take(1, [](std::size_t offset, std::size_t bytes) {
      const int file = tine::detail::Context::existing()->descriptor();
      return fallocate(file, 0, static_cast<off_t>(offset), static_cast<off_t>(bytes)) == 0 ? 0
                                                                                            : errno;
    });
  }
  ~Party() { parties_.release(); }
  Party(const Party&) = delete;

  unsigned party() const { return parties_.first(); }

  /// Runs `first` and then `call` in the party, lets `play` do with that what it likes, and kills
  /// it.
  void run(const std::function<void()>& first, const std::function<void()>& call,
           const std::function<void(Stepper&)>& play) {
    const pid_t pid = start(first, call);
    Stepper stepper(pid);
    stage() = told_to_go;
    EXPECT_TRUE(stepper.step_until([] { return stage() == in_call; }));
    play(stepper);
    EXPECT_FALSE(stepper.ended());
    stepper.kill();
  }
  /// Runs `call` in the party, which dies at its end.
  void die_after(const std::function<void()>& call) {
    const pid_t pid = start([] {},
                            [&] {
                              call();
                              raise(SIGKILL);
                            });
    stage() = told_to_go;
    EXPECT_EQ(end_of(pid), 1000 + SIGKILL);
  }
  void repair() { parties_.repair(); }

 private:
  pid_t start(const std::function<void()>& first, const std::function<void()>& call) {
    auto& context = *tine::detail::Context::existing();
    context.begin_party(party());
    stage() = waiting;
    const tine::detail::Context::Fork with_context;
    const pid_t pid = fork();
    if (pid != 0) return pid;
    tine::detail::process_role = tine::detail::Role::worker;
    context.enter(party());
    first();
    while (stage() != told_to_go) usleep(100);
    stage() = in_call;
    call();
    stage() = returned;
    for (;;) pause();
  }

  tine::detail::Parties parties_;
};

/// `Scene` is a Party with what it works on; a new one is set for each instruction.
template <class Scene>
struct Sweep {
  std::function<std::unique_ptr<Scene>()> set;
  std::function<void(Scene&)> first = [](Scene&) {};  // in the party, before the call
  std::function<void(Scene&)> call;
  std::function<std::string(Scene&)> look;                      // the state of the dead
  std::function<void(Scene&, const std::string& state)> check;  // after the repair
  std::set<std::string> expected;                               // all states that must be met
  int most_visits = INT_MAX;                                    // of an instruction in a loop
};

template <class Scene>
void sweep(const Sweep<Scene>& s) {
  // What is noted here must not change the heap that each victim inherits, or it would go another
  // way.
  std::vector<std::byte> notes(std::size_t{16} << 20);
  std::pmr::monotonic_buffer_resource memory(notes.data(), notes.size());
  std::pmr::vector<std::uintptr_t> path(&memory);
  std::pmr::vector<std::size_t> checkpoint(&memory), places(&memory);
  std::pmr::map<std::uintptr_t, int> visits(&memory);
  std::pmr::map<std::pmr::string, long> deaths(&memory);
  Scene* current = nullptr;
  const std::function<void()> first = [&] { s.first(*current); };
  const std::function<void()> body = [&] { s.call(*current); };  // one piece of code for all
  auto round = [&](const std::function<void(Scene&, Stepper&)>& play) {
    alarm(60);
    const auto scene = s.set();
    current = scene.get();
    scene->run(first, body, [&](Stepper& victim) { play(*scene, victim); });
    const std::string state = s.look(*scene);
    scene->repair();
    s.check(*scene, state);
    return state;
  };
  round([](Scene&, Stepper&) {});  // for the heap's sake
  // Once through, to know the way. To step to the n-th instruction each time would take too long,
  // so from then on the victim runs to the last one before it that it comes to for the first time.
  round([&](Scene& scene, Stepper& victim) {
    std::string before = s.look(scene);
    do {
      const std::uintptr_t at = victim.next_instruction();
      const int visit = ++visits[at];
      checkpoint.push_back(visit == 1 ? path.size() : checkpoint.back());
      const std::string now = same_way ? before : s.look(scene);
      const bool changed = now != before;
      before = now;
      if (changed || (visit <= s.most_visits && path.size() % stride == 0))
        places.push_back(path.size());
      path.push_back(at);
    } while (stage() != returned && victim.step());
    if (places.back() != path.size() - 1) places.push_back(path.size() - 1);
  });
  for (const std::size_t n : places) {
    const std::string state = round([&](Scene&, Stepper& victim) {
      const bool there = victim.run_to(path[checkpoint[n]], [] { return stage() == returned; });
      for (std::size_t i = checkpoint[n]; there && i < n && stage() != returned; ++i) victim.step();
      if (same_way) {
        EXPECT_EQ(victim.next_instruction(), path[n]) << "it went another way";
      }
    });
    ++deaths[std::pmr::string(state, &memory)];
    if (::testing::Test::HasFailure()) {
      ADD_FAILURE() << "killed after " << n << " instructions, when it was " << state;
      break;
    }
  }
  std::set<std::string> seen;
  for (const auto& [state, count] : deaths) {
    seen.emplace(state);
    ::testing::Test::RecordProperty(std::string(state), static_cast<int>(count));
    printf("  %5ld deaths %s\n", count, state.c_str());
  }
  EXPECT_EQ(seen, s.expected);
}

}  // namespace tine_test
