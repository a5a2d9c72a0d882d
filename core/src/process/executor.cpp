#include <sched.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include <tine/error.hpp>

#include "process/executor_state.hpp"
#include "process/task_exception.hpp"
#include "process/task_server.hpp"
#include "sync/clock.hpp"
#include "sync/role.hpp"
#include "toolbox/context.hpp"

namespace tine::detail {

namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

Context& context_for_executor() {
  if (in_worker())
    throw NestedParallelism(
        "tine: a worker cannot make an executor; make it in the master, and return from the task "
        "what is still to be submitted");
  return Context::make();
}

PoolOptions pool_options(const ExecutorOptions& o) {
  PoolOptions p;
  p.workers = o.workers ? static_cast<unsigned>(*o.workers) : 0;
  p.reserve = o.reserve;
  p.memory_per_worker = o.memory_per_worker;
  p.recycle_above = o.recycle_above;
  p.huge_pages = o.huge_pages;
  p.worker_start = o.worker_start;
  return p;
}

constexpr std::uint64_t cells_at_once = 4096;

ObjectId make_table(Context& context) {
  ObjectId id;
  context.make_object(ObjectKind::tasks, TaskTable::bytes_for(TaskTable::cells),
                      TaskTable::bytes_for(cells_at_once), id);
  return id;
}

std::exception_ptr written_over() {
  return std::make_exception_ptr(MemoryCorrupted(
      "tine: a task wrote over the memory in which tine keeps the executor's "
      "bookkeeping; what became of this task is not known. Look for a write beyond an "
      "array or through a stale pointer; AddressSanitizer finds it",
      Report{}));
}

}  // namespace

ExecutorState::ExecutorState(const ExecutorOptions& options)
    : attempts_(static_cast<unsigned>(options.attempts)),
      initializer_(options.initializer),
      own_callback_thread_(options.callback_thread),
      owner_(getpid()),
      context_(context_for_executor()),
      table_id_(make_table(context_)),
      table_(context_, context_.object(table_id_, ObjectKind::tasks)),
      timed_(options.task_timeout.count() != 0),
      committed_(cells_at_once) {
  table_.header().attempts.store(attempts_);
  const TaskService service{table_id_, options.task_timeout.count(),
                            static_cast<unsigned>(options.max_tasks_per_child.value_or(0))};
  try {
    pool_ = std::make_shared<PoolState>(pool_options(options), service, &initializer_);
  } catch (...) {
    context_.end_object(table_id_);
    throw;
  }
  workers_ = pool_->workers();
}

ExecutorState::~ExecutorState() {
  if (callback_thread_.joinable()) callback_thread_.detach();  // this is it
  pool_.reset();
  // A copy of it, in a fork of the application, has nothing to end.
  if (getpid() == owner_) context_.end_object(table_id_);
}

std::exception_ptr ExecutorState::broken_error() const {
  const TaskHeader& header = table_.header();
  const std::string type(header.type, strnlen(header.type, sizeof header.type));
  const std::string message(header.message, strnlen(header.message, sizeof header.message));
  if (static_cast<Broken>(header.broken.load()) == Broken::initializer)
    return std::make_exception_ptr(
        BrokenExecutor("tine: the executor's initializer threw " + type + ": " + message +
                       "; no task is run. Make a new executor when that is put right"));
  return std::make_exception_ptr(BrokenExecutor(
      "tine: the executor's workers died again and again without any task coming to its end (" +
      message + "); no more tasks are run. Look at the initializer, and at who kills processes"));
}

void ExecutorState::check(const Lock&) const {
  if (shut_down_)
    throw Closed("tine: the executor was shut down: nothing can be submitted any more");
  if (end_ != nullptr) std::rethrow_exception(end_);
  if (table_.header().broken.load() != 0) std::rethrow_exception(broken_error());
}

