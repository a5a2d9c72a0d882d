// What a queue costs: an item within one process, there and back between two, and in bulk. The peer
// is a pair of pipes, which is what a program would use without tine.
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <tine/queue.hpp>
#include <tine/tine.hpp>

#include "compare.hpp"

namespace {

using bench::Goal;
using bench::Side;

/// Answers whatever comes in, until it is closed.
template <class T>
class Echo {
 public:
  Echo()
      : job_([this] {
          tine::for_each_slice(pool_, tine::slices(1, 1),
                               [in = there.view(), out = back.view()](const tine::Slice&) {
                                 try {
                                   for (;;) out.put(in.get());
                                 } catch (const tine::Closed&) {
                                 }
                               });
        }) {}
  ~Echo() {
    there.close();
    job_.join();
  }

  tine::Queue<T> there, back;

 private:
  tine::Pool pool_{tine::PoolOptions{.workers = 1}};
  std::thread job_;
};

/// The same over pipes, for one int.
class PipeEcho {
 public:
  PipeEcho() {
    bench::require(pipe(there_) == 0 && pipe(back_) == 0, "pipes can be made");
    child_ = fork();
    if (child_ != 0) {
      close(there_[0]);
      return;
    }
    close(there_[1]);
    int value;
    while (read(there_[0], &value, sizeof value) > 0)
      if (write(back_[1], &value, sizeof value) < 0) break;
    _exit(0);
  }
  ~PipeEcho() {
    close(there_[1]);
    waitpid(child_, nullptr, 0);
    close(back_[0]);
    close(back_[1]);
  }
  int call(int value) {
    bench::require(write(there_[1], &value, sizeof value) == sizeof value &&
                       read(back_[0], &value, sizeof value) == sizeof value,
                   "the pipe carries the value");
    return value;
  }

 private:
  int there_[2], back_[2];
  pid_t child_;
};

}  // namespace

int main(int argc, char** argv) {
  bench::compare("put and get an int, one process", {.calls = 100'000},
                 {{Goal::What::seconds, 0.5e-6}}, [] {
                   auto queue = std::make_shared<tine::Queue<int>>();
                   return std::vector<Side>{{"tine", [queue] {
                                               queue->put(1);
                                               bench::require(queue->get() == 1, "same");
                                             }}};
                 });
  bench::compare("an int to another process and back", {.calls = 2000},
                 {{Goal::What::time, 1, "pipes"}}, [] {
                   auto pipes = std::make_shared<PipeEcho>();
                   auto echo = std::make_shared<Echo<int>>();
                   return std::vector<Side>{{"tine",
                                             [echo] {
                                               echo->there.put(7);
                                               bench::require(echo->back.get() == 7, "same");
                                             }},
                                            {"pipes", [pipes] { pipes->call(7); }}};
                 });
  static constexpr std::size_t large = std::size_t{256} << 20;
  bench::compare("put and get 256 MiB, one process", {.items = static_cast<double>(large)}, {}, [] {
    auto queue = std::make_shared<tine::Queue<std::string>>();
    auto item = std::make_shared<std::string>(large, 'x');
    return std::vector<Side>{{"tine",
                              [queue, item] {
                                queue->put(*item);
                                bench::require(queue->get().size() == large, "same");
                              }},
                             {"two copies", [item] {
                                const std::string copy(*item);
                                const std::string again(copy);
                                bench::require(again.size() == large, "same");
                              }}};
  });
  return bench::run("queue", argc, argv);
}
