#include <utility>

#include <tine/executor.hpp>

void misuse(tine::Executor& executor, tine::Array<int> array) {
  executor.submit([](const tine::Array<int>& a) { return a[0]; }, array);
}
