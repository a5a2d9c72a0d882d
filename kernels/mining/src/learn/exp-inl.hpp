// e^x and 2^-x in vectors of doubles, for files that Highway compiles once for each instruction set: included
// again for each. A lane's result does not depend on how many there are; with fused operations it may be
// another in the last bits than without.

#if defined(TINE_LEARN_EXP_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef TINE_LEARN_EXP_INL
#undef TINE_LEARN_EXP_INL
#else
#define TINE_LEARN_EXP_INL
#endif

#include <cstdint>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tine::mining {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Added to a number below 2^51, this leaves it rounded to an integer, which its lowest bits are.
inline constexpr double round_by = 0x1.8p52;

/// 2^r for |r| <= 1/2: 1 + r times the polynomial of degree 10 that makes the largest relative error least
/// (E. Remez's algorithm in 200 bits): 3.4e-18, to which rounding adds.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp2_of_fraction(D d, V r) {
  constexpr double c[] = {0x1.62e42fefa39efp-1,  0x1.ebfbdff82c5a4p-3,  0x1.c6b08d7049fe8p-5,
                          0x1.3b2ab6fba011ap-7,  0x1.5d87fe78cd6d0p-10, 0x1.4309130ed8cb1p-13,
                          0x1.ffcbfba980b43p-17, 0x1.62bfc79d500b1p-20, 0x1.b5267ce08d651p-24,
                          0x1.e61b4f9395f54p-28, 0x1.e79bb5cfdcbe7p-32};
  V p = hn::MulAdd(hn::Set(d, c[10]), r, hn::Set(d, c[9]));
  p = hn::MulAdd(p, r, hn::Set(d, c[8]));
  p = hn::MulAdd(p, r, hn::Set(d, c[7]));
  p = hn::MulAdd(p, r, hn::Set(d, c[6]));
  p = hn::MulAdd(p, r, hn::Set(d, c[5]));
  p = hn::MulAdd(p, r, hn::Set(d, c[4]));
  p = hn::MulAdd(p, r, hn::Set(d, c[3]));
  p = hn::MulAdd(p, r, hn::Set(d, c[2]));
  p = hn::MulAdd(p, r, hn::Set(d, c[1]));
  p = hn::MulAdd(p, r, hn::Set(d, c[0]));
  return hn::MulAdd(p, r, hn::Set(d, 1.0));
}

/// x * 2^k, where `shifted` is k + round_by, and neither x nor the result is subnormal.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V times_exp2(D d, V x, V shifted) {
  const hn::RebindToUnsigned<D> bits;
  return hn::BitCast(d,
                     hn::Add(hn::BitCast(bits, x), hn::ShiftLeft<52>(hn::BitCast(bits, shifted))));
}

/// 2^-x for x >= 0, not NaN: within 2 units in the last place up to 1021; beyond that, what it is there.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp2_of_minus(D d, V x) {
  const V by = hn::Set(d, round_by);
  const V small = hn::Min(x, hn::Set(d, 1021.0));
  const V shifted = hn::Sub(by, small);
  const V fraction = hn::Sub(hn::Sub(by, shifted), small);  // exact
  return times_exp2(d, exp2_of_fraction(d, fraction), shifted);
}

/// e^x: within 2 units in the last place, subnormal results included; infinity from where that is nearest, 0
/// from where that is; NaN of NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp(D d, V x) {
  constexpr double log2_e = 0x1.71547652b82fep0;
  // ln 2 in two parts, after W. Cody and W. Waite: the product of the first and any k here is exact.
  constexpr double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;
  const V by = hn::Set(d, round_by);
  // Here the results are 0 and infinity already.
  const V near = hn::Min(hn::Max(x, hn::Set(d, -746.0)), hn::Set(d, 710.0));
  const V k = hn::Sub(hn::MulAdd(near, hn::Set(d, log2_e), by), by);
  V r = hn::NegMulAdd(k, hn::Set(d, ln2_high), near);
  r = hn::NegMulAdd(k, hn::Set(d, ln2_low), r);
  const V p = exp2_of_fraction(d, hn::Mul(r, hn::Set(d, log2_e)));
  // 2^k in two steps, since not all of them are doubles, of which the second rounds.
  const V half = hn::Add(hn::Mul(k, hn::Set(d, 0.5)), by), rest = hn::Sub(k, hn::Sub(half, by));
  const V result =
      hn::Mul(times_exp2(d, p, half), times_exp2(d, hn::Set(d, 1.0), hn::Add(rest, by)));
  return hn::IfThenElse(hn::IsNaN(x), x, result);
}

}  // namespace HWY_NAMESPACE
}  // namespace tine::mining
HWY_AFTER_NAMESPACE();

#endif
