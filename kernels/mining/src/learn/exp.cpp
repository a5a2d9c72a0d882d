#include "exp.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learn/exp.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "exp-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tine::mining {
namespace HWY_NAMESPACE {

void exp_all(const double* x, std::size_t n, double* to) {
  const hn::CappedTag<double, 8> d;
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= n; i += hn::Lanes(d))
    hn::StoreU(exp(d, hn::LoadU(d, x + i)), d, to + i);
  if (i == n) return;
  double last[8] = {};
  std::copy(x + i, x + n, last);
  hn::StoreU(exp(d, hn::LoadU(d, last)), d, last);
  std::copy_n(last, n - i, to + i);
}

}  // namespace HWY_NAMESPACE
}  // namespace tine::mining
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace tine::mining {

HWY_EXPORT(exp_all);

void exp(std::span<const double> x, std::span<double> to) {
  HWY_DYNAMIC_DISPATCH(exp_all)(x.data(), x.size(), to.data());
}

}  // namespace tine::mining

#endif  // HWY_ONCE
