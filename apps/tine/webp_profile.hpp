// The colour profile of WebP files, which Exiv2 0.27 reads but does not write. Runs in workers.
#pragma once

#include <cstdint>
#include <vector>

namespace tine::app {

/// Puts an ICC profile into a WebP file. Throws Failure.
void add_webp_profile(std::vector<std::uint8_t>& file, const std::vector<std::uint8_t>& profile);

}  // namespace tine::app
