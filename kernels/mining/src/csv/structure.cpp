#include "structure.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace tine::mining {

namespace {

constexpr std::uint64_t prefix_xor(std::uint64_t bits) {
  for (unsigned shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

// Bits [begin, end).
constexpr std::uint64_t range(unsigned begin, unsigned end) {
  return (end == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << end) - 1) &
         ~((std::uint64_t{1} << begin) - 1);
}

}  // namespace

void QuoteState::take_quotes(Marks& marks, unsigned size) {
  std::uint64_t inside = prefix_xor(marks.quotes) ^ (quoted_ ? ~std::uint64_t{0} : 0);
  std::uint64_t closing = marks.quotes & ~inside;
  const std::uint64_t may_open =
      (marks.separators | closing) << 1 | static_cast<std::uint64_t>(may_open_);
  if ((marks.quotes & inside & ~may_open) != 0) {  // some quotes are text
    inside = closing = 0;
    bool quoted = quoted_;
    unsigned from = 0;
    for (std::uint64_t rest = marks.quotes; rest != 0; rest &= rest - 1) {
      const auto at = static_cast<unsigned>(std::countr_zero(rest));
      if (quoted) {
        inside |= range(from, at);
        closing |= std::uint64_t{1} << at;
        quoted = false;
      } else if (at == 0 ? may_open_ : ((marks.separators | closing) >> (at - 1) & 1) != 0) {
        from = at;
        quoted = true;
      }
    }
    if (quoted) inside |= range(from, 64);
  }
  marks.separators &= ~inside;
  marks.newlines &= ~inside;
  quoted_ = inside >> (size - 1) & 1;
  may_open_ = (marks.separators | closing) >> (size - 1) & 1;
}

QuoteEnds quote_ends(const char* bytes, std::size_t size, char delimiter, bool begins_cell) {
  QuoteState states[2] = {{false, begins_cell}, {true, false}};
  constexpr std::size_t blocks = 64;
  Marks marks[blocks];
  if (size == 0 || std::memchr(bytes, '"', size) == nullptr) return {{false, true}};
  for (std::size_t at = 0; at < size; at += blocks * 64) {
    const std::size_t count = std::min(blocks, (size - at + 63) / 64);
    find_marks(bytes + at, count, delimiter, marks);
    for (std::size_t i = 0; i < count; ++i) {
      const auto n = static_cast<unsigned>(std::min<std::size_t>(64, size - at - i * 64));
      Marks here = marks[i];
      here.separators &= range(0, n);
      here.newlines &= range(0, n);
      here.quotes &= range(0, n);
      Marks there = here;
      const bool met = states[0] == states[1];  // mostly where the first quoted cell ends
      states[0].take(here, n);
      if (met)
        states[1] = states[0];
      else
        states[1].take(there, n);
    }
  }
  return {{states[0].quoted(), states[1].quoted()}};
}

}  // namespace tine::mining