void ExecutorState::check() {
  if (in_worker())
    throw NestedParallelism(
        "tine: a task submitted a task, or used an executor; only the process that made the "
        "executor does. Return from the task what is still to be done, and submit it there");
  if (getpid() != owner_)
    throw PoolError(
        "tine: this executor belongs to the process that made it, and this is a fork of that one; "
        "make an executor of its own");
  Lock lock(mutex_);
  check(lock);
}

void ExecutorState::announce() {
  table_.header().over.fetch_add(1);
  table_.header().finished.notify(INT_MAX);
}

// A free cell, and the position that leads to it.
bool ExecutorState::find_cell(Lock& lock, std::uint64_t& position) {
  for (std::uint64_t p = tail_; p < tail_ + TaskTable::cells; ++p) {
    const std::uint64_t cell = p % TaskTable::cells;
    if (cell >= committed_) {
      const std::uint64_t more = std::min(committed_, TaskTable::cells - committed_);
      context_.commit(reinterpret_cast<std::byte*>(&table_.word(committed_)),
                      more * sizeof(std::uint64_t));
      committed_ += more;
    }
    if (cell >= by_cell_.size()) by_cell_.resize(std::min(committed_, 2 * cell + 64));
    if (by_cell_[cell] != nullptr) {
      const std::shared_ptr<Task> held = by_cell_[cell];
      if (!settle(lock, *held)) continue;
    }
    position = p;
    return true;
  }
  return false;
}

void ExecutorState::submit(Parcel& arguments, const std::shared_ptr<Task>& task) {
  Lock lock(mutex_);
  check(lock);
  std::uint64_t position = 0;
  while (!find_cell(lock, position)) {
    lock.unlock();
    const std::uint64_t seen = table_.header().over.load();
    wait(now_ns() + seconds, nullptr, [&] { return table_.header().over.load() != seen; });
    lock.lock();
    check(lock);
  }
  const auto cell = static_cast<std::uint32_t>(position % TaskTable::cells);
  const TaskWord free = table_.load(cell);
  task->executor_ = shared_from_this();
  task->cell_ = cell;
  task->generation_ = free.generation;
  task->arguments_ = arguments.release();
  by_cell_[cell] = task;
  ++unfinished_;
  table_.word(cell).store(
      TaskWord{TaskWord::State::pending, 0, 0, free.generation, task->arguments_}.pack());
  table_.header().tail.store(tail_ = position + 1);
  if (pool_->serial()) return run_here(lock, task);

  Control& control = pool_->control();
  control.master_cpu.store(sched_getcpu(), std::memory_order_relaxed);
  control.ring_for_task(table_.perhaps_pending());
  // Without this the supervisor sleeps while nobody dies.
  if (control.alive.load() < workers_ || (timed_ && control.watching.load() == 0)) pool_->order();
  // What is over is taken note of sooner or later, also when nobody asks for it.
  for (int i = 0; i < 2; ++i) {
    if (++swept_ >= by_cell_.size()) swept_ = 0;
    if (const std::shared_ptr<Task> old = by_cell_[swept_]) settle(lock, *old);
  }
}

// TINE_SERIAL: there are no workers.
void ExecutorState::run_here(Lock& lock, const std::shared_ptr<Task>& task) {
  const TaskTable::Claim claim = table_.claim();
  lock.unlock();
  serial_kernel = true;
  const ChunkId result = run_task_of(task->arguments_);
  serial_kernel = false;
  table_.commit(claim, result);
  lock.lock();
  settle(lock, *task);
  lock.unlock();
  run_callbacks();
}

