#include <tine/executor.hpp>

void misuse(tine::Executor& executor, int* value) {
  executor.submit([](int* p) { return *p; }, value);
}
