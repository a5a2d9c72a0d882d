#include <tine/tine.hpp>

void misuse(tine::Pool& pool, tine::Array<int>& x) {
  tine::for_each_slice(
      pool, tine::slices(x.size()),
      [](const tine::Slice&, std::span<const int> part) { part[0] = 1; }, tine::in(x));
}