bool ExecutorState::settle(const Lock& lock, Task& task) {
  if (task.known_over()) return true;
  TaskWord word = table_.load(task.cell_);
  Chunks& chunks = context_.chunks();
  if (word.state == TaskWord::State::pending && table_.header().broken.load() != 0 &&
      table_.replace(task.cell_, word, word.with(TaskWord::State::cancelled))) {
    fail(lock, task, broken_error());
    return true;
  }
  if (word.generation != task.generation_ || word.state == TaskWord::State::free) {
    fail(lock, task, written_over());
    return true;
  }
  if (!word.over()) return false;
  if (word.state != TaskWord::State::cancelled && chunks.valid(word.chunk)) {
    chunks.take_over(word.chunk);
    task.result_ = word.chunk;
    task.unread_ = true;
  }
  if (word.state == TaskWord::State::failed) {
    TaskDeath death;
    if (task.unread_) {
      ItemBytes bytes(context_, task.result_);
      bytes.read(&death, sizeof death);
      chunks.give_chain(task.result_);
      task.unread_ = false;
    }
    task.error_ = exception_of(death, word.attempt + 1);
  } else if (word.state == TaskWord::State::done) {
    ResultKind kind = ResultKind::exception;
    if (task.unread_) {
      ItemBytes bytes(context_, task.result_);
      bytes.read(&kind, sizeof kind);
    } else {
      task.error_ = std::make_exception_ptr(
          OutOfMemory("tine: the task threw, and there was no memory to tell what", 0, 0,
                      "the memory for items"));
    }
    task.threw_ = kind == ResultKind::exception;
  }
  finish(lock, task,
         word.state == TaskWord::State::cancelled ? Task::State::cancelled : Task::State::finished);
  return true;
}

void ExecutorState::fail(const Lock& lock, Task& task, std::exception_ptr error) {
  task.error_ = std::move(error);
  finish(lock, task, Task::State::finished);
  announce();
}

// Its cell is free again.
void ExecutorState::finish(const Lock&, Task& task, Task::State how) {
  context_.chunks().give_chain(task.arguments_);
  TaskWord free;
  free.generation = (task.generation_ + 1) & TaskWord::generation_mask;
  table_.word(task.cell_).store(free.pack());
  const std::shared_ptr<Task> held = std::move(by_cell_[task.cell_]);
  by_cell_[task.cell_] = nullptr;
  --unfinished_;
  task.failed_ = task.threw_ || task.error_ != nullptr;
  task.state_.store(how, std::memory_order_release);
  if (!task.callbacks_.empty()) {
    ready_.push_back(held);
    any_ready_.store(true);
    if (own_callback_thread_) callbacks_.notify_all();
  }
}

void ExecutorState::settle_all(const Lock& lock) {
  for (std::size_t i = 0; i < by_cell_.size(); ++i)
    if (const std::shared_ptr<Task> task = by_cell_[i]) settle(lock, *task);
}

void ExecutorState::settle_watched(const Lock& lock) {
  const std::uint64_t over = table_.header().over.load();
  if (watched_.empty() || over == watched_at_) return;
  watched_at_ = over;
  std::erase_if(watched_, [&](const std::shared_ptr<Task>& t) { return settle(lock, *t); });
}

bool ExecutorState::is_open(const Task& task) const {
  if (task.known_over()) return false;
  const TaskWord word = table_.load(task.cell_);
  return word.generation == task.generation_ && !word.over();
}

void ExecutorState::fail_all(const Lock& lock, const std::exception_ptr& error) {
  end_ = error;
  for (std::size_t i = 0; i < by_cell_.size(); ++i)
    if (const std::shared_ptr<Task> task = by_cell_[i]) {
      const TaskWord word = table_.load(task->cell_);
      if (word.state == TaskWord::State::done || word.state == TaskWord::State::cancelled)
        settle(lock, *task);
      if (task->known_over()) continue;
      // It failed with all the others, not for a reason of its own.
      if (word.state == TaskWord::State::failed) context_.chunks().give_chain(word.chunk);
      fail(lock, *task, error);
    }
  table_.header().finished.reset();
}

