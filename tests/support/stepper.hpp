// Runs another process one instruction at a time, so that a test can end it at any of them.
#pragma once

#include <sched.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>

namespace tine_test {

/// Holds a process, by ptrace: it runs an instruction when step() says so and not otherwise. A
/// system call counts as one instruction, and may block.
///
///     Stepper worker(pid);
///     if (worker.step_until([&] { return word_is_claimed(); })) worker.kill();
///
/// All members must be called by the thread that made it: that is whom the kernel calls the tracer.
/// Tracer and process run on one CPU meanwhile, since a step from one CPU to another costs several
/// times as much. When the process ends, its parent is told only after the tracer has seen it, so
/// somebody has to be stepping or call kill(). A pool's supervisor spares workers that are traced
/// from all deadlines.
class Stepper {
 public:
  /// Stops a process, which must be a descendant of this one, wherever it is. A system call that it
  /// was waiting in is begun again at the first step. Throws std::system_error with advice when the
  /// process has ended or tracing is not allowed here.
  explicit Stepper(pid_t pid);
  /// Lets it run on.
  ~Stepper();
  Stepper(const Stepper&) = delete;

  /// Runs one instruction; false when the process has ended.
  bool step();
  /// Steps until `stop()`, asked before the first step and after each; false when the process ended
  /// before that.
  template <class F>
  bool step_until(F stop) {
    while (!stop())
      if (!step()) return false;
    return true;
  }
  /// Runs at full speed until the instruction at an address is the next one. False when the process
  /// has ended, or `give_up()`, asked every now and then, said so before; then it is stopped, too.
  bool run_to(std::uintptr_t address, const std::function<bool()>& give_up);
  /// Ends the process between two instructions, with SIGKILL. Its parent may reap it afterwards.
  void kill();

  bool ended() const noexcept { return ended_; }
  long steps() const noexcept { return steps_; }  ///< instructions that step() ran
  std::uintptr_t next_instruction() const;        ///< its address

 private:
  bool wait();  // for the next stop; false when it has ended
  void note(int status);

  pid_t pid_;
  int signal_ = 0;  // to be delivered to it
  int event_ = 0;   // of the last stop
  bool ended_ = false;
  long steps_ = 0;
  cpu_set_t own_cpus_, its_cpus_;
};

}  // namespace tine_test
