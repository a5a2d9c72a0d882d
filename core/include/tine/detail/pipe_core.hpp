/// @file
/// A pipe without types. An end is named by its pipe's ObjectId and its own number, 0 or 1, as part.
#pragma once

#include <cstddef>
#include <cstdint>

#include <tine/detail/queue_core.hpp>

namespace tine::detail {

/// The first end; the other one has part 1. Both are held by this process.
ObjectId make_pipe(bool two_ways);
/// This process does not hold the end any more. Of no effect where it does not.
void close_end(const ObjectId& end) noexcept;
/// Whether nobody holds it.
bool end_closed(const ObjectId& end);

/// The end that gets what this one sends. Throws when this one only receives.
ObjectId receiver_of(const ObjectId& end);
/// The end itself. Throws when it only sends.
ObjectId receiving(const ObjectId& end);
/// Whether there is something to receive, or nothing will ever come.
bool poll_end(const ObjectId& end, std::int64_t deadline);

[[noreturn]] void end_of_file();
[[noreturn]] void nobody_receives();
[[noreturn]] void another_type();

}  // namespace tine::detail
