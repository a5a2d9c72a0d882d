#include <vector>

#include <tine/executor.hpp>

void misuse(tine::Executor& executor, std::vector<int> values) {
  executor.submit([](std::vector<int>& v) { v.clear(); }, values);
}
