#include <tine/queue.hpp>

void misuse() {
  tine::Queue<int*> queue;
}
