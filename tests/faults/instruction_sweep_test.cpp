// A worker is killed at every instruction boundary of the protocol: once after the first instruction
// of a job, in the next job after the second, and so on until it has parked. After each death the
// job has to end with the same bits. The ledger tells in which state of the protocol a death fell,
// and all states must have been hit.
//
// To step to the n-th instruction each time would take hours. So the job is first stepped through
// once, and each instruction's address noted; from then on the victim runs at full speed to the last
// instruction before the n-th that it comes to for the first, second, third or fourth time, and is
// stepped from there.
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <tine/spmd.hpp>
#include <tine/tine.hpp>

#include "process/control.hpp"
#include "support/fixture.hpp"
#include "support/stepper.hpp"
#include "support/workload.hpp"

namespace {

using tine::detail::Control;
using tine::detail::load;
using tine::detail::SliceState;
using tine::detail::Slot;
using tine_test::mixed;
using tine_test::Stepper;

// Sanitizers execute many times more instructions; then one in so many has to do, and those beside
// a change of state.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t most_deaths = 150;
#else
constexpr std::size_t most_deaths = 100'000;
#endif

/// How far a worker has come in a job when it dies.
enum State {
  woken,      // in no job yet
  unclaimed,  // in the job, with no slice
  claimed,    // with no undo copy, or with half of one
  saved,      // the undo copy is whole; after a death: the original is being put back
  before_kernel,
  in_kernel,
  after_kernel,
  before_barrier,
  arrived,
  opened,
  done,  // a slice at least
  parked,
};
constexpr const char* state_names[] = {"woken",
                                       "unclaimed",
                                       "claimed",
                                       "undo copy whole",
                                       "before the kernel",
                                       "in the kernel",
                                       "after the kernel",
                                       "before barrier",
                                       "arrived",
                                       "barrier open",
                                       "slice done",
                                       "parked"};

enum class Scene {
  alone,             // the other worker, if there is one, is held until the victim is dead
  last_at_barrier,   // the other one is held in the barrier, where it waits for the victim
  first_at_barrier,  // the other one is held until the victim is dead, and waited for
  after_a_death,     // the victim replaces a worker that died in a kernel
};

/// Where a new worker waits to be taken hold of.
struct Gate {
  enum : int { open, closed, somebody_waits };
  std::atomic<int> state;
  void pass() {
    int expected = closed;
    if (!state.compare_exchange_strong(expected, somebody_waits)) return;
    while (state.load() == somebody_waits) usleep(100);
  }
};
Gate& gate() {
  static Gate* const shared =
      new (mmap(nullptr, sizeof(Gate), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
          Gate{};
  return *shared;
}

constexpr std::size_t slice_length = 2;

/// What kernels say about themselves, where the tracer sees it.
struct Stages {
  tine::View<std::uint32_t> of;  // one per slice: 0: not begun, 1: in the kernel, 2: at its end
  void set(std::size_t slice, std::uint32_t stage) const {
    std::atomic_ref(of[slice]).store(stage);
  }
};

/// Input that differs from job to job: what an earlier one left behind would not go unseen.
void fill(tine::Array<std::uint64_t>& x) {
  static std::uint64_t next = 1;
  std::iota(x.begin(), x.end(), next);
  next += x.size();
}

/// A pool whose last worker is the victim. Its jobs have one slice per worker; the victim does all of
/// them if it lives.
class Sweep {
 public:
  explicit Sweep(unsigned workers)
      : pool_({.workers = workers}),
        control_(*reinterpret_cast<Control*>(pool_.arena()->control())),
        victim_(workers - 1),
        stages_(pool_.array<std::uint32_t>(workers)),
        deaths_in_kernel_(pool_.array<std::uint32_t>(1)) {}

  /// Runs a job and checks its result.
  using Job = std::function<tine::Report(const tine::Policy&)>;

  /// Kills the victim everywhere in the job, and checks that all states were hit.
  void operator()(const std::string& name, Scene scene, const Job& job,
                  const std::set<State>& expected);

  tine::Pool& pool() { return pool_; }
  Stages stages() { return {stages_.view()}; }
  /// For the kernel of Scene::after_a_death: ends its worker when it is to.
  auto first_death() {
    return [slice = std::size_t{victim_}, left = deaths_in_kernel_.view()](std::size_t index) {
      if (index == slice && std::atomic_ref(left[0]).exchange(0) != 0) raise(SIGKILL);
    };
  }

 private:
  struct Instruction {
    std::uintptr_t address;  // of the one that comes next
    State state;
    int visit;               // how often it has come to this address
    std::size_t checkpoint;  // the last one before it, or itself, that can be run to
  };

  void round(const std::function<void(Stepper&)>& play);
  void record(Stepper& victim);
  bool go_to(Stepper& victim, std::size_t n);
  std::vector<std::size_t> places() const;
  State state() const;
  bool far_enough(State now) const;
  Slot& slot() const { return control_.slots()[victim_]; }

  tine::Pool pool_;
  Control& control_;
  unsigned victim_;
  tine::Array<std::uint32_t> stages_, deaths_in_kernel_;

  Scene scene_ = Scene::alone;
  Job job_;
  std::vector<Instruction> path_;  // from the moment when the victim says that it is in the job
  std::atomic<bool> job_over_ = false;
};

State Sweep::state() const {
  const Slot& s = slot();
  if (s.active.load() == 0) return path_.empty() ? woken : parked;
  const tine::detail::JobDescriptor& job = control_.job;
  bool any_done = false;
  for (std::size_t i = 0; i < job.slices; ++i) {
    const auto word = load(job.ledger[i]);
    if (word.slot != victim_ ||
        word.incarnation != job.incarnation_base + 1 + control_.occupants()[victim_].spawn.load())
      continue;
    any_done = any_done || word.state == SliceState::done;
    if (word.state == SliceState::claimed)
      return job.has_inout && s.undo_slice.load() == i ? saved : claimed;
    if (word.state == SliceState::running) {
      const std::uint32_t stage = std::atomic_ref(stages_.data()[i]).load();
      if (stage != 1) return stage == 0 ? before_kernel : after_kernel;
      if (!job.spmd) return in_kernel;
      if (control_.board().barrier.phase.load() != 0) return opened;
      return s.arrived.load() != 0 ? arrived : before_barrier;
    }
  }
  return any_done ? done : unclaimed;
}

// Runs the job, while `play` does with the victim what it likes.
void Sweep::round(const std::function<void(Stepper&)>& play) {
  alarm(60);
  const tine::Policy fixed{.schedule = tine::Schedule::fixed};
  job_(fixed);  // brings all workers here, and to where they wait
  std::fill(stages_.begin(), stages_.end(), 0);
  const bool dies_before = scene_ == Scene::after_a_death;
  deaths_in_kernel_[0] = dies_before;
  job_over_ = false;

  std::promise<void> ready;
  std::thread tracer([&] {
    bool told = false;
    try {
      std::vector<std::unique_ptr<Stepper>> held;
      auto hold = [&](unsigned index) -> Stepper& {
        held.push_back(std::make_unique<Stepper>(pool_.worker_pids()[index]));
        return *held.back();
      };
      const bool two = victim_ != 0;
      const unsigned other = 1 - victim_;
      if (dies_before) {
        gate().state = Gate::closed;
        ready.set_value();
        told = true;
        while ((gate().state != Gate::somebody_waits || control_.occupants()[victim_].pid == 0) &&
               !job_over_)
          usleep(20);
        Stepper& victim = hold(victim_);
        stages_[victim_] = 0;  // the dead one's
        gate().state = Gate::open;
        play(victim);
      } else {
        if (two && scene_ != Scene::last_at_barrier) hold(other);
        Stepper& victim = hold(victim_);
        const std::uint32_t bell = control_.bell.load();
        ready.set_value();
        told = true;
        while (control_.bell.load() == bell) usleep(10);
        if (two && scene_ == Scene::last_at_barrier) {
          while (control_.slots()[other].arrived.load() == 0) usleep(10);
          hold(other);
        }
        play(victim);
      }
    } catch (const std::exception& e) {
      ADD_FAILURE() << e.what();
      gate().state = Gate::open;
      if (!told) ready.set_value();
    }
  });
  ready.get_future().wait();
  const tine::Report report = job_(dies_before ? fixed : tine::Policy{});
  job_over_ = true;
  tracer.join();
  EXPECT_LE(report.faults.size(), dies_before ? 2u : 1u) << report.to_string();
}

// Whether there is nothing more to be hit.
bool Sweep::far_enough(State now) const {
  const std::size_t since = path_.size();
  auto for_instructions = [&](State state, std::size_t n) {
    return now == state && since >= n && path_[since - n].state == state;
  };
  if (scene_ == Scene::after_a_death) return now == in_kernel;
  // It goes round in circles from here.
  if (scene_ == Scene::first_at_barrier) return for_instructions(arrived, 60);
  return for_instructions(parked, 40) || (now == parked && slot().asleep.load() != 0);
}

void Sweep::record(Stepper& victim) {
  path_.clear();
  victim.step_until([&] { return state() != woken; });
  std::unordered_map<std::uintptr_t, int> visits;
  victim.step_until([&] {
    const std::size_t n = path_.size();
    const std::uintptr_t address = victim.next_instruction();
    const int visit = ++visits[address];
    path_.push_back({address, state(), visit, visit <= 4 ? n : path_.back().checkpoint});
    return far_enough(path_.back().state);
  });
}

// Whether it has come to the n-th instruction of the path.
bool Sweep::go_to(Stepper& victim, std::size_t n) {
  // It may have gone another way, round this place. When the other worker is held, the job then waits
  // for it, and is not over before the victim is dead.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  auto over = [&] { return job_over_ || std::chrono::steady_clock::now() > until; };
  if (!victim.run_to(path_[0].address, over)) return false;
  const std::size_t checkpoint = path_[n].checkpoint;
  for (int visit = 1; visit <= path_[checkpoint].visit; ++visit) {
    if (visit > 1 && !victim.step()) return false;
    if (!victim.run_to(path_[checkpoint].address, over)) return false;
  }
  for (std::size_t i = checkpoint; i < n; ++i)
    if (!victim.step()) return false;
  return victim.next_instruction() == path_[n].address;
}

// The instructions of the path before which the victim is to die.
std::vector<std::size_t> Sweep::places() const {
  const std::size_t stride = path_.size() / most_deaths + 1;
  std::vector<std::size_t> result;
  for (std::size_t n = 0; n < path_.size(); ++n) {
    const bool first = n > 0 && path_[n].state != path_[n - 1].state;
    const bool last = n + 1 < path_.size() && path_[n].state != path_[n + 1].state;
    if (n % stride == 0 || first || last) result.push_back(n);
  }
  return result;
}

void Sweep::operator()(const std::string& name, Scene scene, const Job& job,
                       const std::set<State>& expected) {
  scene_ = scene;
  job_ = job;
  // Idle workers would keep the CPU that tracer and victim share. In a barrier it is the other way
  // round: a victim that sleeps there would hold up the tracer.
  control_.may_spin = scene == Scene::first_at_barrier;
  path_.clear();
  std::map<State, long> deaths;
  long astray = 0;
  std::size_t hit = 0;
  auto failed = [] { return ::testing::Test::HasFailure(); };

  // Before it says that it is in the job.
  bool in_job = scene == Scene::after_a_death;
  for (long n = 0; !in_job && !failed(); ++n)
    round([&](Stepper& victim) {
      victim.step_until([&] { return victim.steps() == n || state() != woken; });
      in_job = state() != woken;
      ++deaths[state()];
      victim.kill();
    });
  if (failed()) return;
  // The shortest of some paths: a page fault or a change of CPU makes detours, hardly to be met again.
  std::vector<Instruction> shortest;
  for (int i = 0; i < 5 && !failed(); ++i) {
    round([&](Stepper& victim) { record(victim); });
    if (i == 0 || path_.size() < shortest.size()) shortest = path_;
  }
  if (failed()) return;
  path_ = shortest;

  const auto all = places();
  for (const std::size_t n : all) {
    // The path may differ by a loop of clock_gettime() or a visit of the kernel.
    bool there = false;
    for (int attempt = 0; attempt < 3 && !there; ++attempt) {
      round([&](Stepper& victim) {
        there = go_to(victim, n);
        if (!victim.ended()) ++deaths[state()];
        victim.kill();
      });
      astray += !there;
      if (failed()) {
        ADD_FAILURE() << name << ": after a death before instruction " << n << " of "
                      << path_.size() << ", " << state_names[path_[n].state];
        return;
      }
    }
    hit += there;
  }

  std::string text;
  for (const auto& [state, n] : deaths)
    text += std::string(", ") + state_names[state] + " " + std::to_string(n);
  printf("%s, %u workers: deaths at %zu of %zu instructions (%ld elsewhere)%s\n", name.c_str(),
         victim_ + 1, hit, path_.size(), astray, text.c_str());
  EXPECT_GE(hit * 10, all.size() * 9) << name << ": the path is another one each time";
  for (const State state : expected)
    EXPECT_GT(deaths[state], 0) << name << ": no death " << state_names[state];
}

const std::set<State> ordinary = {woken,     unclaimed,    claimed, before_kernel,
                                  in_kernel, after_kernel, done,    parked};
std::set<State> with(std::set<State> states, State one) {
  states.insert(one);
  return states;
}

class InstructionSweep : public tine_test::NothingLeftBehind,
                         public ::testing::WithParamInterface<unsigned> {
 protected:
  InstructionSweep() { alarm(60); }  // and again in each round
};
INSTANTIATE_TEST_SUITE_P(Workers, InstructionSweep, ::testing::Values(1u, 2u));

TEST_P(InstructionSweep, of_a_job_that_writes_an_array) {
  Sweep sweep(GetParam());
  tine::Pool& pool = sweep.pool();
  const std::size_t length = GetParam() * slice_length;
  auto x = pool.array<std::uint64_t>(length);
  sweep(
      "out", Scene::alone,
      [&](const tine::Policy& policy) {
        fill(x);
        auto y = pool.array<std::uint64_t>(length);  // where another array was before
        const auto report = tine::for_each_slice(
            pool.with(policy), tine::slices(length, slice_length),
            [stages = sweep.stages()](const tine::Slice& s, std::span<const std::uint64_t> in,
                                      std::span<std::uint64_t> out) {
              stages.set(s.index, 1);
              // Right only when the slice begins with zeros.
              for (std::size_t i = 0; i < in.size(); ++i) out[i] += mixed(in[i]);
              stages.set(s.index, 2);
            },
            tine::in(x), tine::out(y));
        for (std::size_t i = 0; i < length; ++i) EXPECT_EQ(y[i], mixed(x[i]));
        return report;
      },
      ordinary);
}

TEST_P(InstructionSweep, of_a_job_that_changes_an_array) {
  Sweep sweep(GetParam());
  tine::Pool& pool = sweep.pool();
  const std::size_t length = GetParam() * slice_length;
  auto x = pool.array<std::uint64_t>(length);
  const Sweep::Job job = [&](const tine::Policy& policy) {
    fill(x);
    const std::vector<std::uint64_t> before(x.begin(), x.end());
    const auto report = tine::for_each_slice(
        pool.with(policy), tine::slices(length, slice_length),
        [stages = sweep.stages(), die = sweep.first_death()](const tine::Slice& s,
                                                             std::span<std::uint64_t> part) {
          stages.set(s.index, 1);
          part[0] = mixed(part[0]);
          die(s.index);
          part[1] = mixed(part[1]);
          stages.set(s.index, 2);
        },
        tine::inout(x));
    for (std::size_t i = 0; i < length; ++i) EXPECT_EQ(x[i], mixed(before[i]));
    return report;
  };
  sweep("inout", Scene::alone, job, with(ordinary, saved));
  sweep("inout, second death", Scene::after_a_death, job, {unclaimed, saved, before_kernel});
}

TEST_P(InstructionSweep, of_a_reduction) {
  Sweep sweep(GetParam());
  tine::Pool& pool = sweep.pool();
  const std::size_t length = GetParam() * slice_length;
  auto x = pool.array<std::uint64_t>(length);
  sweep(
      "reduce", Scene::alone,
      [&](const tine::Policy& policy) {
        fill(x);
        std::uint64_t expected = 7;
        for (const std::uint64_t v : x) expected += mixed(v);
        tine::Report report;
        tine::Policy with_report = policy;
        with_report.report = &report;
        const std::uint64_t result = tine::reduce_slices(
            pool.with(with_report), tine::slices(length, slice_length), std::uint64_t{7},
            std::plus<>{},
            [stages = sweep.stages()](const tine::Slice& s, std::span<const std::uint64_t> in) {
              stages.set(s.index, 1);
              const std::uint64_t sum = mixed(in[0]) + mixed(in[1]);
              stages.set(s.index, 2);
              return sum;
            },
            tine::in(x));
        EXPECT_EQ(result, expected);
        return report;
      },
      ordinary);
}

TEST_P(InstructionSweep, of_tasks_that_wait_for_each_other) {
  Sweep sweep(GetParam());
  tine::Pool& pool = sweep.pool();
  const std::size_t length = GetParam() * slice_length;
  auto x = pool.array<std::uint64_t>(length);
  tine::TaskGraph<std::size_t> graph;
  const auto block = [&](std::size_t task) {
    return x.view().part(0, task * slice_length, slice_length);
  };
  graph.add(0, tine::inout(block(0)));
  for (std::size_t i = 1; i < GetParam(); ++i)
    graph.add(i, tine::in(block(i - 1)), tine::inout(block(i)));
  const Sweep::Job job = [&](const tine::Policy& policy) {
    // No task is for one worker only: one that was killed comes back for this.
    if (policy.schedule == tine::Schedule::fixed)
      tine::for_each_slice(pool.with(policy), tine::slices(GetParam(), 1), [](tine::Slice) {});
    fill(x);
    std::vector<std::uint64_t> expected(x.begin(), x.end());
    const auto next = [](std::size_t i, auto& all) {
      return mixed(all[i]) + (i < slice_length ? 0 : all[i - slice_length]);
    };
    for (std::size_t i = 0; i < length; ++i) expected[i] = next(i, expected);
    const auto report = tine::run(
        pool.with(policy), graph,
        [stages = sweep.stages(), die = sweep.first_death(), next](
            std::size_t task, const tine::View<std::uint64_t>& all) {
          stages.set(task, 1);
          const std::size_t first = task * slice_length;
          all[first] = next(first, all);
          die(task);
          all[first + 1] = next(first + 1, all);
          stages.set(task, 2);
        },
        tine::inout(x));
    EXPECT_EQ(std::vector<std::uint64_t>(x.begin(), x.end()), expected);
    return report;
  };
  sweep("graph", Scene::alone, job, with(ordinary, saved));
}

TEST_P(InstructionSweep, of_a_barrier) {
  Sweep sweep(GetParam());
  tine::Pool& pool = sweep.pool();
  auto x = pool.array<std::uint64_t>(GetParam()), y = pool.array<std::uint64_t>(GetParam());
  const Sweep::Job job = [&](const tine::Policy& policy) {
    std::fill(x.begin(), x.end(), 0);
    std::fill(y.begin(), y.end(), 0);
    tine::Report report;
    try {
      report = tine::spmd(pool.with(policy),
                          [stages = sweep.stages(), x = x.view(), y = y.view()](tine::Team team) {
                            stages.set(team.rank(), 1);
                            x[team.rank()] = team.rank() + 1;
                            team.barrier();
                            std::uint64_t sum = 0;
                            for (unsigned i = 0; i < team.size(); ++i) sum += x[i];
                            y[team.rank()] = sum;
                            stages.set(team.rank(), 2);
                          });
      for (unsigned i = 0; i < GetParam(); ++i) EXPECT_EQ(y[i], GetParam() * (GetParam() + 1) / 2);
    } catch (const tine::BrokenBarrier& broken) {
      report = broken.report();
      EXPECT_EQ(report.faults.size(), 1u) << "somebody died of it";
    }
    return report;
  };
  sweep("barrier", Scene::last_at_barrier, job,
        {woken, unclaimed, claimed, before_kernel, before_barrier, arrived, opened, after_kernel,
         done, parked});
  if (GetParam() == 2)
    sweep("barrier, first to come", Scene::first_at_barrier, job,
          {woken, unclaimed, claimed, before_kernel, before_barrier, arrived});
}

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  gate();
  tine::on_worker_start([] { gate().pass(); });
  return RUN_ALL_TESTS();
}
