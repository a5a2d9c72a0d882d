// Standard input as a file that can be read anywhere in it.
#pragma once

#include "descriptor.hpp"

namespace tine::app {

/// All that comes from standard input, in a file without a name: on disk below TMPDIR or /tmp, or in memory
/// where there are no such files. Throws Failure.
Descriptor spool_standard_input();

}  // namespace tine::app