Task::State ExecutorState::state_of(Task& task) {
  if (task.known_over()) return task.state_.load();
  const TaskWord word = table_.load(task.cell_);
  if (word.generation == task.generation_) {
    if (word.claimed()) return Task::State::running;
    if (word.state == TaskWord::State::pending && table_.header().broken.load() == 0)
      return Task::State::pending;
  }
  Lock lock(mutex_);
  return settle(lock, task) ? task.state_.load() : Task::State::pending;
}

bool ExecutorState::cancel(Task& task, bool force) {
  {
    Lock lock(mutex_);
    while (!settle(lock, task)) {
      const TaskWord word = table_.load(task.cell_);
      if (word.state == TaskWord::State::pending) {
        if (!table_.replace(task.cell_, word, word.with(TaskWord::State::cancelled))) continue;
        settle(lock, task);
        announce();
        break;
      }
      if (!force) return false;
      if (word.state != TaskWord::State::running) break;
      if (!table_.replace(task.cell_, word, word.with(TaskWord::State::cancelling))) continue;
      table_.header().cancels.fetch_add(1);
      if (pool_ != nullptr) pool_->order();
      break;
    }
  }
  wait(never, &task, [&] { return state_of(task) >= Task::State::finished; });
  return task.state_.load() == Task::State::cancelled;
}

// Nobody spins on a CPU that the other side waits for: not where the worker is that has the task,
// and not when a worker has still to be woken for it.
void ExecutorState::spin(Task* one, std::uint64_t over) const {
  const std::shared_ptr<PoolState> pool = const_cast<ExecutorState*>(this)->pool();
  if (pool == nullptr || pool->serial()) return;
  Control& control = pool->control();
  const Slot* slots = control.slots();
  const std::int64_t until = now_ns() + 50 * us;
  do {
    const int here = sched_getcpu();
    control.master_cpu.store(here, std::memory_order_relaxed);
    bool somebody = false;
    for (unsigned i = 0; i < workers_; ++i) {
      if (slots[i].inside.load() == 0 && slots[i].looking.load() == 0) continue;
      if (slots[i].cpu.load() == here) return;
      somebody = true;
    }
    if (!somebody) return;
    for (int i = 0; i < 32; ++i) {
      if (one != nullptr ? !is_open(*one) : table_.header().over.load() != over) return;
      pause_cpu();
    }
  } while (now_ns() < until);
}

// A single one who sleeps for a single task is not woken for every other. Said before he looks for
// the last time, so no wake-up is lost.
class ExecutorState::Sleeper {
 public:
  Sleeper(ExecutorState& state, const Task* one) : state_(state) {
    Lock lock(state.mutex_);
    const bool alone = ++state.sleepers_ == 1 && one != nullptr && state.watched_.empty();
    state.table_.header().wanted.store(alone ? one->cell_ + std::uint64_t{1} : 0);
  }
  ~Sleeper() {
    Lock lock(state_.mutex_);
    if (--state_.sleepers_ == 0) state_.table_.header().wanted.store(0);
  }
  Sleeper(const Sleeper&) = delete;

 private:
  ExecutorState& state_;
};

bool ExecutorState::wait(std::int64_t deadline, Task* one, const std::function<bool()>& look) {
  std::int64_t next_look_after = now_ns() + 100 * ms;
  for (;;) {
    const std::uint64_t over = table_.header().over.load();
    {
      Lock lock(mutex_);
      settle_watched(lock);
    }
    run_callbacks();
    if (look()) {
      run_callbacks();
      return true;
    }
    const std::int64_t now = now_ns();
    if (now >= deadline) return false;
    if (now >= next_look_after) {
      look_after_workers();
      next_look_after = now + 100 * ms;
      continue;
    }
    spin(one, over);
    const Sleeper sleeper(*this, one);
    table_.header().finished.wait(std::min(deadline, next_look_after), [&] {
      return table_.header().over.load() != over || (one != nullptr && !is_open(*one)) ||
             (!own_callback_thread_ && any_ready_.load());
    });
  }
}

