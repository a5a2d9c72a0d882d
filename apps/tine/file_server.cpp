#include "file_server.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include "descriptor_message.hpp"
#include "exit.hpp"
#include "provenance.hpp"

namespace tine::app {

namespace {

Descriptor open_input(const std::string& path) {
  // Not to wait for the writer of a pipe.
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat about;
  if (!file || fstat(file.get(), &about) != 0)
    throw Failure(fmt::format("cannot be opened: {}", strerror(errno)));
  if (!S_ISREG(about.st_mode)) throw Failure("is not a regular file");
  return file;
}

// Sends a reply with up to two descriptors, which go when it is sent. A worker that does not take
// it is not waited for.
bool send_reply(int socket, const FileReply& reply, std::array<int, most_descriptors> fds) {
  const auto count =
      static_cast<std::size_t>(std::remove(fds.begin(), fds.end(), -1) - fds.begin());
  return send_message(socket, &reply, sizeof reply, std::span(fds).first(count), MSG_DONTWAIT) ==
         sizeof reply;
}

}  // namespace

FileServer::FileServer(Descriptor door, std::vector<Task> tasks, bool force, std::string recipe)
    : tasks_(std::move(tasks)),
      outputs_(force, "--force replaces it, --resume goes on with an earlier run"),
      recipe_(std::move(recipe)),
      door_(std::move(door)),
      event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      made_from_(tasks_.size()),
      results_(tasks_) {
  if (!event_) throw Failure(fmt::format("files cannot be served: {}", strerror(errno)));
  thread_ = std::thread([this] { serve(); });
}

FileServer::~FileServer() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  order();
  thread_.join();
}

void FileServer::order() {
  eventfd_write(event_.get(), 1);
}

void FileServer::prepare_output(std::size_t task) {
  outputs_.prepare(tasks_[task].output, tasks_[task].replaces);
}

OutputFile FileServer::open_output(std::size_t task) {
  settle();  // what is noted of the input
  OutputFile output = outputs_.open(tasks_[task].output, tasks_[task].replaces);
  note_provenance(output.descriptor(), made_from_[task]);
  return output;
}

void FileServer::publish(std::size_t task, OutputFile& output, int columns, int rows) {
  output.publish();
  Task result = tasks_[task];
  result.written = true;
  result.columns = columns;
  result.rows = rows;
  conclude(task, std::move(result));
}

void FileServer::settle() {
  std::unique_lock lock(mutex_);
  const std::uint64_t mine = ++asked_;
  order();
  settled_.wait(lock, [&] { return answered_ >= mine; });
}

void FileServer::tell(std::vector<Task>& tasks) const {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < tasks.size(); ++i)
    if (!tasks[i].is_over()) tasks[i] = results_[i];
}

FileServer::Count FileServer::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

bool FileServer::is_over(std::size_t task) const {
  const std::lock_guard lock(mutex_);
  return results_[task].is_over();
}

void FileServer::serve() {
  std::vector<pollfd> ready;
  for (;;) {
    ready = {{event_.get(), POLLIN, 0}, {door_.get(), POLLIN, 0}};
    for (const Worker& worker : workers_) ready.push_back({worker.socket.get(), POLLIN, 0});
    // Every wait is bounded: an order may be lost.
    const int count = poll(ready.data(), ready.size(), 100);
    if (count < 0) continue;

    std::uint64_t asked;
    bool stop;
    {
      const std::lock_guard lock(mutex_);
      asked = asked_;
      stop = stop_;
    }
    const bool everybody = count == 0 || ready[0].revents != 0;
    if (ready[0].revents != 0) {
      eventfd_t ignored;
      eventfd_read(event_.get(), &ignored);
    }
    if (everybody || ready[1].revents != 0) meet_workers();
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      if (!everybody && i + 2 < ready.size() && ready[i + 2].revents == 0) continue;
      // A worker sends at most a result and a question before it waits for us. One that sends
      // without end shall not keep us from the others.
      for (int n = 0; n < 4 && listen_to(workers_[i]); ++n) {
      }
    }
    std::erase_if(workers_, [](const Worker& worker) { return !worker.socket; });

    if (everybody) {
      const std::lock_guard lock(mutex_);
      answered_ = asked;
      settled_.notify_all();
    }
    if (stop) return;
  }
}

