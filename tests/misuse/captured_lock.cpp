#include <tine/tine.hpp>

void misuse(tine::Pool& pool) {
  tine::Lock lock;
  tine::for_each_slice(pool, tine::slices(1),
                       [l = std::move(lock)](const tine::Slice&) { l.lock(); });
}
