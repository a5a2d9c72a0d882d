// A process puts a value into a queue, the main process gets it.
#include <cstdio>
#include <optional>
#include <string>
#include <tuple>

#include <tine/queue.hpp>
#include <tine/tine.hpp>

namespace {

using Value = std::tuple<int, std::optional<double>, std::string>;

void produce(tine::QueueView<Value> queue) {
  queue.put({42, std::nullopt, "hello"});
}

}  // namespace

int main() {
  tine::Queue<Value> queue;
  tine::Process producer(produce, queue.view());
  producer.start();
  const auto [number, nothing, text] = queue.get();  // before or after join(): both are fine
  producer.join();
  std::printf("got %d, %s, %s\n", number, nothing ? "something" : "nothing", text.c_str());
  return number == 42 && !nothing && text == "hello" ? 0 : 1;
}
