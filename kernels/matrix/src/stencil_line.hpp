// One line of a grid and its neighbours.
#pragma once

#include <cstddef>

#include <tine/matrix/isa.hpp>

namespace tine::matrix {

/// Coefficients of a stencil: of the cell, and of its neighbours in the line (left, right), in the plane
/// (up, down) and in the planes beside it (before, after). In two dimensions lines are units, so
/// that up and down are not there.
template <class T>
struct Coefficients {
  T centre, before, after, up, down, left, right;
};

/// Part of a line: `count` cells, those beside them, and the cell to the left and to the right.
template <class T>
struct StencilLine {
  const T *centre, *before, *after;
  const T *up, *down;  ///< null in two dimensions
  T left, right;
  std::size_t count;
};

template <class T>
struct StencilKernels {
  /// to = the stencil on the line
  void (*apply)(const Coefficients<T>&, const StencilLine<T>&, T* to);
  /// to = centre + (b - the stencil on the line) * inverse
  void (*relax)(const Coefficients<T>&, const StencilLine<T>&, const T* b, T inverse, T* to);
};

/// Those for an instruction set that this machine has.
template <class T>
StencilKernels<T> stencil_kernels(Isa isa);

}  // namespace tine::matrix
