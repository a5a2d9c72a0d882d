// Most mutations of a PNG end at the checksum of a chunk; this mutator puts the checksums right, so
// that what is behind them is tried too.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <boost/crc.hpp>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t capacity);

namespace {

std::uint32_t big(const std::uint8_t* p) {
  return std::uint32_t{p[0]} << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

void mend_png(std::uint8_t* data, std::size_t size) {
  constexpr std::size_t signature = 8, around = 12;  // length, name and checksum of a chunk
  if (size < signature || std::memcmp(data, "\x89PNG\r\n\x1a\n", signature) != 0) return;
  for (std::size_t at = signature; size - at >= around;) {
    const std::size_t length = big(data + at);
    if (length > size - at - around) return;
    boost::crc_32_type crc;
    crc.process_bytes(data + at + 4, 4 + length);
    for (std::size_t i = 0; i < 4; ++i)
      data[at + 8 + length + i] = static_cast<std::uint8_t>(crc.checksum() >> (24 - 8 * i));
    at += around + length;
  }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t capacity, unsigned seed) {
  size = LLVMFuzzerMutate(data, size, capacity);
  if (seed % 8 != 0) mend_png(data, size);  // now and then a wrong one is wanted
  return size;
}
