#include <tine/tine.hpp>

void misuse(tine::Pool& pool, const tine::Array<int>& x, const tine::Array<int>& y) {
  tine::transform(pool, tine::in(x), tine::out(y), [](int v) { return v; });
}
