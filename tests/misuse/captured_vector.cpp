#include <vector>

#include <tine/tine.hpp>

void misuse(tine::Pool& pool, tine::Array<int>& x) {
  std::vector<int> table(10);
  tine::for_each(pool, tine::inout(x), [table](int& v) { v = table[0]; });
}
