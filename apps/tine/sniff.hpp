// What an image file is, from its bytes, before a decoder touches them: so that files that are no
// images, are cut off, or claim gigantic dimensions are refused with a reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tine::app {

struct Sniffed {
  std::string format;       ///< "JPEG", ...; empty when it is none that we read
  std::uint64_t width = 0;  ///< as stored, before any rotation
  std::uint64_t height = 0;
  unsigned pixel_bytes = 4;  ///< at most, decoded
  std::string trouble;       ///< why it should not be decoded; empty when nothing is wrong
};

Sniffed sniff(std::span<const std::uint8_t> bytes);

}  // namespace tine::app
