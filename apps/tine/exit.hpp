// What the command's exit status says.
#pragma once

#include <stdexcept>

namespace tine::app {

enum Exit : int {
  all_good = 0,
  some_failed = 1,
  wrong_usage = 2,
  nothing_done = 3,
  was_interrupted = 130,
};

/// The command line cannot be right, whatever the state of the machine.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Something that the user asked for could not be done, for the reason given.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace tine::app
