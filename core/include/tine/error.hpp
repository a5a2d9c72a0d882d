/// @file
/// The errors tine throws. Every one says what was being done, with what, why it failed and what
/// to do about it. Errors that end a job carry its Report.
#pragma once

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>

#include <tine/report.hpp>

namespace tine {

/// Base of everything tine throws.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A call that cannot be right whatever the state of the machine: sizes that overflow, arguments
/// that do not fit each other, a view from another pool's arena, overlapping outputs.
class InvalidArgument : public Error {
 public:
  using Error::Error;
};

/// An allocation that was refused before it could hurt anybody. The arena is as it was.
class OutOfMemory : public Error {
 public:
  OutOfMemory(const std::string& what, std::size_t requested, std::size_t available,
              std::string limit);
  std::size_t requested() const noexcept { return requested_; }  ///< bytes asked for
  std::size_t available() const noexcept { return available_; }  ///< bytes that were free
  const std::string& limit() const noexcept { return limit_; }   ///< what refused

 private:
  std::size_t requested_;
  std::size_t available_;
  std::string limit_;
};

/// A pool that could not be made or kept: fork or another system call failed.
class PoolError : public Error {
 public:
  using Error::Error;
};

/// A Process that could not be started: fork or another system call failed. Nothing is left of it.
class ProcessError : public Error {
 public:
  using Error::Error;
};

/// The supervisor process is gone (somebody killed it). Arrays are intact; Pool::refresh() makes a
/// new one.
class SupervisorLost : public PoolError {
 public:
  using PoolError::PoolError;
};

/// A callable that a worker could not run: it captures a pointer or reference into memory that
/// workers do not share, or its code was loaded after the pool was made.
class BadCallable : public Error {
 public:
  using Error::Error;
};

/// A queue had no item, now or in the time given.
class Empty : public Error {
 public:
  using Error::Error;
};

/// A queue had no room, now or in the time given.
class Full : public Error {
 public:
  using Error::Error;
};

/// A queue was closed: nothing goes in any more, and for get(), nothing is left. For a pipe: nobody
/// is there any more who could receive. Or an executor was shut down.
class Closed : public Error {
 public:
  using Error::Error;
};

/// A lock was released, or a condition used, by one who does not hold it, or a BoundedSemaphore was
/// released more often than it was acquired. Nothing was changed.
class NotHeld : public Error {
 public:
  using Error::Error;
};

/// Nothing is left in a pipe and nobody is there any more who could send.
class EndOfFile : public Error {
 public:
  using Error::Error;
};

/// A job was posted, a pool made, a Process started, or arena memory allocated, inside a worker; or
/// what processes share, such as a queue, was made in another than the program's first process.
class NestedParallelism : public Error {
 public:
  using Error::Error;
};

/// A job that ended without its result. Slices that were done keep their values; slices that were
/// running have been undone (`inout`) or hold unspecified bytes (`out`).
class JobError : public Error {
 public:
  JobError(const std::string& what, Report report);
  const Report& report() const noexcept { return *report_; }

 private:
  std::shared_ptr<const Report> report_;  // shared: exceptions must be copyable without throwing
};

/// A kernel threw. what() holds everything; the parts are separate too.
class KernelError : public JobError {
 public:
  KernelError(const std::string& what, Report report, Fault fault);
  const std::string& type() const noexcept { return fault_->type; }  ///< e.g. std::range_error
  const std::string& message() const noexcept { return fault_->message; }  ///< its what()
  std::size_t slice() const noexcept { return fault_->slice; }
  const Fault& fault() const noexcept { return *fault_; }  ///< with the worker's backtrace

 private:
  std::shared_ptr<const Fault> fault_;
};

/// A slice killed its worker on every attempt.
class SliceFailed : public JobError {
 public:
  SliceFailed(const std::string& what, Report report, std::size_t slice);
  std::size_t slice() const noexcept { return slice_; }

 private:
  std::size_t slice_;
};

/// Workers died again and again without any slice being finished; the Report has the causes.
class WorkersLost : public JobError {
 public:
  using JobError::JobError;
};

/// A kernel wrote over the memory in which tine keeps what it knows of the job, and the job could
/// not be run again: an `inout` array was changed already (MemoryFaults::strict keeps a copy), or it
/// happened every time. The arrays the job writes hold unspecified bytes, unless it was strict: then
/// they are as before the job (`inout`), or zeros (`out`).
class MemoryCorrupted : public JobError {
 public:
  using JobError::JobError;
};

/// The job's own deadline passed (a slice's deadline is a fault of that slice).
class DeadlineExceeded : public JobError {
 public:
  using JobError::JobError;
};

/// The job was cancelled through its stop token.
class Cancelled : public JobError {
 public:
  using JobError::JobError;
};

/// Nobody can wait at a barrier any more. Of an spmd() job: a member died or threw, and the Report is
/// the job's. Of a Barrier: what() says why it is broken, and when somebody died in it, the Report's
/// only fault says of what; otherwise the Report is empty.
class BrokenBarrier : public JobError {
 public:
  using JobError::JobError;
};

/// What was waited for did not come in the time given.
class TimeoutError : public Error {
 public:
  using Error::Error;
};

/// The result was asked for of a task that was cancelled.
class CancelledError : public Error {
 public:
  using Error::Error;
};

/// An executor that runs no more tasks: its initializer threw, its workers died again and again
/// without any task coming to its end, or they were killed on request.
class BrokenExecutor : public PoolError {
 public:
  using PoolError::PoolError;
};

/// The process that ran a task died of it, or was killed, on every attempt. Other tasks are not
/// affected.
class WorkerDied : public Error {
 public:
  WorkerDied(const std::string& what, Fault fault);
  const Fault& fault() const noexcept { return *fault_; }  ///< with the signal or exit status

 private:
  std::shared_ptr<const Fault> fault_;
};

/// What is known of an exception that a task threw in its worker. The exceptions that Future throws
/// for it are of one of these types: where the original was, or was derived from, one of the
/// standard library's or of tine's own, an exception that can be caught as that one and as TaskTrace;
/// else TaskError. In all, what() begins with the original text and goes on with type and backtrace.
class TaskTrace {
 public:
  TaskTrace(Fault fault, int pid);
  virtual ~TaskTrace() = default;
  const std::string& type() const noexcept { return fault_->type; }  ///< e.g. std::range_error
  const std::string& message() const noexcept { return fault_->message; }  ///< its what()
  const std::vector<std::string>& backtrace() const noexcept { return fault_->backtrace; }
  int pid() const noexcept { return pid_; }  ///< of the worker

 private:
  std::shared_ptr<const Fault> fault_;
  int pid_;
};

/// A task threw something that has no type of its own here: see TaskTrace.
class TaskError : public Error, public TaskTrace {
 public:
  TaskError(const std::string& what, const TaskTrace& trace) : Error(what), TaskTrace(trace) {}
};

}  // namespace tine
