#include <tine/pool.hpp>

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "process/descriptors.hpp"
#include "process/pool_state.hpp"
#include "process/supervisor.hpp"
#include "sync/clock.hpp"
#include "sync/role.hpp"
#include "sync/system.hpp"

namespace tine::detail {

namespace {

bool has_other_threads() {
  DIR* tasks = opendir("/proc/self/task");
  if (tasks == nullptr) return false;
  int count = 0;
  while (const dirent* entry = readdir(tasks)) count += entry->d_name[0] != '.';
  closedir(tasks);
  return count > 1;
}

}  // namespace

PoolState::PoolState(const PoolOptions& options, const TaskService& tasks,
                     const std::function<void()>* initializer)
    : options_(options), tasks_(tasks), initializer_(initializer), owner_(getpid()) {
  if (in_worker())
    throw NestedParallelism(
        "tine: a worker cannot make a pool; make all pools in the master, and run nested work as "
        "more slices of one job");
  workers_ = options.workers != 0 ? options.workers : cpu_count();
  if (workers_ > max_slots)
    throw InvalidArgument("tine: a pool has at most " + std::to_string(max_slots) +
                          " workers, not " + std::to_string(workers_));
  const char* serial = getenv("TINE_SERIAL");
  serial_ = serial != nullptr && strcmp(serial, "0") != 0 && *serial != '\0';
  Arena::Options layout;
  layout.reserve = options.reserve;
  layout.huge_pages = options.huge_pages;
  layout.control = Control::bytes(workers_);
  arena_ = std::make_shared<Arena>(layout);
  control_ = reinterpret_cast<Control*>(arena_->control());
  if (serial_) {
    warnings_.push_back("TINE_SERIAL is set: kernels run in the master, one after another");
    workers_ = 1;
    control_->workers = 1;
    code_ = LoadedCode::now();
  } else {
    start();
  }
}

PoolState::~PoolState() {
  if (!serial_) stop();
}

void PoolState::start() {
  const unsigned cpus = cpu_count();
  control_->workers = workers_;
  control_->may_spin = workers_ <= cpus;
  control_->memory_per_worker = options_.memory_per_worker;
  control_->recycle_above = options_.recycle_above;
  control_->protect = options_.protect;
  control_->tasks = tasks_;
  spare_cpus_ = workers_ < cpus;
  threaded_ = has_other_threads();
  if (threaded_)
    warnings_.push_back(
        "the pool was made while the program had other threads: a lock that one of them held is "
        "locked for ever in the workers, and a kernel that asks OpenMP for more than one thread "
        "(num_threads) hangs there, so slices have a deadline of 60 s unless the policy says "
        "otherwise; make pools before threads");

  int exec_pipe[2] = {-1, -1}, alive_pipe[2] = {-1, -1}, self = -1;
  Descriptors& descriptors = Descriptors::of_this_process();
  std::unique_lock lock = descriptors.lock();
  auto fail = [&](const char* what) {
    const std::string why = strerror(errno);
    parties_.release();
    close_each({&exec_pipe[0], &exec_pipe[1], &alive_pipe[0], &alive_pipe[1], &self, &event_});
    throw PoolError(std::string("tine: could not make a pool: ") + what + ": " + why +
                    "; look at the limits on processes and open files (ulimit -u, ulimit -n)");
  };
  if (sys::pipe(exec_pipe) != 0 || sys::pipe(alive_pipe) != 0) fail("pipe");
  if ((event_ = sys::eventfd()) < 0) fail("eventfd");
  if ((self = sys::pidfd_open(owner_)) < 0) fail("pidfd_open");

  code_ = LoadedCode::now();
  parties_.take(workers_, [this](auto offset, auto bytes) { return commit(true, offset, bytes); });
  const Inherited inherited{{owner_, self, event_, exec_pipe[0], alive_pipe[1]},
                            control_,
                            arena_.get(),
                            parties_.first(),
                            options_.worker_start,
                            initializer_};
  arena_->inherit_in_children(true);
  fflush(nullptr);  // or what is buffered now would be written once more by each process
  std::optional<Context::Fork> with_context(std::in_place);
  std::unique_lock ranges = SharedRange::lock_all();
  supervisor_ = sys::fork();
  if (supervisor_ == 0) {
    close(exec_pipe[1]);
    close(alive_pipe[0]);
    descriptors.close_all();
    const Context* context = Context::existing();
    SharedRange::close_files_of(
        owner_, {arena_->descriptor(), context != nullptr ? context->descriptor() : -1});
    supervisor_main(inherited);
  }
  ranges.unlock();
  with_context.reset();
  arena_->inherit_in_children(false);
  if (supervisor_ < 0) {
    supervisor_ = 0;
    fail("fork");
  }
  close_each({&exec_pipe[0], &alive_pipe[1], &self});
  exec_pipe_ = exec_pipe[1];
  alive_pipe_ = alive_pipe[0];
  supervisor_pidfd_ = sys::pidfd_open(supervisor_);
  if (supervisor_pidfd_ < 0) {
    const std::string why = strerror(errno);
    kill(supervisor_, SIGKILL);
    waitpid(supervisor_, nullptr, 0);
    supervisor_ = 0;
    parties_.release();
    close_each({&exec_pipe_, &alive_pipe_, &event_});
    throw PoolError("tine: could not make a pool: pidfd_open: " + why);
  }
  descriptors.add({exec_pipe_, alive_pipe_, event_, supervisor_pidfd_});
  lock.unlock();

  while (control_->started.load() == 0) {
    sys::futex_wait(control_->started, 0, 100 * ms);
    if (control_->started.load() == 0 && supervisor_lost()) {
      stop();
      throw PoolError("tine: could not make a pool: its supervisor died at once");
    }
  }
  const unsigned alive = control_->alive.load();
  const int error = control_->fork_error.load();
  if (alive == 0 && error != 0) {
    stop();
    throw PoolError(std::string("tine: could not make a pool: no worker could be forked: ") +
                    strerror(error) + "; look at the limit on processes (ulimit -u, pids.max)");
  }
  if (error != 0)
    warnings_.push_back("only " + std::to_string(alive) + " of " + std::to_string(workers_) +
                        " workers could be forked: " + strerror(error));
  arena_->set_commit(
      [this](std::size_t offset, std::size_t bytes) { return commit(false, offset, bytes); });
}

void PoolState::end(Shutdown how) noexcept {
  arena_->set_commit({});
  const bool ours =
      Descriptors::of_this_process().remove({exec_pipe_, alive_pipe_, event_, supervisor_pidfd_});
  // A child that the application forked has a copy of us, and no arena: the pool is not its own.
  if (getpid() == owner_ && supervisor_ != 0) {
    control_->shutdown.store(static_cast<std::uint32_t>(how));
    order();
    pollfd end{supervisor_pidfd_, POLLIN, 0};
    int ready;
    do ready = poll(&end, 1, 3000);
    while (ready < 0 && errno == EINTR);
    if (ready == 0)  // its workers die with it
      syscall(SYS_pidfd_send_signal, supervisor_pidfd_, SIGKILL, nullptr, 0);
    siginfo_t info;
    // The application may have taken the status: then there is nothing to wait for.
    int tries = 0;
    while (sys::waitid(P_PIDFD, static_cast<id_t>(supervisor_pidfd_), &info, WEXITED) != 0 &&
           errno != ECHILD && ++tries < 3) {
    }
    await_all_dead();
  }
  parties_.release();
  supervisor_ = 0;
  if (ours) close_each({&exec_pipe_, &alive_pipe_, &event_, &supervisor_pidfd_});
}

void PoolState::refresh() {
  if (getpid() != owner_) throw PoolError("tine: this pool belongs to the process that made it");
  if (posting_.load() == std::this_thread::get_id())
    throw NestedParallelism("tine: a progress callback cannot refresh the pool it is told of");
  std::lock_guard lock(jobs_);
  if (serial_) {
    code_ = LoadedCode::now();
    return;
  }
  stop();
  // Nobody else maps the control zone now. Counters that make incarnations unique go on.
  const std::uint64_t spawns = control_->spawns.load();
  memset(static_cast<void*>(control_), 0, Control::bytes(workers_));
  control_->spawns.store(spawns);
  warnings_.clear();
  start();
}

std::vector<int> PoolState::worker_pids() const {
  std::vector<int> pids;
  if (serial_) return pids;
  for (unsigned i = 0; i < workers_; ++i) pids.push_back(control_->occupants()[i].pid.load());
  return pids;
}

void PoolState::order() const noexcept {
  const std::uint64_t one = 1;
  // It also looks at them whenever it hears of a child.
  if (sys::write(event_, &one, sizeof one) < 0)
    syscall(SYS_pidfd_send_signal, supervisor_pidfd_, SIGCHLD, nullptr, 0);
}

bool PoolState::supervisor_lost() const {
  return sys::process_ended(supervisor_pidfd_);
}

void PoolState::await_all_dead() {
  pollfd end{alive_pipe_, POLLIN, 0};
  int ready;
  do ready = poll(&end, 1, 1000);
  while (ready < 0 && errno == EINTR);
  if (ready > 0)
    parties_.repair();
  else
    parties_.abandon();
}

void PoolState::throw_lost() {
  throw SupervisorLost(
      "tine: the pool's supervisor process is gone: somebody killed it. Arrays are intact; "
      "pool.refresh() starts the pool again");
}

int PoolState::commit(bool context, std::size_t offset, std::size_t bytes) {
  std::lock_guard lock(committing_);
  Control& c = *control_;
  c.commit_context.store(context);
  c.commit_offset.store(offset);
  c.commit_bytes.store(bytes);
  const std::uint32_t request = c.commit_request.load() + 1;
  c.commit_request.store(request);
  order();
  for (;;) {
    const std::uint32_t reply = c.commit_reply.load();
    if (reply == request) return c.commit_error.load();
    sys::futex_wait(c.commit_reply, reply, 100 * ms);
    if (c.commit_reply.load() != request && supervisor_lost()) throw_lost();
  }
}

}  // namespace tine::detail

namespace tine {

Pool::Pool(const PoolOptions& options) : state_(std::make_unique<detail::PoolState>(options)) {}
Pool::~Pool() = default;
Pool::Pool(Pool&&) noexcept = default;
Pool& Pool::operator=(Pool&&) noexcept = default;

unsigned Pool::workers() const noexcept {
  return state_->workers();
}
const std::shared_ptr<Arena>& Pool::arena() const noexcept {
  return state_->arena();
}
void Pool::refresh() {
  state_->refresh();
}
const std::vector<std::string>& Pool::warnings() const noexcept {
  return state_->warnings();
}
int Pool::supervisor_pid() const noexcept {
  return state_->supervisor_pid();
}
std::vector<int> Pool::worker_pids() const {
  return state_->worker_pids();
}

}  // namespace tine
