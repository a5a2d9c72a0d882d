#include "row_products.hpp"
#include "without_quarantine.hpp"

namespace tine::matrix::detail {

template <class T>
Report spmv(const PoolWith& on, const Csr<T>& a, Operand<const T> x, Operand<T> y, T alpha,
            T beta) {
  if (x.columns != 1 && x.rows == 1) x = x.transposed();
  if (y.columns != 1 && y.rows == 1) y = y.transposed();
  if (x.columns != 1 || y.columns != 1 || a.columns() != x.rows || a.rows() != y.rows)
    refuse("spmv", "the matrix is " + std::to_string(a.rows()) + " x " +
                       std::to_string(a.columns()) + ", the vectors are " + shape(x) + " and " +
                       shape(y) + ", but should be m x n, n x 1 and m x 1");
  if (y.rows > 1 && y.row_stride != 1)
    refuse("spmv", "the elements of y are " + std::to_string(y.row_stride) +
                       " apart; compute into a vector of its own, and copy that");
  if (a.rows() == 0) return {};
  const SharedVector<T> from(on.pool, x);
  SharedOutput<T> to(on.pool, y, beta != T(0));
  const CsrRows<T> rows(on.pool, a);
  const T factors[] = {alpha, beta};
  const auto shared = on.pool.array_from(std::span(factors));
  const View<T> written(to.view().data(), {a.rows()});
  JobSequence jobs(without_quarantine(on));
  if (beta == T(0))
    rows.for_rows(
        jobs, from.view(),
        [](const RowBlock<T>& some, std::span<T> result, std::span<const T> by) {
          const T times = by[0];
          T block[block_elements];
          for (std::size_t i = 0; i < some.count; ++i) block[i] = times * some.product[i];
          put(result.data() + some.local, block, some.count, streams<T>(some.all));
          return Sums{};
        },
        tine::out(written), tine::whole(shared));
  else
    rows.for_rows(
        jobs, from.view(),
        [](const RowBlock<T>& some, std::span<T> result, std::span<const T> by) {
          const T times = by[0], kept = by[1];
          T* old = result.data() + some.local;
          for (std::size_t i = 0; i < some.count; ++i)
            old[i] = times * some.product[i] + kept * old[i];
          return Sums{};
        },
        tine::inout(written), tine::whole(shared));
  to.finish();
  return jobs.finish();
}

template Report spmv(const PoolWith&, const Csr<float>&, Operand<const float>, Operand<float>,
                     float, float);
template Report spmv(const PoolWith&, const Csr<double>&, Operand<const double>, Operand<double>,
                     double, double);

}  // namespace tine::matrix::detail
