#include <tine/process.hpp>

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <limits>
#include <stdexcept>

#include <tine/pool.hpp>

#include "process/children.hpp"
#include "process/process_state.hpp"
#include "sync/clock.hpp"
#include "sync/role.hpp"

namespace tine {

using detail::ProcessState;
using Stage = ProcessState::Stage;

Process::Process(const ProcessOptions& options, std::unique_ptr<detail::ProcessBody> body)
    : state_(std::make_shared<ProcessState>(options)), body_(std::move(body)) {}
Process::Process(std::shared_ptr<ProcessState> state) : state_(std::move(state)) {}
Process::~Process() = default;
Process::Process(Process&&) noexcept = default;
Process& Process::operator=(Process&&) noexcept = default;

ProcessState& Process::state() const {
  if (state_ == nullptr)
    throw std::logic_error("tine: this Process was moved from; use the one it was moved to");
  if (state_->owner != getpid())
    throw std::logic_error("tine: a Process can be used only in the process that made it, " +
                           std::to_string(state_->owner) + ", and this is " +
                           std::to_string(getpid()));
  const std::lock_guard lock(state_->mutex);
  if (state_->stage == Stage::closed)
    throw std::logic_error(
        "tine: this Process was closed; ask what you want to know before close()");
  return *state_;
}

ProcessState& Process::started(const char* what) const {
  ProcessState& s = state();
  const std::lock_guard lock(s.mutex);
  if (s.stage == Stage::made)
    throw std::logic_error("tine: " + std::string(what) + " of " + s.name +
                           ", which was not started; call start() first");
  return s;
}

void Process::start() {
  if (in_worker())
    throw NestedParallelism(
        "tine: a worker cannot start a Process; start it in the master, and run nested work as more "
        "slices of one job");
  ProcessState& s = state();
  if (body_ == nullptr)
    throw std::logic_error("tine: " + s.name +
                           " was started before, and this is but a handle on it");
  s.start(*body_);
}

bool Process::join(const Timeout& timeout) {
  ProcessState& s = started("join()");
  if (timeout && timeout->count() < 0)
    throw InvalidArgument("tine: the timeout of join() is negative; give none to wait for ever");
  constexpr auto never = std::numeric_limits<std::int64_t>::max();
  const std::int64_t now = detail::now_ns();
  return s.wait(!timeout || timeout->count() > never - now ? never : now + timeout->count());
}

bool Process::is_alive() const {
  ProcessState& s = state();
  {
    const std::lock_guard lock(s.mutex);
    if (s.stage == Stage::made) return false;
  }
  return !s.wait(0);
}

std::optional<int> Process::pid() const {
  ProcessState& s = state();
  const std::lock_guard lock(s.mutex);
  return s.stage == Stage::made ? std::nullopt : std::optional<int>(s.pid);
}

std::optional<int> Process::exitcode() const {
  is_alive();
  ProcessState& s = state();
  const std::lock_guard lock(s.mutex);
  return s.stage == Stage::over ? std::optional(s.exitcode) : std::nullopt;
}

std::optional<ProcessFailure> Process::error() const {
  is_alive();
  ProcessState& s = state();
  const std::lock_guard lock(s.mutex);
  return s.failure;
}

std::string Process::name() const {
  ProcessState& s = state();
  const std::lock_guard lock(s.mutex);
  return s.name;
}

void Process::set_name(std::string name) {
  ProcessState& s = state();
  const std::lock_guard lock(s.mutex);
  s.name = std::move(name);
}

bool Process::daemon() const {
  ProcessState& s = state();
  const std::lock_guard lock(s.mutex);
  return s.daemon;
}

void Process::set_daemon(bool daemon) {
  ProcessState& s = state();
  const std::lock_guard lock(s.mutex);
  if (s.stage != Stage::made)
    throw std::logic_error("tine: " + s.name +
                           " was started; whether it is a daemon must be said before start()");
  s.daemon = daemon;
}

void Process::terminate() {
  started("terminate()").send(SIGTERM);
}
void Process::kill() {
  started("kill()").send(SIGKILL);
}
void Process::interrupt() {
  started("interrupt()").send(SIGINT);
}

void Process::close() {
  if (is_alive())
    throw std::logic_error("tine: " + name() +
                           " is still alive; join() or terminate() it before close()");
  ProcessState& s = state();
  const std::lock_guard lock(s.mutex);
  s.close();
  s.stage = Stage::closed;
  body_.reset();
}

int Process::sentinel() const {
  ProcessState& s = started("sentinel()");
  const std::lock_guard lock(s.mutex);
  return s.supervisor_pidfd;
}

ProcessInfo current_process() {
  ProcessInfo self = detail::Identity::of_this_process().self;
  self.pid = getpid();
  if (detail::process_role == detail::Role::worker) {
    char name[16] = "";
    prctl(PR_GET_NAME, name);
    self.name = name;
  }
  return self;
}

std::optional<ProcessInfo> parent_process() {
  const detail::Identity& me = detail::Identity::of_this_process();
  return detail::process_role == detail::Role::worker ? me.self : me.parent;
}

std::vector<Process> active_children() {
  std::vector<Process> handles;
  for (auto& child : detail::Children::of_this_process().alive())
    handles.push_back(Process(std::move(child)));
  return handles;
}

}  // namespace tine
