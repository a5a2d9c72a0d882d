#include "process/thread_caps.hpp"

#include <dlfcn.h>

#include <tine/pool.hpp>

namespace tine {

void on_worker_start(void (*function)()) {
  detail::start_hooks().push_back(function);
}

namespace detail {

std::vector<StartHook>& start_hooks() {
  static std::vector<StartHook> hooks;
  return hooks;
}

void cap_threads() {
  // Setters by value, and the number that means "no threads of your own".
  struct Setter {
    const char* name;
    int threads;
  };
  for (const Setter& setter : {
           Setter{"omp_set_num_threads", 1}, Setter{"openblas_set_num_threads", 1},
           Setter{"bli_thread_set_num_threads", 1}, Setter{"MKL_Set_Num_Threads", 1},
           Setter{"_ZN2cv13setNumThreadsEi",
                  0},  // cv::setNumThreads; 1 may still start a scheduler
       })
    if (void* function = dlsym(RTLD_DEFAULT, setter.name))
      reinterpret_cast<void (*)(int)>(function)(setter.threads);
}

}  // namespace detail
}  // namespace tine
