// The search behind nearest(), of points wherever they are in the arena.
#pragma once

#include <tine/mining/neighbours.hpp>

namespace tine::mining {

Neighbours nearest_points(const PoolWith& on, const View<const double, 2>& points,
                          const View<const double, 2>& queries, std::size_t k);
Neighbours nearest_other_points(const PoolWith& on, const View<const double, 2>& points,
                                std::size_t k);

}  // namespace tine::mining
