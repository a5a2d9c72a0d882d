/// Kernel density estimation, for mining_learn_bench.
#pragma once

#include <cstddef>

#include <tine/pool.hpp>

#include "compare.hpp"
#include "python_peer.hpp"

namespace bench {

/// Registers it beside a plain loop with OpenMP and beside scikit-learn. All must outlive the run.
/// @param points  of which half as many are queries
void compare_densities(tine::Pool& all, tine::Pool& one, PythonPeer& python, std::size_t points,
                       const How& how);

}  // namespace bench
