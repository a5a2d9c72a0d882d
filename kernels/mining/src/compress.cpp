#include "compress.hpp"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compress.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tine::mining {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Bits of 64 rows.
std::uint64_t select_64(const std::uint8_t* HWY_RESTRICT values,
                        const std::uint8_t* HWY_RESTRICT nulls) {
  const hn::CappedTag<std::uint8_t, 64> d;
  const auto zero = hn::Zero(d);
  std::uint8_t bytes[64 + 8];  // StoreMaskBits may write more than there is
  for (std::size_t i = 0; i < 64; i += hn::Lanes(d)) {
    auto chosen = hn::Ne(hn::LoadU(d, values + i), zero);
    if (nulls != nullptr) chosen = hn::And(chosen, hn::Eq(hn::LoadU(d, nulls + i), zero));
    hn::StoreMaskBits(d, chosen, bytes + i / 8);
  }
  std::uint64_t bits;
  std::memcpy(&bits, bytes, sizeof bits);
  return bits;
}

void select_all(const Vector& condition, std::size_t rows, Selection& selection) {
  const auto* const values = condition.as<std::uint8_t>();
  const std::uint8_t* const nulls = condition.nulls;
  selection.rows = rows;
  selection.count = 0;
  for (std::size_t row = 0; row < rows; row += 64) {
    std::uint64_t bits;
    if (row + 64 <= rows) {
      bits = select_64(values + row, nulls == nullptr ? nullptr : nulls + row);
    } else {
      std::uint8_t last_values[64] = {}, last_nulls[64] = {};
      std::copy(values + row, values + rows, last_values);
      if (nulls != nullptr) std::copy(nulls + row, nulls + rows, last_nulls);
      bits = select_64(last_values, last_nulls);
    }
    selection.bits[row / 64] = bits;
    selection.count += static_cast<std::size_t>(std::popcount(bits));
  }
}

/// Of 64 rows; returns where the next ones go. (Highway 1.0.3's Compress copies its table to the stack in each
/// turn of a loop when GCC compiles it.)
std::uint64_t* compress_64(const std::uint64_t* HWY_RESTRICT from, std::uint64_t bits,
                           std::uint64_t* HWY_RESTRICT to) {
#if HWY_TARGET <= HWY_AVX3
  // In a register, which is stored whole: to store only what is chosen is slow on AMD's CPUs.
  for (; bits != 0; bits >>= 8, from += 8) {
    const auto some = static_cast<__mmask8>(bits);
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi64(some, _mm512_loadu_si512(from)));
    to += std::popcount(static_cast<std::uint8_t>(some));
  }
#else
  for (std::size_t i = 0; bits != 0 && i < 64; ++i, bits >>= 1) {
    std::memcpy(to, from + i, sizeof *to);
    to += bits & 1;
  }
#endif
  return to;
}

void compress(const std::uint64_t* HWY_RESTRICT from, const Selection& selection,
              std::uint64_t* HWY_RESTRICT to) {
  const std::size_t whole = selection.rows / 64 * 64;
  for (std::size_t row = 0; row < whole; row += 64)
    to = compress_64(from + row, selection.bits[row / 64], to);
  for (std::size_t row = whole; row < selection.rows; ++row)
    if (selection.bits[row / 64] >> (row % 64) & 1) std::memcpy(to++, from + row, sizeof *to);
}

}  // namespace HWY_NAMESPACE
}  // namespace tine::mining
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace tine::mining {

HWY_EXPORT(select_all);
HWY_EXPORT(compress);

void select(const Vector& condition, std::size_t rows, Selection& selection) {
  HWY_DYNAMIC_DISPATCH(select_all)(condition, rows, selection);
}
void compress_words(const std::uint64_t* from, const Selection& selection, std::uint64_t* to) {
  HWY_DYNAMIC_DISPATCH(compress)(from, selection, to);
}

}  // namespace tine::mining

#endif  // HWY_ONCE
