// Sums of exponentials, and exponentials over them, in one tile.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>

#include "tile_reduction.hpp"

namespace tine::matrix {

/// A reduction to the greatest number, and the sum of exp(number - greatest).
template <class T>
struct Exponentials {
  using Number = T;
  struct State {
    double greatest, sum;
  };
  static constexpr State none{-std::numeric_limits<double>::infinity(), 0};
  static State merge(const State& a, const State& b) {
    const double greatest = Greatest<double>::merge(a.greatest, b.greatest);
    const auto part = [greatest](const State& s) {
      return s.sum == 0 ? 0 : s.sum * std::exp(s.greatest - greatest);
    };
    return {greatest, part(a) + part(b)};
  }
};

/// to = exp(tile - greatest) / sum of each row's state, or each column's; or the logarithm of that.
template <class T>
using TileSoftmax = void(const T* tile, std::size_t stride, std::size_t rows, std::size_t columns,
                         const typename Exponentials<T>::State* states, bool per_row,
                         bool logarithm, T* to, std::size_t to_stride);

template <class T>
TileSoftmax<T>& tile_softmax(Isa isa);

template <>
ReduceTile<Exponentials<float>>& rows_reduction<Exponentials<float>>(Isa isa);
template <>
ReduceTile<Exponentials<double>>& rows_reduction<Exponentials<double>>(Isa isa);
template <>
ReduceTile<Exponentials<float>>& columns_reduction<Exponentials<float>>(Isa isa);
template <>
ReduceTile<Exponentials<double>>& columns_reduction<Exponentials<double>>(Isa isa);

}  // namespace tine::matrix
