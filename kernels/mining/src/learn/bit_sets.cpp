#include "bit_sets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learn/bit_sets.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tine::mining {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

std::size_t intersect_all(const std::uint64_t* HWY_RESTRICT set,
                          const std::uint64_t* HWY_RESTRICT others, std::size_t count,
                          std::size_t words, std::uint64_t least, std::uint64_t* HWY_RESTRICT to,
                          Intersection* HWY_RESTRICT found) {
  const hn::CappedTag<std::uint64_t, bit_set_step> d;
  std::size_t kept = 0;
  for (std::size_t j = 0; j < count; ++j, others += words) {
    auto sum = hn::Zero(d);
    for (std::size_t i = 0; i < words; i += hn::Lanes(d)) {
      const auto both = hn::And(hn::LoadU(d, set + i), hn::LoadU(d, others + i));
      hn::StoreU(both, d, to + i);
      sum = hn::Add(sum, hn::PopulationCount(both));
    }
    const std::uint64_t size = hn::GetLane(hn::SumOfLanes(d, sum));
    if (size < least) continue;
    found[kept++] = {static_cast<std::uint32_t>(j), static_cast<std::uint32_t>(size)};
    to += words;
  }
  return kept;
}

}  // namespace HWY_NAMESPACE
}  // namespace tine::mining
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace tine::mining {

HWY_EXPORT(intersect_all);

std::size_t intersect(const std::uint64_t* set, const std::uint64_t* others, std::size_t count,
                      std::size_t words, std::uint64_t least, std::uint64_t* to,
                      Intersection* found) {
  return HWY_DYNAMIC_DISPATCH(intersect_all)(set, others, count, words, least, to, found);
}

}  // namespace tine::mining

#endif  // HWY_ONCE
