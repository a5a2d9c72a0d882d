// Householder reflectors, and blocks of them (R. Schreiber, C. Van Loan, A storage-efficient WY
// representation for products of Householder transformations, SISSC 10, 1989).
#pragma once

#include <cstddef>

#include <tine/pool.hpp>

#include "jobs.hpp"

namespace tine::matrix {

/// Reflectors in a block.
inline constexpr std::size_t block = 32;

/// x becomes v, with v[0] = 1, such that (I - tau v v') x = (beta, 0, ..., 0)'.
template <class T>
struct Reflector {
  T beta, tau;
};
/// The matrix that x is a part of has no elements larger than a few: what is so small that its square
/// would be inexact is nothing beside them.
template <class T>
Reflector<T> make_reflector(T* x, std::size_t size);

/// Q = H(0) H(1) ... H(count - 1), as they are made: with H(j) = I - tau[j] v v', where v is row j of
/// `v` and its elements before j + shift are zero.
template <class T>
struct Reflectors {
  Reflectors(Pool& pool, std::size_t count, std::size_t size, std::size_t zeros)
      : v(pool.array<T>(count, size)), tau(pool.array<T>(count)), shift(zeros) {}

  std::size_t count() const { return v.extent(0); }
  std::size_t size() const { return v.extent(1); }

  Array<T, 2> v;
  Array<T> tau;
  std::size_t shift;
};

/// c = Q c, for a row-major c with as many rows as v's have elements. Bands of columns go through all
/// blocks while they are in cache. 4 * count * size * columns operations, less for what is zero.
template <class T>
void apply(Jobs& jobs, const Reflectors<T>& q, const View<T, 2>& c);

}  // namespace tine::matrix
