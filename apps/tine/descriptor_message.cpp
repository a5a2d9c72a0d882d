#include "descriptor_message.hpp"

#include <errno.h>
#include <sys/socket.h>

#include <cstring>

#include <fmt/format.h>

#include "exit.hpp"

namespace tine::app {

namespace {

template <class F>
auto again_if_interrupted(F call) {
  for (;;)
    if (const auto result = call(); result >= 0 || errno != EINTR) return result;
}

}  // namespace

std::pair<Descriptor, Descriptor> socket_pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    throw Failure(fmt::format("no socket can be made: {}", strerror(errno)));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

ssize_t send_message(int socket, const void* data, std::size_t bytes, std::span<const int> fds,
                     int flags) {
  iovec part{const_cast<void*>(data), bytes};
  alignas(cmsghdr) char control[CMSG_SPACE(most_descriptors * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  return again_if_interrupted([&] { return sendmsg(socket, &message, flags | MSG_NOSIGNAL); });
}

ssize_t receive_message(int socket, void* data, std::size_t bytes, std::vector<Descriptor>& fds,
                        int flags) {
  fds.clear();
  iovec part{data, bytes};
  alignas(cmsghdr) char control[CMSG_SPACE(most_descriptors * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got =
      again_if_interrupted([&] { return recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC); });
  for (cmsghdr* header = got > 0 ? CMSG_FIRSTHDR(&message) : nullptr; header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t at = 0; at + sizeof(int) <= header->cmsg_len - CMSG_LEN(0);
         at += sizeof(int)) {
      int fd;
      memcpy(&fd, CMSG_DATA(header) + at, sizeof fd);
      fds.emplace_back(fd);
    }
  }
  return got;
}

}  // namespace tine::app
