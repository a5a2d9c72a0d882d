// Files that gzip and zstd made.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace tine::app {

enum class Compression : std::uint8_t { gzip, zstd };

/// By what a file begins with.
std::optional<Compression> compression_of(std::string_view beginning);

/// Writes what the file holds, all members or frames of it, from the beginning of `output` on. Returns
/// how many bytes that is. Calls `progress` with the bytes of the input that are done. Throws Failure for
/// what is truncated or corrupt, and for what would become longer than `most`.
std::uint64_t decompress(Compression how, int input, int output, std::uint64_t most,
                         const std::function<void(std::uint64_t)>& progress);

}  // namespace tine::app
