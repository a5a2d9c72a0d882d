/// @file
/// Ctrl-C, in order.
#pragma once

namespace tine {

/// From now on the first SIGINT or SIGTERM stops jobs in order: the one that is running begins no more
/// slices, gives those that are running a second, undoes them, and throws Cancelled, as does each job
/// that is posted afterwards; slices that were done keep their values. The second one has its default
/// action and ends the program, and with it all its workers, at once.
///
/// The library installs no signal handlers by itself; without this call the first SIGINT does what
/// the second one does here. Call it once, in the master, when the application has no handlers of its
/// own for these signals: it replaces them. A Process takes signals as its parent did when it was
/// started. Any thread may call it.
void stop_on_signals();

/// Whether there was such a signal: for loops of the application between jobs.
bool stop_signalled() noexcept;

}  // namespace tine
