// What a worker and the file server tell each other, over a socket that keeps messages apart. The
// files themselves come with a reply, as descriptors: first the input, then the output.
#pragma once

#include <cstdint>

#include "short_text.hpp"

namespace tine::app {

struct FileRequest {
  enum Kind : std::uint32_t {
    want_input,
    want_output,
    want_both,
    complete,  ///< the output is whole
    failed,    ///< there will be none, for the reason in `text`
  };
  Kind kind = failed;
  std::uint32_t task = 0;
  std::int32_t columns = 0, rows = 0;  ///< of the output
  ShortText text;                      ///< a warning, or a reason
};

/// To those that want something.
struct FileReply {
  enum Kind : std::uint32_t {
    granted,
    refused,  ///< for the reason in `text`
    over,     ///< an earlier attempt has finished the task, and died after that
  };
  Kind kind = refused;
  ShortText text;
};

}  // namespace tine::app
