// The master's side of a pool.
#pragma once

#include <tine/detail/job_spec.hpp>
#include <tine/pool.hpp>

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "process/callable.hpp"
#include "process/control.hpp"
#include "toolbox/context.hpp"

namespace tine::detail {

/// A lock that is given in the order it was asked for.
class FifoLock {
 public:
  void lock() {
    std::unique_lock guard(mutex_);
    const auto mine = next_++;
    turn_.wait(guard, [&] { return serving_ == mine; });
  }
  void unlock() {
    {
      std::lock_guard guard(mutex_);
      ++serving_;
    }
    turn_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable turn_;
  std::uint64_t next_ = 0;
  std::uint64_t serving_ = 0;
};

class PoolState {
 public:
  explicit PoolState(const PoolOptions& options, const TaskService& tasks = {},
                     const std::function<void()>* initializer = nullptr);
  ~PoolState();
  PoolState(const PoolState&) = delete;
  PoolState& operator=(const PoolState&) = delete;

  void refresh();
  Report run(const JobSpec& spec, const Policy& policy);

  unsigned workers() const { return workers_; }
  const std::shared_ptr<Arena>& arena() const { return arena_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  pid_t supervisor_pid() const { return supervisor_; }
  std::vector<int> worker_pids() const;

  // For an executor.
  Control& control() const { return *control_; }
  bool serial() const { return serial_; }
  const LoadedCode& code() const { return code_; }
  unsigned first_party() const { return parties_.first(); }
  bool supervisor_lost() const;
  void await_all_dead();        // after the supervisor's death: its workers follow at once
  void order() const noexcept;  // makes the supervisor look at its orders
  void end(Shutdown how) noexcept;

 private:
  friend class JobRun;

  void start();
  void stop() noexcept { end(Shutdown::orderly); }
  int commit(bool context, std::size_t offset, std::size_t bytes);
  [[noreturn]] static void throw_lost();

  PoolOptions options_;
  TaskService tasks_;
  const std::function<void()>* initializer_;
  unsigned workers_ = 1;
  bool serial_ = false;    // TINE_SERIAL: kernels run in the master
  bool threaded_ = false;  // the master had other threads when it forked
  bool spare_cpus_ = false;
  pid_t owner_ = 0;
  std::shared_ptr<Arena> arena_;
  Control* control_ = nullptr;
  LoadedCode code_;
  std::vector<std::string> warnings_;

  pid_t supervisor_ = 0;
  int supervisor_pidfd_ = -1;
  int event_ = -1;
  int exec_pipe_ = -1;   // write end
  int alive_pipe_ = -1;  // read end

  std::mutex committing_;
  Parties parties_;

  FifoLock jobs_;
  std::atomic<std::thread::id> posting_;  // the thread whose job it is
  std::uint64_t next_job_ = 1;
  std::uint64_t incarnation_base_ = 1;
  // Of each slot's worker when the job began.
  std::vector<std::uint64_t> spawns_at_post_;
  // Kept from job to job, grown as needed.
  Array<LedgerWord> ledger_;
  Array<std::byte> undo_;
};

}  // namespace tine::detail
