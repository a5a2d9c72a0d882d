// Solving with a triangular matrix, as a graph of tiles.
#pragma once

#include <tine/pool.hpp>
#include <tine/report.hpp>

#include "tile_factors.hpp"

namespace tine::matrix {

/// b = inverse(a) * b, where `a` is triangular, row-major, or with `transposed` the transpose of what is
/// given, and `b` row-major; both in the arena.
template <class T>
Report solve_in_place(const PoolWith& on, Triangle triangle, const View<const T, 2>& a,
                      bool transposed, const View<T, 2>& b);

}  // namespace tine::matrix
