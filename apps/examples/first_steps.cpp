// Arrays in shared memory, work on their elements, and work on slices of them.
#include <cmath>
#include <cstdio>

#include <tine/tine.hpp>

int main() {
  tine::Pool pool;                      // one worker per CPU we may use
  auto x = pool.array<float>(1 << 28);  // shared, zeroed, 1 GiB
  auto y = pool.array<float>(1 << 28);

  tine::for_each(pool, tine::inout(x), [](float& v) { v = 1.0f; });
  tine::transform(pool, tine::in(x), tine::out(y), [](float v) { return std::sqrt(v) * 2; });
  double sum = tine::reduce(pool, tine::in(y), 0.0, std::plus<>{});
  std::printf("sum of %zu elements: %.0f\n", y.size(), sum);
  if (sum != 2.0 * (1 << 28)) return 1;

  // slices: what the others are built on
  tine::for_each_slice(
      pool, tine::slices(y.size()),
      [](tine::Slice s, std::span<const float> in, std::span<float> out) {
        for (std::size_t i = 0; i < in.size(); ++i) out[i] = in[i] + s.begin;
      },
      tine::in(x), tine::out(y));

  const tine::Partition slices = tine::slices(y.size());
  for (std::size_t i = 0; i < slices.size(); ++i) {
    const tine::Slice s = slices.slice(i);
    if (y[s.begin] != 1.0f + s.begin || y[s.end - 1] != 1.0f + s.begin) return 1;
  }
  std::printf("%zu slices on %u workers\n", slices.size(), pool.workers());
}
