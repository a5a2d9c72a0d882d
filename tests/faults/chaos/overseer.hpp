// The process above the master of a storm: it attacks from outside, sees hangs, and tells how things
// stand.
#pragma once

#include <sys/types.h>

namespace chaos {

/// Watches over the master until it has ended; returns the exit status of the whole program. On a
/// hang it ends the master and says so.
int oversee(pid_t master);

}  // namespace chaos
