// What every supervisor is: the parent of processes that may die at any time, for as long as its
// master lives. One thread, one poll().
//
// The order of recovery is what makes it right: first the child is dead and reaped, so that it can
// write no more; then what it held is put right; then somebody may be forked in its place. What a
// child had forked comes to the supervisor, which is a subreaper, and is ended.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <cstdint>

namespace tine::detail {

/// The ends of what a supervisor and its master see of each other, inherited by the fork.
struct Links {
  pid_t master = 0;
  int master_pidfd = -1;
  int event = -1;       // orders to the supervisor
  int exec_pipe = -1;   // read end: end of file when the master calls exec
  int alive_pipe = -1;  // write end: the master sees end of file when all our processes are gone
};

class Family {
 public:
  Family(const Family&) = delete;
  [[noreturn]] void run();

 protected:
  explicit Family(const Links& links) : links_(links) {}
  virtual ~Family() = default;

  /// Forks the first children.
  virtual void begin() = 0;
  /// How long to sleep at most, in ns; -1: until something happens.
  virtual std::int64_t patience() const { return -1; }
  /// After each sleep, and after those who had ended were reaped.
  virtual void look() = 0;
  /// Whether this is a process that we forked, and not one that came to us.
  virtual bool is_own(pid_t pid) const = 0;
  /// Our own child has ended and is not reaped yet: the number is still nobody else's.
  virtual void ending(pid_t) {}
  /// Our own child is reaped.
  virtual void ended(const siginfo_t& info) = 0;
  /// Our own child was stopped, or goes on.
  virtual void stopped(pid_t, bool) {}
  /// Somebody who had come to us is reaped.
  virtual void stranger_ended() {}
  /// From here on all children are strangers, to be ended like those who came to us.
  virtual void disown_all() = 0;
  virtual void master_is_gone() { disband(); }

  /// Ends what was left behind by those who have ended; it has to be reaped, too.
  void kill_strangers();
  /// Ends all and reaps them; false when somebody is still there after a second.
  bool end_all();
  [[noreturn]] void disband();

  Links links_;
  int signals_ = -1;

 private:
  void reap();

  bool look_again_ = false;  // for children that have ended
};

/// Right after the fork of a supervisor, whose signals but SIGCHLD are dealt with: it becomes what
/// its children's children come to, and goes if its master has gone already.
void become_supervisor(const Links& links);

}  // namespace tine::detail
