// A pool whose workers are in a sandbox, and are handed the files that they read.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <CLI/CLI.hpp>

#include <tine/pool.hpp>

#include "inputs.hpp"
#include "worker_setup.hpp"

namespace tine::app {

struct FilePoolSettings {
  unsigned workers = 0;   ///< 0: the CPUs we may use
  double deadline = 600;  ///< seconds, for one slice; 0: none
  bool no_sandbox = false;
};

/// Adds --workers, --deadline and --no-sandbox.
void add_file_pool_options(CLI::App& command, FilePoolSettings& settings);

class FileServer;

class FilePool {
 public:
  /// Starts the workers. `progress` is called in this thread now and then while they work; after an
  /// interrupt, jobs end. Throws Failure.
  FilePool(const FilePoolSettings& settings, std::function<void()> progress,
           std::uint64_t longest_file = longest_output);
  ~FilePool();

  /// For all jobs.
  const PoolWith& on() const { return on_; }

  /// From now on workers get the files of these tasks. Once.
  void serve(std::vector<Task> tasks);

 private:
  WorkerSetup setup_;
  Pool pool_;
  PoolWith on_;
  std::unique_ptr<FileServer> server_;
};

/// For FileSource::open of the kernel libraries: the input of a task, in a worker.
int open_served(const char* name, std::size_t task);

}  // namespace tine::app
