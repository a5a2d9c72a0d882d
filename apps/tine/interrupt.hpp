// Ctrl-C, and SIGTERM: the first one ends the command in order, the second one at once.
#pragma once

namespace tine::app {

struct Interrupted {};

/// From now on the first SIGINT or SIGTERM is only remembered.
void remember_interrupts();
/// Throws Interrupted if there was one.
void check_interrupt();

}  // namespace tine::app
