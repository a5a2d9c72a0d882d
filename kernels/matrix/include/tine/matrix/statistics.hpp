/// @file
/// Sums, means, variances and extremes: of each row of a matrix, of each column, or of all of it.
///
/// All take arrays, views, and Eigen's matrices, maps, blocks and transposes of float or double. What
/// lies in the pool's arena is used in place, in row-major or column-major order and with any distance
/// between rows; anything else is copied first. Every element is read from memory once.
///
/// Sums are taken in double precision, pairwise: in blocks of 16 KiB, in the lanes of vector registers,
/// and the blocks in a tree. So a sum of doubles is off by no more than (140 + log2(n)) * 2^-53 of the sum
/// of their absolute values (N. Higham, The accuracy of floating point summation, SIAM J. Sci. Comput. 14,
/// 1993), and one of floats is right to its last bit but for cancellation. Pairs, because they cost
/// nothing beside the reading of memory, and let NaN and infinity through, which compensation does not.
/// Blocks come from sizes alone: the same bits come out on any number of workers, whatever happens to
/// them.
#pragma once

#include <cstddef>
#include <type_traits>

#include <tine/matrix/operand.hpp>
#include <tine/matrix/per.hpp>
#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::matrix {

/// Where an element is.
struct Position {
  std::size_t row = 0, column = 0;
  friend constexpr bool operator==(const Position&, const Position&) = default;
};

namespace detail {

enum class Statistic : std::uint8_t { sum, mean, product, min, max, variance, stddev };
enum class Extreme : std::uint8_t { min, max };

template <class T>
Report statistic(const PoolWith& on, Statistic which, Operand<const T> a, Per per,
                 Operand<T> result, std::size_t ddof);
template <class T>
T statistic(const PoolWith& on, Statistic which, Operand<const T> a, std::size_t ddof);
template <class T>
Report position(const PoolWith& on, Extreme which, Operand<const T> a, Per per,
                Operand<std::size_t> result);
template <class T>
Position position(const PoolWith& on, Extreme which, Operand<const T> a);

template <class A, class R>
Report statistic_of(const PoolWith& on, Statistic which, const A& a, Per per, R&& result,
                    std::size_t ddof = 0) {
  static_assert(std::is_same_v<Scalar<A>, Scalar<R>> && std::is_floating_point_v<Scalar<A>>,
                "the matrix and the results have elements of one type: float or double");
  return statistic<Scalar<A>>(on, which, operand(a), per, operand(result), ddof);
}
template <class A>
Scalar<A> statistic_of(const PoolWith& on, Statistic which, const A& a, std::size_t ddof = 0) {
  static_assert(std::is_floating_point_v<Scalar<A>>, "the elements are float or double");
  return statistic<Scalar<A>>(on, which, operand(a), ddof);
}

}  // namespace detail

/// result(i) = the sum of row i, or of column i; without `per`, of all elements. 0 where there are none.
///
/// @code
/// tine::matrix::sum(pool, a, tine::matrix::Per::column, totals);
/// const double total = tine::matrix::sum(pool, a);
/// @endcode
///
/// @param result  as many elements as `a` has rows, or columns; it must not overlap `a`
/// @throws InvalidArgument  shapes that do not fit
/// @throws OutOfMemory      no room in the arena for what must be copied
/// @throws what for_each_slice() throws
template <OperandLike A, OperandLike R>
Report sum(const PoolWith& on, const A& a, Per per, R&& result) {
  return detail::statistic_of(on, detail::Statistic::sum, a, per, result);
}
template <OperandLike A>
Scalar<A> sum(const PoolWith& on, const A& a) {
  return detail::statistic_of(on, detail::Statistic::sum, a);
}

/// The arithmetic mean; NaN where there are no elements. Otherwise as sum().
template <OperandLike A, OperandLike R>
Report mean(const PoolWith& on, const A& a, Per per, R&& result) {
  return detail::statistic_of(on, detail::Statistic::mean, a, per, result);
}
template <OperandLike A>
Scalar<A> mean(const PoolWith& on, const A& a) {
  return detail::statistic_of(on, detail::Statistic::mean, a);
}

