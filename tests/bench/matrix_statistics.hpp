/// Reductions, softmax, running sums, covariances and distances, for matrix_bench.
#pragma once

#include <tine/pool.hpp>

namespace bench {

/// Registers them beside Eigen, numpy and scipy. Both pools must outlive the run.
void compare_statistics(tine::Pool& all, tine::Pool& one);

}  // namespace bench
