#include <tine/executor.hpp>

void misuse(tine::Executor& executor) {
  executor.submit([] { return new int(42); });
}
