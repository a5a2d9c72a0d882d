// The command's side of files: it opens what workers ask for, which can open nothing themselves, and
// passes them the descriptors.
//
// Each worker has a socket of its own, which it makes and sends us when it starts. So its end is the
// end of that socket: the output of a worker that died is discarded with it, and its replacement,
// which has another socket, starts from an empty file. No more is open at a time than a socket, an
// input and an output for each worker.
//
// A worker that a hostile file has taken over can spoil the outputs of the tasks it asks for from
// then on; no other file is ever passed to it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "descriptor.hpp"
#include "file_messages.hpp"
#include "inputs.hpp"
#include "output_files.hpp"

namespace tine::app {

class FileServer {
 public:
  /// Serves the files of `tasks` in a thread, so call it when the pool is made. `door` is that of
  /// prepare_workers(); with `force` existing outputs are replaced. `recipe` says what is made of the
  /// inputs; it is noted with each output. A task without an output has a file that is only read: it
  /// never ends. Throws Failure.
  FileServer(Descriptor door, std::vector<Task> tasks, bool force, std::string recipe = {});
  /// Outputs that are complete are still published.
  ~FileServer();
  FileServer(const FileServer&) = delete;
  FileServer& operator=(const FileServer&) = delete;

  /// To be called before the output of a task is asked for. Throws Failure; see OutputFiles.
  void prepare_output(std::size_t task);

  /// For an output that the command writes itself: opens it, after a worker has got the input, and gives
  /// it its name when it is complete. Throw Failure.
  OutputFile open_output(std::size_t task);
  void publish(std::size_t task, OutputFile& output, int columns, int rows);

  /// Waits until everything that workers have sent so far is done: outputs published or not.
  void settle();

  /// Notes how it went with each task that is over, in the list this one was made from.
  void tell(std::vector<Task>& tasks) const;

  struct Count {
    std::size_t written = 0, failed = 0;
  };
  Count count() const;

 private:
  struct Worker {
    Descriptor socket;
    std::uint32_t task = 0;
    std::optional<OutputFile> output;  // of that task
  };

  void serve();
  void meet_workers();
  bool listen_to(Worker& worker);
  FileReply grant(Worker& worker, const FileRequest& request, Descriptor& input);
  void finish(Worker& worker, const FileRequest& request);
  bool is_over(std::size_t task) const;
  void conclude(std::size_t task, Task result);
  void order();  // makes the thread look

  const std::vector<Task> tasks_;
  OutputFiles outputs_;
  const std::string recipe_;
  Descriptor door_, event_;
  // The thread's.
  std::vector<Worker> workers_;
  std::vector<std::string> made_from_;  // each task's input, as it was when a worker got it

  mutable std::mutex mutex_;
  std::condition_variable settled_;
  std::vector<Task> results_;
  Count count_;
  std::uint64_t asked_ = 0, answered_ = 0;  // calls of settle()
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace tine::app
