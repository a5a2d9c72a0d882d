// The first program of the documentation, as somebody else's project would build it.

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <span>

#include <tine/tine.hpp>

int main() {
  constexpr std::size_t n = 100'000;
  tine::Pool pool({.workers = 2});
  auto x = pool.array<float>(n);
  auto y = pool.array<float>(n);

  tine::for_each(pool, tine::inout(x), [](float& v) { v = 4.0f; });
  tine::transform(pool, tine::in(x), tine::out(y), [](float v) { return std::sqrt(v) * 2; });
  const double sum = tine::reduce(pool, tine::in(y), 0.0, std::plus<>{});
  if (sum != 4.0 * n) {
    std::printf("sum: %g\n", sum);
    return 1;
  }

  tine::for_each_slice(
      pool, tine::slices(n),
      [](tine::Slice s, std::span<const float> in, std::span<float> out) {
        for (std::size_t i = 0; i < in.size(); ++i) out[i] = in[i] + static_cast<float>(s.begin + i);
      },
      tine::in(x), tine::out(y));
  for (std::size_t i = 0; i < n; ++i) {
    if (y[i] != 4.0f + static_cast<float>(i)) {
      std::printf("y[%zu]: %g\n", i, static_cast<double>(y[i]));
      return 1;
    }
  }
}
