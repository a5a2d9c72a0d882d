#include "worker_files.hpp"

#include <errno.h>

#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "descriptor_message.hpp"
#include "exit.hpp"

namespace tine::app {

namespace {

Descriptor door;    // the workers' end
Descriptor server;  // in a worker: its own socket

void tell(const FileRequest& request) {
  if (!server) connect_to_file_server();  // TINE_SERIAL: no worker was started
  if (send_message(server.get(), &request, sizeof request, {}) < 0)
    throw Failure(fmt::format("the command cannot be asked for files: {}", strerror(errno)));
}

}  // namespace

Descriptor open_door() {
  auto [ours, theirs] = socket_pair();
  door = std::move(theirs);
  return std::move(ours);
}

void connect_to_file_server() {
  auto [ours, theirs] = socket_pair();
  const int passed[] = {theirs.get()};
  if (send_message(door.get(), "", 1, passed) < 0)
    throw Failure(fmt::format("the command cannot be reached: {}", strerror(errno)));
  server = std::move(ours);
  door.reset();
}

std::optional<Files> ask_for_files(std::size_t task, FileRequest::Kind what) {
  FileRequest request;
  request.kind = what;
  request.task = static_cast<std::uint32_t>(task);
  tell(request);

  FileReply reply;
  std::vector<Descriptor> passed;
  const ssize_t got = receive_message(server.get(), &reply, sizeof reply, passed);
  const bool input = what != FileRequest::want_output, output = what != FileRequest::want_input;
  if (got != sizeof reply) throw Failure("the command gives no files");
  if (reply.kind == FileReply::refused) throw Failure(reply.text.str());
  if (reply.kind == FileReply::over) return std::nullopt;
  if (passed.size() != std::size_t{input} + output)
    throw Failure("too many files are open in this worker");
  Files files;
  if (output) files.output = std::move(passed.back());
  if (input) files.input = std::move(passed.front());
  return files;
}

void report_complete(std::size_t task, int columns, int rows, std::string_view warning) {
  FileRequest request{FileRequest::complete, static_cast<std::uint32_t>(task), columns, rows, {}};
  request.text = warning;
  tell(request);
}

void report_failed(std::size_t task, std::string_view reason) {
  FileRequest request{FileRequest::failed, static_cast<std::uint32_t>(task), 0, 0, {}};
  request.text = reason;
  tell(request);
}

}  // namespace tine::app
