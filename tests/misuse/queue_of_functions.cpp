#include <functional>

#include <tine/queue.hpp>

void misuse() {
  tine::Queue<std::function<void()>> queue;
}
