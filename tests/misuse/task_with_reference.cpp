#include <functional>

#include <tine/executor.hpp>

void misuse(tine::Executor& executor, int& value) {
  executor.submit([](int& v) { ++v; }, std::ref(value));
}
