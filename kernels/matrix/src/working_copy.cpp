#include "working_copy.hpp"

#include <complex>

#include <tine/matrix/transpose.hpp>

#include "shared_operands.hpp"

namespace tine::matrix {

template <class T>
Report load(const PoolWith& on, const Operand<const T>& from, Array<T, 2>& array) {
  if (from.empty()) return {};
  const Operand<T> to = operand(array.peek().part(0, 0, from.rows));
  if (on.pool.arena()->contains(from.data) && !from.conjugate &&
      (from.row_major() || from.column_major()))
    return transpose(on, from.transposed(), to);
  array.data();  // settles it
  copy<T>(from, to);
  if constexpr (Eigen::NumTraits<T>::IsComplex)
    if (from.conjugate)
      for (T& element : array.span().first(from.rows * from.columns)) element = std::conj(element);
  return {};
}

template <class T>
Report store(const PoolWith& on, const Array<T, 2>& array, const Operand<T>& to) {
  check_output(to, "copy");
  if (to.empty()) return {};
  const Operand<const T> from = operand(array.view().part(0, 0, to.rows));
  if (on.pool.arena()->contains(to.data)) return transpose(on, from.transposed(), to);
  copy<T>(from, to);
  return {};
}

#define TINE_WORKING_COPY(T)                                                    \
  template Report load(const PoolWith&, const Operand<const T>&, Array<T, 2>&); \
  template Report store(const PoolWith&, const Array<T, 2>&, const Operand<T>&);
TINE_WORKING_COPY(float)
TINE_WORKING_COPY(double)
TINE_WORKING_COPY(std::complex<float>)
TINE_WORKING_COPY(std::complex<double>)
#undef TINE_WORKING_COPY

}  // namespace tine::matrix
