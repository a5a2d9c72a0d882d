// Messages with descriptors, between processes over a socket that keeps messages apart.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "descriptor.hpp"

namespace tine::app {

/// As many as one message may carry.
inline constexpr std::size_t most_descriptors = 2;

/// Two ends of a socket (SOCK_SEQPACKET, closed on exec). Throws Failure.
std::pair<Descriptor, Descriptor> socket_pair();

/// sendmsg() of one message with these descriptors, which stay open here; goes on after a signal.
/// Never raises SIGPIPE.
ssize_t send_message(int socket, const void* data, std::size_t bytes, std::span<const int> fds,
                     int flags = 0);

/// recvmsg() of one message; goes on after a signal. `fds` becomes the descriptors that came along.
ssize_t receive_message(int socket, void* data, std::size_t bytes, std::vector<Descriptor>& fds,
                        int flags = 0);

}  // namespace tine::app
