// Files without a name, which are gone with their last descriptor.
#pragma once

#include <cstdint>
#include <string>

#include "descriptor.hpp"

namespace tine::app {

/// An empty one to read and write: on disk below TMPDIR or /tmp, or in memory where there are no such
/// files. Throws Failure.
Descriptor temporary_file();

/// Bytes that may become of it without harm to others: nine tenths of what is free.
std::uint64_t room_for(const Descriptor& temporary);

/// Its name for those who open it once more.
std::string path_of(const Descriptor& temporary);

}  // namespace tine::app
