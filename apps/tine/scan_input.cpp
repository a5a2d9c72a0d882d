#include "scan_input.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include "ask_worker.hpp"
#include "decompress.hpp"
#include "exit.hpp"
#include "standard_input.hpp"
#include "temporary_file.hpp"
#include "worker_files.hpp"

namespace tine::app {

namespace {

struct Beginning {
  std::string bytes;
  std::uint64_t size = 0;  // of all
};

Beginning beginning_of(int file) {
  Beginning found{std::string(8, '\0')};
  const ssize_t got = pread(file, found.bytes.data(), found.bytes.size(), 0);
  struct stat about;
  if (got < 0 || fstat(file, &about) != 0)
    throw Failure(fmt::format("cannot be read: {}", strerror(errno)));
  found.bytes.resize(static_cast<std::size_t>(got));
  found.size = static_cast<std::uint64_t>(about.st_size);
  return found;
}

Beginning beginning_of(const std::string& path) {
  // Not to wait for the writer of a pipe.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat about;
  if (!file || fstat(file.get(), &about) != 0)
    throw Failure(fmt::format("cannot be opened: {}", strerror(errno)));
  if (!S_ISREG(about.st_mode))
    throw Failure("is not a regular file; - reads what comes from a pipe");
  return beginning_of(file.get());
}

bool is_matrix(std::string_view beginning) {
  return beginning.starts_with("\x93NUMPY") || beginning.starts_with("\x89HDF\r\n\x1a\n");
}

// In one worker, from the input of a task to its scratch file.
void decompress_task(const PoolWith& on, std::size_t task, Compression how, std::uint64_t size,
                     std::uint64_t most, const ByteProgress& progress) {
  auto done = on.pool.array<std::uint64_t>(1);
  std::uint64_t* const counter = done.data();
  PoolWith patient = on;  // of one slice, which is all of a file
  patient.policy.slice_deadline = {};
  patient.policy.progress = [&](const Progress& p) {
    progress(std::min(std::atomic_ref(*counter).load(std::memory_order_relaxed), size), size);
    on.policy.progress(p);
  };
  Losses losses;
  ask_worker(
      patient, losses,
      [task, how, most](Answer& answer, std::span<std::uint64_t> bytes) {
        auto files = ask_for_files(task, FileRequest::want_both);
        if (!files) throw Failure("is done with already");
        answer.bytes =
            decompress(how, files->input.get(), files->output.get(), most, [&](std::uint64_t n) {
              std::atomic_ref(bytes[0]).store(n, std::memory_order_relaxed);
            });
      },
      out(done));
}

}  // namespace

ScanInput::ScanInput(const std::string& argument, std::vector<Task>& tasks) : task_(tasks.size()) {
  std::string file = argument;
  // As in "runs.h5:/first".
  if (const std::size_t colon = file.rfind(":/");
      colon != file.npos && access(file.c_str(), F_OK) != 0) {
    dataset_ = file.substr(colon + 1);
    file.resize(colon);
  }
  csv_.name = argument == "-" ? "standard input" : argument;
  csv_.open = open_served;
  csv_.number = task_;
  if (argument == "-") {
    spooled_ = spool_standard_input();
    file = path_of(spooled_);
  }
  try {
    const Beginning beginning = beginning_of(file);
    beginning_ = beginning.bytes;
    size_ = beginning.size;
  } catch (const Failure& failure) {
    throw Failure(fmt::format("{}: {}", csv_.name, failure.what()));
  }
  tasks.emplace_back().input = file;
  if (!compression_of(beginning_)) return;
  scratch_ = temporary_file();
  tasks.back().scratch = scratch_.get();
  csv_.number = tasks.size();
  tasks.emplace_back().input = path_of(scratch_);
}

void ScanInput::open(const PoolWith& on, std::uint64_t memory, const char* types,
                     const ByteProgress& progress) {
  try {
    if (const auto how = compression_of(beginning_)) {
      decompress_task(on, task_, *how, size_, room_for(scratch_), progress);
      beginning_ = beginning_of(scratch_.get()).bytes;
    }
    if (!is_matrix(beginning_) && dataset_.empty()) return;
    if (types != nullptr)
      throw UsageError(
          fmt::format("{} is for CSV; values of {} have types already", types, csv_.name));
    table_ = table_of_matrix(on, csv_.name, csv_.number, dataset_, memory, progress);
  } catch (const Failure& failure) {
    throw Failure(fmt::format("{}: {}", csv_.name, failure.what()));
  }
}

}  // namespace tine::app
