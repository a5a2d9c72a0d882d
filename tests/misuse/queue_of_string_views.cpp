#include <string_view>

#include <tine/queue.hpp>

void misuse() {
  tine::Queue<std::string_view> queue;
}
