#include <tine/queue.hpp>
#include <tine/tine.hpp>

void misuse(tine::Pool& pool) {
  tine::Queue<int> queue;
  tine::for_each_slice(pool, tine::slices(1),
                       [q = std::move(queue)](const tine::Slice&) { q.put(1); });
}
