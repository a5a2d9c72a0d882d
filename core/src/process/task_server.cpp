#include "process/task_server.hpp"

#include <cxxabi.h>
#include <sched.h>
#include <stdio.h>

#include <tine/detail/task_core.hpp>

#include "process/crash.hpp"
#include "process/task_exception.hpp"
#include "toolbox/context.hpp"

namespace tine::detail {

TaskServer::TaskServer(const Inherited& inherited, unsigned index)
    : inherited_(inherited),
      service_(inherited.control->tasks),
      slot_(inherited.control->slots()[index]) {
  if (!service_) return;
  Context& context = Context::for_use();
  table_.emplace(context, context.object(service_.table, ObjectKind::tasks));
}

bool TaskServer::initialise() noexcept {
  if (!table_ || inherited_.initializer == nullptr || !*inherited_.initializer) return true;
  try {
    (*inherited_.initializer)();
    return true;
  } catch (...) {
    const ExceptionText text = current_exception_text();
    table_->give_up(Broken::initializer, text.type.c_str(), text.message.c_str());
    return false;
  }
}

bool TaskServer::limit_reached() const noexcept {
  return service_.tasks_per_worker != 0 && served_ >= service_.tasks_per_worker;
}

bool TaskServer::serve_one() {
  if (!table_ || table_->header().broken.load(std::memory_order_relaxed) != 0) return false;
  // Before the claim, so that a task is at no moment neither pending nor in a worker.
  slot_.inside.store(1, std::memory_order_relaxed);
  const TaskTable::Claim claim = table_->claim();
  if (!claim.done) {
    slot_.inside.store(0, std::memory_order_relaxed);
    return false;
  }
  slot_.cpu.store(sched_getcpu(), std::memory_order_relaxed);
  slot_.runs.store(slot_.runs.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  slot_.slice.store(claim.cell, std::memory_order_release);  // after `runs`
  const ChunkId result = run_task_of(claim.word.chunk);
  fflush(
      stdout);  // before the commit: what a task printed that is done is not lost with its worker
  ++served_;
  const bool committed = table_->commit(claim, result);
  slot_.inside.store(0, std::memory_order_release);  // and not before: nobody else is at a task
  if (committed) return true;
  // Cancelled, or late by a hair: this process goes with the task, as was said of it.
  slot_.crash.written.store(recycled);
  leave(0);
}

ChunkId run_task_of(ChunkId first) {
  try {
    Parcel result;
    const ResultKind kind = ResultKind::value;
    result.write(&kind, sizeof kind);
    ItemBytes arguments(Context::for_use(), first);
    RunTask run = nullptr;
    arguments.read(&run, sizeof run);
    run(arguments, result);
    return result.release();
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (...) {
    return pack_current_exception();
  }
}

}  // namespace tine::detail