// What nobody else would notice.
void ExecutorState::look_after_workers() {
  Lock lock(mutex_);
  if (pool_ == nullptr || pool_->serial() || end_ != nullptr) return;
  if (pool_->supervisor_lost()) {
    settle_all(lock);
    pool_->await_all_dead();
    fail_all(lock,
             std::make_exception_ptr(SupervisorLost(
                 "tine: the executor's supervisor process is gone: somebody killed it, and its "
                 "workers went with it. Make a new executor")));
    return;
  }
  // What tasks may have written over: hints are put right, and what nobody will ever change fails.
  table_.header().tail.store(tail_);
  bool pending = false;
  for (std::size_t i = 0; i < by_cell_.size(); ++i) {
    const std::shared_ptr<Task> task = by_cell_[i];
    if (task == nullptr || settle(lock, *task)) continue;
    const TaskWord word = table_.load(i);
    if (word.state == TaskWord::State::pending) {
      table_.look_again_at(i);
      pending = true;
    } else if (word.claimed() && is_nobodys(i, word)) {
      fail(lock, *task, written_over());
    }
  }
  if (pending) {
    pool_->control().ring(INT_MAX);
    if (pool_->control().alive.load() < workers_) pool_->order();
  }
}

// Who has a task is `inside` from before his claim until after his commit.
bool ExecutorState::is_nobodys(std::uint64_t cell, const TaskWord& word) const {
  const unsigned slot = word.party - pool_->first_party();
  if (slot >= workers_) return true;
  return pool_->control().slots()[slot].inside.load() == 0 &&
         table_.word(cell).load() == word.pack();
}

void ExecutorState::shutdown(bool wait_for_all, bool cancel_futures) {
  if (getpid() != owner_) {
    pool_.reset();
    return;
  }
  {
    Lock lock(mutex_);
    shut_down_ = true;
    if (cancel_futures)
      for (std::size_t i = 0; i < by_cell_.size(); ++i)
        if (const std::shared_ptr<Task> task = by_cell_[i]) {
          const TaskWord word = table_.load(task->cell_);
          if (word.state == TaskWord::State::pending &&
              table_.replace(task->cell_, word, word.with(TaskWord::State::cancelled))) {
            settle(lock, *task);
            announce();
          }
        }
  }
  run_callbacks();
  if (!wait_for_all) return;
  std::uint64_t seen = ~std::uint64_t{0};
  wait(never, nullptr, [&] {
    const std::uint64_t over = table_.header().over.load();
    Lock lock(mutex_);
    if (over == seen && end_ == nullptr && table_.header().broken.load() == 0)
      return unfinished_ == 0;
    seen = over;
    settle_all(lock);
    return unfinished_ == 0;
  });
  Lock lock(mutex_);
  end_pool(lock);
}

void ExecutorState::kill_workers(Shutdown how) {
  if (in_worker()) throw NestedParallelism("tine: a task cannot kill the workers of its executor");
  {
    Lock lock(mutex_);
    shut_down_ = true;
    if (pool_ != nullptr) {
      settle_all(lock);
      if (!pool_->serial()) pool_->end(how);
      fail_all(lock, std::make_exception_ptr(BrokenExecutor(
                         "tine: the executor's workers were killed, by terminate_workers() or "
                         "kill_workers(), before this task was over")));
      end_pool(lock);
    }
  }
  run_callbacks();
}

// All tasks are over; callbacks that are left are still called.
void ExecutorState::end_pool(Lock& lock) {
  const std::shared_ptr<PoolState> last = std::exchange(pool_, nullptr);
  if (last != nullptr && !last->serial()) last->end(Shutdown::orderly);
  stop_callbacks_ = true;
  callbacks_.notify_all();
  // In a callback it is for whoever ends the executor after us to wait for this thread.
  std::thread thread;
  if (calling_back_ != this) thread = std::move(callback_thread_);
  lock.unlock();
  table_.header().finished.reset();
  if (thread.joinable()) thread.join();
}

}  // namespace tine::detail