/// The product, in double precision; 1 where there are no elements. Otherwise as sum().
template <OperandLike A, OperandLike R>
Report product(const PoolWith& on, const A& a, Per per, R&& result) {
  return detail::statistic_of(on, detail::Statistic::product, a, per, result);
}
template <OperandLike A>
Scalar<A> product(const PoolWith& on, const A& a) {
  return detail::statistic_of(on, detail::Statistic::product, a);
}

/// The least element; NaN where there is one. Throws InvalidArgument when there are no elements.
/// Otherwise as sum().
template <OperandLike A, OperandLike R>
Report min(const PoolWith& on, const A& a, Per per, R&& result) {
  return detail::statistic_of(on, detail::Statistic::min, a, per, result);
}
template <OperandLike A>
Scalar<A> min(const PoolWith& on, const A& a) {
  return detail::statistic_of(on, detail::Statistic::min, a);
}

/// The greatest element; otherwise as min().
template <OperandLike A, OperandLike R>
Report max(const PoolWith& on, const A& a, Per per, R&& result) {
  return detail::statistic_of(on, detail::Statistic::max, a, per, result);
}
template <OperandLike A>
Scalar<A> max(const PoolWith& on, const A& a) {
  return detail::statistic_of(on, detail::Statistic::max, a);
}

/// The sum of the squared distances from the mean over the number of elements less `ddof`: 0 for a whole
/// population, 1 for a sample of one. NaN where that number is not above 0. Of equal elements it is
/// exactly 0. Otherwise as sum().
///
/// Of each block that fits into the cache, the mean and the squared distances from it are taken one after
/// another, and blocks are joined as T. Chan, G. Golub and R. LeVeque do (Updating formulae and a
/// pairwise algorithm for computing sample variances, 1979): elements far from 0 lose no digits.
template <OperandLike A, OperandLike R>
Report variance(const PoolWith& on, const A& a, Per per, R&& result, std::size_t ddof = 0) {
  return detail::statistic_of(on, detail::Statistic::variance, a, per, result, ddof);
}
template <OperandLike A>
Scalar<A> variance(const PoolWith& on, const A& a, std::size_t ddof = 0) {
  return detail::statistic_of(on, detail::Statistic::variance, a, ddof);
}

/// The square root of variance().
template <OperandLike A, OperandLike R>
Report stddev(const PoolWith& on, const A& a, Per per, R&& result, std::size_t ddof = 0) {
  return detail::statistic_of(on, detail::Statistic::stddev, a, per, result, ddof);
}
template <OperandLike A>
Scalar<A> stddev(const PoolWith& on, const A& a, std::size_t ddof = 0) {
  return detail::statistic_of(on, detail::Statistic::stddev, a, ddof);
}

/// The column in which row i has its least element, or the row in which column i has; the first one of
/// equals, and the first NaN where there is one. `result` has elements of std::size_t. Without `per`, the
/// position of the least of all: of equals the one in the first row, and there in the first column.
/// Throws as min().
template <OperandLike A, OperandLike R>
Report argmin(const PoolWith& on, const A& a, Per per, R&& result) {
  return detail::position<Scalar<A>>(on, detail::Extreme::min, operand(a), per, operand(result));
}
template <OperandLike A>
Position argmin(const PoolWith& on, const A& a) {
  return detail::position<Scalar<A>>(on, detail::Extreme::min, operand(a));
}

/// The same for the greatest element.
template <OperandLike A, OperandLike R>
Report argmax(const PoolWith& on, const A& a, Per per, R&& result) {
  return detail::position<Scalar<A>>(on, detail::Extreme::max, operand(a), per, operand(result));
}
template <OperandLike A>
Position argmax(const PoolWith& on, const A& a) {
  return detail::position<Scalar<A>>(on, detail::Extreme::max, operand(a));
}

}  // namespace tine::matrix
