// Bytes to bits. Compiled for several instruction sets, of which Highway chooses at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "csv/marks.cpp"  // NOLINT
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "structure.hpp"

HWY_BEFORE_NAMESPACE();
namespace tine::mining {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

void marks_of(const char* bytes, std::size_t blocks, char delimiter, Marks* marks) {
  for (std::size_t block = 0; block < blocks; ++block, bytes += 64) {
    marks[block] = {};
    for (unsigned i = 0; i < 64; ++i) {
      const std::uint64_t bit = std::uint64_t{1} << i;
      if (bytes[i] == delimiter || bytes[i] == '\n') marks[block].separators |= bit;
      if (bytes[i] == '\n') marks[block].newlines |= bit;
      if (bytes[i] == '"') marks[block].quotes |= bit;
    }
  }
}

#else

namespace hn = hwy::HWY_NAMESPACE;

void marks_of(const char* bytes, std::size_t blocks, char delimiter, Marks* marks) {
  const hn::CappedTag<std::uint8_t, 64> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto delimiters = hn::Set(d, static_cast<std::uint8_t>(delimiter));
  const auto newlines = hn::Set(d, std::uint8_t{'\n'});
  const auto quotes = hn::Set(d, std::uint8_t{'"'});
  for (std::size_t block = 0; block < blocks; ++block, bytes += 64) {
    std::uint8_t bits[3][8];
    for (std::size_t i = 0; i < 64; i += lanes) {
      const auto v = hn::LoadU(d, reinterpret_cast<const std::uint8_t*>(bytes) + i);
      const auto newline = hn::Eq(v, newlines);
      hn::StoreMaskBits(d, hn::Or(hn::Eq(v, delimiters), newline), bits[0] + i / 8);
      hn::StoreMaskBits(d, newline, bits[1] + i / 8);
      hn::StoreMaskBits(d, hn::Eq(v, quotes), bits[2] + i / 8);
    }
    hwy::CopyBytes<8>(bits[0], &marks[block].separators);
    hwy::CopyBytes<8>(bits[1], &marks[block].newlines);
    hwy::CopyBytes<8>(bits[2], &marks[block].quotes);
  }
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace tine::mining
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tine::mining {

HWY_EXPORT(marks_of);

void find_marks(const char* bytes, std::size_t blocks, char delimiter, Marks* marks) {
  HWY_DYNAMIC_DISPATCH(marks_of)(bytes, blocks, delimiter, marks);
}

}  // namespace tine::mining
#endif
