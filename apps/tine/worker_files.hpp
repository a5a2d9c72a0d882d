// The worker's side of files: it opens none itself, but asks the file server (file_server.hpp).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "descriptor.hpp"
#include "file_messages.hpp"

namespace tine::app {

/// Makes the socket at which workers announce themselves, before they are forked. Returns the
/// server's end and keeps the workers'. Throws Failure.
Descriptor open_door();

/// In each worker: gets it a socket of its own to the server, and closes the door.
void connect_to_file_server();

struct Files {
  Descriptor input, output;
};
/// The files of a task, those that `what` wants. None when the task is over already. Throws Failure
/// with the reason when they cannot be had.
std::optional<Files> ask_for_files(std::size_t task, FileRequest::Kind what);

void report_complete(std::size_t task, int columns, int rows, std::string_view warning);
void report_failed(std::size_t task, std::string_view reason);

}  // namespace tine::app
