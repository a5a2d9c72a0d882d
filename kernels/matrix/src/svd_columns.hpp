// Singular vectors as columns of arrays, before they go to where the caller wants them.
#pragma once

#include <cstdint>
#include <vector>

#include <tine/matrix/operand.hpp>

#include "jobs.hpp"
#include "magnitude.hpp"

namespace tine::matrix {

template <class T>
struct SvdColumns {
  std::vector<double> values;  ///< descending
  Array<T, 2> u, v;
};

/// Which singular vectors are computed: none; as many as there are values; or all, of the longer side, too.
enum class Vectors : std::uint8_t { none, thin, full };

/// Of a matrix with no fewer rows than columns, at least one, in the arena and in one of the two orders;
/// `scale` is what brings its largest element near to 1.
template <class T>
SvdColumns<T> svd_columns(Jobs& jobs, const Operand<const T>& a, T scale, Vectors wanted);

/// Makes the columns orthonormal, and sees to it that each comes from those before and itself only.
template <class T>
void orthonormalise(Jobs& jobs, const View<T, 2>& columns);

/// All of its columns; negative where the first of the elements of largest magnitude is.
template <class T>
std::vector<Column> with_positive_peaks(Jobs& jobs, const Array<T, 2>& columns);

}  // namespace tine::matrix
