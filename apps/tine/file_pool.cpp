#include "file_pool.hpp"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "exit.hpp"
#include "file_server.hpp"
#include "interrupt.hpp"
#include "worker_files.hpp"

namespace tine::app {

void add_file_pool_options(CLI::App& command, FilePoolSettings& settings) {
  command
      .add_option("-j,--workers", settings.workers,
                  "Worker processes [default: the CPUs we may use]")
      ->check(CLI::Range(1u, 1023u));
  command
      .add_option("--deadline", settings.deadline, "Seconds for one slice of the work; 0: no limit")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1e6));
  command.add_flag("--no-sandbox", settings.no_sandbox,
                   "Let workers open files and more, for debuggers; they are shut in otherwise");
}

FilePool::FilePool(const FilePoolSettings& settings, std::function<void()> progress,
                   std::uint64_t longest_file)
    : setup_(prepare_workers(!settings.no_sandbox, longest_file)),
      pool_({.workers = settings.workers, .worker_start = start_worker}),
      on_(pool_, {.attempts = 2,
                  .slice_deadline = std::chrono::duration_cast<std::chrono::nanoseconds>(
                      std::chrono::duration<double>(settings.deadline)),
                  .progress = [progress = std::move(progress)](const Progress&) {
                    progress();
                    check_interrupt();
                  }}) {
  if (pool_.worker_pids().empty())
    fmt::print(stderr,
               "tine: warning: TINE_SERIAL is set: files are parsed in this process itself, which "
               "is in no sandbox\n");
}

FilePool::~FilePool() = default;

void FilePool::serve(std::vector<Task> tasks) {
  server_ = std::make_unique<FileServer>(std::move(setup_.door), std::move(tasks), false);
}

int open_served(const char*, std::size_t task) {
  auto files = ask_for_files(task, FileRequest::want_input);
  if (!files) throw Failure("is done with already");
  return files->input.release();
}

}  // namespace tine::app
