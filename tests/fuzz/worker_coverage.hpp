// The coverage of a worker, for a fuzzer in the master: counters of a forked process are its own, so
// they have to travel through an array.
#pragma once

#include <cstdint>
#include <span>

/// The counters of this process, one for each edge of the instrumented code; none without
/// -fsanitize=fuzzer-no-link.
std::span<std::uint8_t> edge_counters();
