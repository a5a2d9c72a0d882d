// Compiled for several instruction sets, of which Highway chooses at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "csv/decimals.cpp"  // NOLINT
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

#include "decimals.hpp"

HWY_BEFORE_NAMESPACE();
namespace tine::mining {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

// Without vectors nothing is gained.
void integers(const CellColumn&, std::size_t count, std::int64_t*, std::uint8_t* good) {
  std::fill_n(good, count, std::uint8_t{0});
}
void reals(const CellColumn&, std::size_t count, double*, std::uint8_t* good) {
  std::fill_n(good, count, std::uint8_t{0});
}

#else

namespace hn = hwy::HWY_NAMESPACE;

// Some cells, 16 bytes each.
struct Group {
  static constexpr std::size_t cells = 64;
  alignas(64) std::uint8_t characters[cells * 16];
  // Two for each cell: of its first eight characters, and of the last eight.
  alignas(64) std::uint64_t digits[cells * 2];
  alignas(64) std::uint64_t up_to_point[cells * 2];  // how many they are
  alignas(64) std::uint64_t sign[cells];             // the highest bit
  alignas(64) std::uint16_t points[cells];           // a bit for each character
  alignas(64) std::uint16_t others[cells];           // what is neither point nor digit
  alignas(64) std::uint16_t size[cells];             // without a minus; 0 where it is too long, too
};

// Each cell to the end of its 16 bytes, as the values of digits; zeros before it.
void gather(const CellColumn& cells, std::size_t from, std::size_t count, Group& group) {
  const hn::Full128<std::uint8_t> d;
  alignas(16) static constexpr std::uint8_t mask[32] = {
      0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
      255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
  const auto zero = hn::Set(d, std::uint8_t{'0'});
  const std::uint32_t* ends = cells.ends + from * cells.stride;
  for (std::size_t i = 0; i < count; ++i, ends += cells.stride) {
    const std::uint32_t begin = ends[0] + 1, end = ends[1];
    const std::uint32_t minus = cells.text[begin] == '-';
    std::uint32_t size = end - begin - minus;
    size = size <= 16 ? size : 0;
    const auto text = hn::LoadU(d, reinterpret_cast<const std::uint8_t*>(cells.text) +
                                       static_cast<std::ptrdiff_t>(end) - 16);
    hn::Store(hn::And(hn::Xor(text, zero), hn::LoadU(d, mask + size)), d,
              group.characters + i * 16);
    group.size[i] = static_cast<std::uint16_t>(size);
    group.sign[i] = std::uint64_t{minus} << 63;
  }
}

// Takes out the points; digits become numbers in pairs, fours, eights.
void convert(Group& group) {
  const hn::CappedTag<std::uint8_t, 64> d;
  const hn::Repartition<std::uint16_t, decltype(d)> d16;
  const hn::Repartition<std::uint32_t, decltype(d)> d32;
  const hn::Repartition<std::uint64_t, decltype(d)> d64;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t i = 0; i < Group::cells * 16; i += lanes) {
    auto v = hn::Load(d, group.characters + i);
    const auto point = hn::Eq(v, hn::Set(d, std::uint8_t{'.' ^ '0'}));
    // What is before the point moves towards it.
    auto up_to = hn::VecFromMask(d, point);
    up_to = hn::Or(up_to, hn::ShiftRightBytes<1>(d, up_to));
    up_to = hn::Or(up_to, hn::ShiftRightBytes<2>(d, up_to));
    up_to = hn::Or(up_to, hn::ShiftRightBytes<4>(d, up_to));
    up_to = hn::Or(up_to, hn::ShiftRightBytes<8>(d, up_to));
    v = hn::IfThenElse(hn::MaskFromVec(up_to), hn::ShiftLeftBytes<1>(d, v), v);
    hn::Store(hn::SumsOf8(hn::And(up_to, hn::Set(d, std::uint8_t{1}))), d64,
              group.up_to_point + i / 8);
    hn::StoreMaskBits(d, point, reinterpret_cast<std::uint8_t*>(group.points) + i / 8);
    hn::StoreMaskBits(d, hn::Gt(v, hn::Set(d, std::uint8_t{9})),
                      reinterpret_cast<std::uint8_t*>(group.others) + i / 8);
    // The first of two digits is in the lower byte.
    auto pairs = hn::BitCast(d16, v);
    pairs =
        hn::And(hn::Add(hn::Mul(pairs, hn::Set(d16, std::uint16_t{10})), hn::ShiftRight<8>(pairs)),
                hn::Set(d16, std::uint16_t{0xff}));
    auto fours = hn::BitCast(
        d32, hn::Mul(pairs, hn::BitCast(d16, hn::Set(d32, std::uint32_t{1} << 16 | 100))));
    fours = hn::Add(hn::And(fours, hn::Set(d32, std::uint32_t{0xffff})), hn::ShiftRight<16>(fours));
    const auto eights = hn::Add(hn::MulEven(fours, hn::Set(d32, std::uint32_t{10'000})),
                                hn::ShiftRight<32>(hn::BitCast(d64, fours)));
    hn::Store(eights, d64, group.digits + i / 8);
  }
}

// The value of each cell's digits, and by how much they are to be divided, to use(cell, ...).
template <class Use>
void finish(const Group& group, Use use) {
  const hn::CappedTag<std::uint64_t, 8> d64;
  const hn::Repartition<std::uint32_t, decltype(d64)> d32;
  // By how many characters are up to the point.
  static constexpr double powers[] = {1e0, 1e15, 1e14, 1e13, 1e12, 1e11, 1e10, 1e9, 1e8,
                                      1e7, 1e6,  1e5,  1e4,  1e3,  1e2,  1e1,  1e0};
  const hn::RebindToFloat<decltype(d64)> real;
  const hn::RebindToSigned<decltype(d64)> integer;
  for (std::size_t i = 0; i < Group::cells; i += hn::Lanes(d64)) {
    auto first = hn::Zero(d64), last = hn::Zero(d64);
    hn::LoadInterleaved2(d64, group.digits + 2 * i, first, last);
    const auto digits = hn::BitCast(
        integer, hn::Add(hn::MulEven(hn::BitCast(d32, first), hn::Set(d32, 100'000'000u)), last));
    hn::LoadInterleaved2(d64, group.up_to_point + 2 * i, first, last);
    const auto places = hn::BitCast(integer, hn::Add(first, last));
    use(i, digits, hn::GatherIndex(real, powers, places), hn::Load(d64, group.sign + i));
  }
}

// A digit at least, and not so many that they could be no double.
void judge(const Group& group, bool may_have_point, std::uint8_t* good) {
  const hn::CappedTag<std::uint16_t, 64> d;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  const auto zero = hn::Zero(d), one = hn::Set(d, std::uint16_t{1});
  const auto wrong_points = hn::Set(d, static_cast<std::uint16_t>(may_have_point ? 0 : 0xffff));
  for (std::size_t i = 0; i < Group::cells; i += hn::Lanes(d)) {
    const auto points = hn::Load(d, group.points + i);
    const auto digits = hn::Sub(hn::Load(d, group.size + i), hn::Min(points, one));
    const auto wrong = hn::Or(hn::Load(d, group.others + i), hn::And(points, wrong_points));
    const auto are_good =
        hn::And(hn::Eq(wrong, zero), hn::Lt(hn::Sub(digits, one), hn::Set(d, std::uint16_t{15})));
    const auto ones = hn::IfThenElseZero(are_good, one);
    hn::StoreU(hn::DemoteTo(bytes, hn::BitCast(hn::RebindToSigned<decltype(d)>(), ones)), bytes,
               good + i);
  }
}

void integers(const CellColumn& cells, std::size_t count, std::int64_t* values,
              std::uint8_t* good) {
  Group group;
  for (std::size_t from = 0; from < count; from += Group::cells) {
    gather(cells, from, HWY_MIN(Group::cells, count - from), group);
    convert(group);
    judge(group, false, good + from);
    finish(group, [&](std::size_t i, auto digits, auto, auto sign) {
      // All bits of negative numbers: -x is ~x + 1.
      const hn::DFromV<decltype(digits)> d;
      const auto minus = hn::BroadcastSignBit(hn::BitCast(d, sign));
      hn::StoreU(hn::Sub(hn::Xor(digits, minus), minus), d, values + from + i);
    });
  }
}

void reals(const CellColumn& cells, std::size_t count, double* values, std::uint8_t* good) {
  Group group;
  for (std::size_t from = 0; from < count; from += Group::cells) {
    gather(cells, from, HWY_MIN(Group::cells, count - from), group);
    convert(group);
    judge(group, true, good + from);
    finish(group, [&](std::size_t i, auto digits, auto power, auto sign) {
      // Both are exact, so the quotient is the double nearest to the text (W. Clinger, "How to read
      // floating point numbers accurately", 1990).
      const hn::DFromV<decltype(power)> d;
      const auto magnitude = hn::Div(hn::ConvertTo(d, digits), power);
      hn::StoreU(hn::Or(magnitude, hn::BitCast(d, sign)), d, values + from + i);
    });
  }
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace tine::mining
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tine::mining {

HWY_EXPORT(integers);
HWY_EXPORT(reals);

void read_decimals(const CellColumn& cells, std::size_t count, std::int64_t* values,
                   std::uint8_t* good) {
  HWY_DYNAMIC_DISPATCH(integers)(cells, count, values, good);
}
void read_decimals(const CellColumn& cells, std::size_t count, double* values, std::uint8_t* good) {
  HWY_DYNAMIC_DISPATCH(reals)(cells, count, values, good);
}

}  // namespace tine::mining
#endif
