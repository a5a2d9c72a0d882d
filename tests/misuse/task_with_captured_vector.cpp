#include <vector>

#include <tine/executor.hpp>

void misuse(tine::Executor& executor, const std::vector<int>& values) {
  executor.submit([values] { return values.size(); });
}
