#include <array>

#include <tine/tine.hpp>

void misuse(tine::Pool& pool) {
  std::array<double, 2000> table{};
  tine::for_each_slice(pool, tine::slices(1), [table](const tine::Slice&) { (void)table; });
}