void FileServer::meet_workers() {
  std::vector<Descriptor> passed;
  for (;;) {
    char byte;
    const ssize_t got = receive_message(door_.get(), &byte, 1, passed, MSG_DONTWAIT);
    if (got == 0) door_.reset();  // nobody is left who could come
    if (got <= 0) return;
    if (passed.empty()) continue;
    workers_.push_back({std::move(passed.front()), 0, {}});
  }
}

// Does what the next message of a worker wants; false when there is none.
bool FileServer::listen_to(Worker& worker) {
  FileRequest request;
  const ssize_t got = recv(worker.socket.get(), &request, sizeof request, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  bool keep = got == sizeof request && request.task < tasks_.size();  // or it is gone, or mad
  if (keep) switch (request.kind) {
      case FileRequest::want_input:
      case FileRequest::want_output:
      case FileRequest::want_both: {
        Descriptor input;
        const FileReply reply = grant(worker, request, input);
        int output = worker.output ? worker.output->descriptor() : -1;
        if (reply.kind == FileReply::granted && request.kind != FileRequest::want_input)
          output = std::max(output, tasks_[request.task].scratch);
        keep = send_reply(worker.socket.get(), reply, {input.get(), output});
        break;
      }
      case FileRequest::complete:
      case FileRequest::failed:
        finish(worker, request);
        break;
      default:
        keep = false;
    }
  if (!keep) worker = Worker{};
  return keep;
}

FileReply FileServer::grant(Worker& worker, const FileRequest& request, Descriptor& input) {
  FileReply reply;
  worker.output.reset();  // what it did not finish
  worker.task = request.task;
  if (is_over(request.task)) {
    reply.kind = FileReply::over;
    return reply;
  }
  const Task& task = tasks_[request.task];
  try {
    if (task.output.empty() && task.scratch < 0 && request.kind != FileRequest::want_input)
      throw Failure("is only to be read");
    if (request.kind != FileRequest::want_output) {
      input = open_input(task.input);
      made_from_[request.task] = provenance(input.get(), recipe_);
    }
    if (request.kind != FileRequest::want_input && task.scratch < 0) {
      worker.output = outputs_.open(task.output, task.replaces);
      // Now, so that the worker's fsync() is for this, too.
      note_provenance(worker.output->descriptor(), made_from_[request.task]);
    }
    reply.kind = FileReply::granted;
  } catch (const Failure& failure) {
    input.reset();
    reply.text = failure.what();
  }
  return reply;
}

void FileServer::finish(Worker& worker, const FileRequest& request) {
  std::optional<OutputFile> output = std::move(worker.output);
  worker.output.reset();
  if (request.task != worker.task || is_over(request.task) || tasks_[request.task].output.empty())
    return;
  made_from_[request.task] = {};  // it is noted with the output
  Task result = tasks_[request.task];
  if (request.kind == FileRequest::failed || !output) {
    result.failure = request.text.str();
    if (result.failure.empty()) result.failure = "failed without a reason";
  } else {
    try {
      output->publish();
      result.written = true;
      result.warning = request.text.str();
      result.columns = request.columns;
      result.rows = request.rows;
    } catch (const Failure& failure) {
      result.failure = failure.what();
    }
  }
  conclude(request.task, std::move(result));
}

void FileServer::conclude(std::size_t task, Task result) {
  const std::lock_guard lock(mutex_);
  ++(result.written ? count_.written : count_.failed);
  results_[task] = std::move(result);
}

}  // namespace tine::app
