// Standard input as a file that can be read anywhere in it.
#pragma once

#include "descriptor.hpp"

namespace tine::app {

/// All that comes from standard input, in a temporary file; where it is a file already, that one. Throws
/// Failure.
Descriptor spool_standard_input();

}  // namespace tine::app
