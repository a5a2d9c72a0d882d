// The groups of a slice as bytes: those of each part after another, so that the slices' groups can be
// merged part by part.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "../blob.hpp"
#include "dealt_rows.hpp"
#include "group_set.hpp"

namespace tine::mining {

/// In one part where there are few groups, so that not more is said of parts than of groups.
void write_parts(GroupSet& groups, BlobWriter& to);
/// Groups, and rows that follow.
void write_parts(GroupSet& groups, DealtRows& rows, BlobWriter& to);
/// In any case in this many parts.
void write_parts(GroupSet& groups, std::size_t parts, BlobWriter& to);
/// One part or part_count of them. Throws where the bytes are no such groups.
std::vector<std::span<const std::byte>> read_parts(std::span<const std::byte> blob);

}  // namespace tine::mining
