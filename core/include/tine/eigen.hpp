/// @file
/// Views as Eigen matrices, without copying an element. Needs Eigen 3.4's headers; not part of
/// tine.hpp.
///
/// @code
/// tine::for_each_slice(pool, tine::rows(c), [](tine::Slice, auto a, auto c, auto b) {
///   tine::as_map(c).noalias() = tine::as_map(a) * tine::as_map(b);
/// }, tine::in(a), tine::out(c), tine::whole(b));
/// @endcode
#pragma once

#include <span>
#include <type_traits>

#include <Eigen/Core>

#include <tine/view.hpp>

namespace tine {

namespace detail {

template <class T, class Plain>
using MapTo = std::conditional_t<std::is_const_v<T>, const Plain, Plain>;

}  // namespace detail

/// A row-major matrix whose rows may lie apart, as in a band or tile of something wider.
template <class T>
using MatrixMap = Eigen::Map<detail::MapTo<T, Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic,
                                                            Eigen::Dynamic, Eigen::RowMajor>>,
                             Eigen::Unaligned, Eigen::OuterStride<>>;

/// A column vector of adjacent elements.
template <class T>
using VectorMap =
    Eigen::Map<detail::MapTo<T, Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, 1>>>;

/// The view's elements as a matrix. The elements of a row must be adjacent, as they are in every
/// array and in every part of one that a kernel gets. The map does not keep the memory alive.
template <class T>
MatrixMap<T> as_map(const View<T, 2>& view) {
  return {view.data(), static_cast<Eigen::Index>(view.extent(0)),
          static_cast<Eigen::Index>(view.extent(1)),
          Eigen::OuterStride<>(static_cast<Eigen::Index>(view.stride(0)))};
}

/// The view's elements as a column vector. They must be adjacent.
template <class T>
VectorMap<T> as_map(const View<T, 1>& view) {
  return {view.data(), static_cast<Eigen::Index>(view.size())};
}

/// What a kernel gets of a one-dimensional array, as a column vector.
template <class T>
VectorMap<T> as_map(std::span<T> part) {
  return {part.data(), static_cast<Eigen::Index>(part.size())};
}

}  // namespace tine
