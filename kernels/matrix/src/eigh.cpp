#include <tine/matrix/eigh.hpp>

#include <algorithm>
#include <stdexcept>

#include <Eigen/Eigenvalues>

#include "jobs.hpp"
#include "magnitude.hpp"
#include "reflectors.hpp"
#include "shared_operands.hpp"
#include "small.hpp"
#include "tridiagonal.hpp"
#include "tridiagonal_eigen.hpp"
#include "working_copy.hpp"

namespace tine::matrix {

namespace {

/// Up to here, in one slice, by Eigen.
constexpr std::size_t small = 64;

// The lower part of `a`, whose largest element is about 1, in one slice. Values, ascending, and row-major
// vectors, if there is room for them.
template <class T>
std::vector<double> solve_small(Jobs& jobs, const Array<T, 2>& a, Array<T, 2>* vectors) {
  const std::size_t n = a.extent(0);
  auto values = jobs.pool.array<double>(n);
  const auto solve = [](const View<const T, 2>& in, int options) {
    Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(eigen_copy(in),
                                                          options);  // it reads the lower part
    if (solver.info() != Eigen::Success)
      throw std::runtime_error("the QL algorithm did not converge");
    return solver;
  };
  if (vectors == nullptr)
    jobs.run(
        {.n = n, .grain = n},
        [solve](const Slice&, std::span<double> to, const View<const T, 2>& in) {
          std::ranges::copy(solve(in, Eigen::EigenvaluesOnly).eigenvalues(), to.begin());
        },
        tine::out(values), tine::whole(a));
  else
    jobs.run(
        {.n = n, .grain = n},
        [solve](const Slice&, std::span<double> to, const View<T, 2>& columns,
                const View<const T, 2>& in) {
          const auto solver = solve(in, Eigen::ComputeEigenvectors);
          std::ranges::copy(solver.eigenvalues(), to.begin());
          copy_back(solver.eigenvectors(), columns);
        },
        tine::out(values), tine::out(*vectors), tine::whole(a));
  return {values.begin(), values.end()};
}

}  // namespace

namespace detail {

template <class T>
Report eigh(const PoolWith& on, Operand<const T> a, Operand<T> values, Operand<T> vectors,
            Part part) {
  const std::size_t n = a.rows;
  const bool wanted = vectors.data != nullptr || vectors.rows != 0;
  values = column(values, n);
  if (a.columns != n || values.rows != n || (n > 0 && values.columns != 1) ||
      (wanted && (vectors.rows != n || vectors.columns != n)))
    refuse("eigh", "the matrix is " + shape(a) + ", the values are " + shape(values) +
                       (wanted ? " and the vectors " + shape(vectors) : "") +
                       ", but should be n x n, n x 1" + (wanted ? " and n x n" : ""));
  if (part == Part::whole) refuse("eigh", "it reads one part only: say Part::lower or Part::upper");
  if (wanted) check_output(vectors, "eigh");
  Jobs jobs(on);
  if (n == 0) return jobs.finish();
  T scale;
  auto work = jobs.pool.array<T>(n, n);
  {
    const SharedInput<T> input(jobs.pool, a);
    scale = scale_to_one(jobs, input.get(), part, "eigh");
    copy_scaled(jobs, part == Part::lower ? input.get() : input.get().transposed(), scale,
                work.peek());
  }
  std::vector<double> found;
  std::vector<Column> order;
  Array<T, 2> columns;
  if (n <= small) {
    if (wanted) columns = jobs.pool.array<T>(n, n);
    found = solve_small(jobs, work, wanted ? &columns : nullptr);
    for (std::size_t i = 0; i < n; ++i) order.push_back({i});
  } else {
    Reflectors<T> q(jobs.pool, n - 1, n, 1);
    const Tridiagonal tridiagonal = tridiagonalise(jobs, work, q);
    work = {};
    if (wanted) {
      auto eigen = tridiagonal_eigen<T>(jobs, tridiagonal, n);
      for (const std::size_t i : eigen.order) {
        found.push_back(eigen.values[i]);
        order.push_back({i});
      }
      columns = std::move(eigen.vectors);
      apply(jobs, q, columns.peek());
    } else {
      found = tridiagonal_eigenvalues(jobs, tridiagonal, n);
    }
  }
  if (wanted) copy_columns(jobs, columns, order, vectors);
  write_column(jobs, found, 1 / static_cast<double>(scale), values);
  return jobs.finish();
}
template Report eigh(const PoolWith&, Operand<const float>, Operand<float>, Operand<float>, Part);
template Report eigh(const PoolWith&, Operand<const double>, Operand<double>, Operand<double>,
                     Part);

}  // namespace detail

}  // namespace tine::matrix
