// Products of tiles on Eigen, for whatever instructions the compiler may use here.
//
#include <Eigen/Core>

#include <algorithm>

#include "tile_product.hpp"

namespace tine::matrix::TINE_ISA_NAMESPACE {

namespace {

template <class T, int Order>
using Map = Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Order>,
                       Eigen::Unaligned, Eigen::OuterStride<>>;
template <class T>
using Result = Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>,
                          Eigen::Unaligned, Eigen::OuterStride<>>;

// Calls `with` with the tile as Eigen knows it: storage order is part of the type.
template <class T, class F>
void as_eigen(const Tile<T>& tile, F with) {
  const Eigen::OuterStride<> stride(static_cast<Eigen::Index>(tile.stride));
  if (tile.row_major)
    with(Map<T, Eigen::RowMajor>(tile.data, tile.rows, tile.columns, stride));
  else
    with(Map<T, Eigen::ColMajor>(tile.data, tile.rows, tile.columns, stride));
}

// The tile's conjugate in memory of its own, where it is the conjugate that is meant.
template <class T>
struct Conjugated {
  explicit Conjugated(const Tile<T>& from) : tile(from) {
    if (!from.conjugate) return;
    as_eigen(from, [this](const auto& map) { memory = map.conjugate(); });
    tile = {memory.data(), from.rows, from.columns, from.columns, true};
  }
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> memory;
  Tile<T> tile;
};

// Calls multiply(a, b, beta) for factors that are not conjugated. Eigen could conjugate on the way, but
// with four times as much code: here some columns of a, and rows of b, are copied at a time.
template <class T, class F>
void without_conjugates(const Tile<T>& a, const Tile<T>& b, T beta, F multiply) {
  constexpr std::size_t step = 256;
  if (!a.conjugate && !b.conjugate) return multiply(a, b, beta);
  for (std::size_t k = 0; k < std::max<std::size_t>(a.columns, 1); k += step) {
    const std::size_t count = std::min(step, a.columns - k);
    const Conjugated<T> left(columns_of(a, k, count)), right(rows_of(b, k, count));
    multiply(left.tile, right.tile, k == 0 ? beta : T(1));
  }
}

template <class T, class C>
void scale(C&& c, T beta) {
  if (beta == T(0))
    c.setZero();
  else if (beta != T(1))
    c *= beta;
}

}  // namespace

template <class T>
void multiply(const Tile<T>& a, const Tile<T>& b, T alpha, T beta, T* data, std::size_t stride) {
  Result<T> c(data, a.rows, b.columns, Eigen::OuterStride<>(static_cast<Eigen::Index>(stride)));
  without_conjugates(a, b, beta, [&](const Tile<T>& l, const Tile<T>& r, T times) {
    scale(c, times);
    as_eigen(l, [&](const auto& left) {
      as_eigen(r, [&](const auto& right) { c.noalias() += (alpha * left) * right; });
    });
  });
}

#define TINE_MULTIPLY(T) \
  template void multiply(const Tile<T>&, const Tile<T>&, T, T, T*, std::size_t);
TINE_MULTIPLY(float)
TINE_MULTIPLY(double)
TINE_MULTIPLY(std::complex<float>)
TINE_MULTIPLY(std::complex<double>)
#undef TINE_MULTIPLY

}  // namespace tine::matrix::TINE_ISA_NAMESPACE
