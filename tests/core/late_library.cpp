// Kernels that are not in the program when its pool is made (see callable_test.cpp).
#include <tine/tine.hpp>

extern "C" void late_fill(tine::Pool& pool, tine::Array<int>& x) {
  tine::for_each(pool, tine::inout(x), [](int& v) { v = 42; });
}

extern "C" int late_function(int v) { return v + 1; }
