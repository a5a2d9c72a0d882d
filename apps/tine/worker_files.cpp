#include "worker_files.hpp"

#include <errno.h>
#include <sys/socket.h>

#include <cstring>

#include <fmt/format.h>

#include "exit.hpp"

namespace tine::app {

namespace {

Descriptor door;    // the workers' end
Descriptor server;  // in a worker: its own socket

template <class F>
auto again_if_interrupted(F call) {
  for (;;)
    if (const auto result = call(); result >= 0 || errno != EINTR) return result;
}

std::pair<Descriptor, Descriptor> socket_pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    throw Failure(fmt::format("no socket can be made: {}", strerror(errno)));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

void tell(const FileRequest& request) {
  if (!server) connect_to_file_server();  // TINE_SERIAL: no worker was started
  if (again_if_interrupted(
          [&] { return send(server.get(), &request, sizeof request, MSG_NOSIGNAL); }) < 0)
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
  const int passed = theirs.get();
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof passed)] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof passed);
  memcpy(CMSG_DATA(header), &passed, sizeof passed);
  if (again_if_interrupted([&] { return sendmsg(door.get(), &message, MSG_NOSIGNAL); }) < 0)
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
  int fds[2] = {-1, -1};
  iovec data{&reply, sizeof reply};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fds)] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got =
      again_if_interrupted([&] { return recvmsg(server.get(), &message, MSG_CMSG_CLOEXEC); });
  for (const cmsghdr* header = got > 0 ? CMSG_FIRSTHDR(&message) : nullptr; header != nullptr;
       header = CMSG_NXTHDR(&message, const_cast<cmsghdr*>(header)))
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
      memcpy(fds, CMSG_DATA(header), std::min(header->cmsg_len - CMSG_LEN(0), sizeof fds));
  const bool input = what != FileRequest::want_output, output = what != FileRequest::want_input;
  Files files{Descriptor(input ? fds[0] : -1), Descriptor(output ? fds[input ? 1 : 0] : -1)};

  if (got != sizeof reply) throw Failure("the command gives no files");
  if (reply.kind == FileReply::refused) throw Failure(reply.text.str());
  if (reply.kind == FileReply::over) return std::nullopt;
  if (input != bool(files.input) || output != bool(files.output))
    throw Failure("too many files are open in this worker");
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
