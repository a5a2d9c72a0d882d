// tine matrix cholesky, lu and qr: factorisations.
#include <tine/matrix/solve.hpp>
#include <tine/matrix/transpose.hpp>

#include <fmt/format.h>

#include "exit.hpp"
#include "matrix_command.hpp"
#include "matrix_residual.hpp"

namespace tine::app {

namespace {

/// A matrix made element by element.
template <class T, class F>
matrix::AnyMatrix make(MatrixRun& run, std::size_t rows, std::size_t columns, F element) {
  matrix::AnyMatrix result(run.on().pool, matrix::element_type<T>(), rows, columns);
  T* to = reinterpret_cast<T*>(result.data());
  for (std::size_t y = 0; y < rows; ++y)
    for (std::size_t x = 0; x < columns; ++x) *to++ = element(y, x);
  return result;
}

template <class T>
void cholesky(MatrixRun& run) {
  const matrix::FileInfo& info = run.input(0).info();
  const std::size_t n = info.rows;
  const matrix::AnyMatrix a = run.read(0, 2 * bytes_of<T>(n, info.columns));
  std::optional<matrix::Cholesky<T>> factored;
  try {
    run.compute([&] { factored.emplace(run.on(), a.as<T>()); });
  } catch (const matrix::NotPositiveDefinite& error) {
    throw Failure(fmt::format("{} is not positive definite: its first {} rows and columns are not",
                              run.name_of(0), error.index() + 1));
  }
  run.facts()["log_determinant"] = factored->log_determinant();
  matrix::AnyMatrix l = make<T>(
      run, n, n, [&, &f = factored->factor()](std::size_t y, std::size_t x) { return f(y, x); });
  if (run.settings().verify) {
    const matrix::Operand<const T> o = a.as<T>();
    const matrix::AnyMatrix symmetric = make<T>(run, n, n, [o](std::size_t y, std::size_t x) {
      return o.data[std::max(y, x) * o.row_stride + std::min(y, x) * o.column_stride];
    });
    run.tell_residual(
        product_residual<T>(l.as<T>(), l.as<T>().transposed(), {}, symmetric.as<T>(), T(1), T(0)));
  }
  run.write(std::move(l));
}

enum LuOutput : std::size_t { upper, permutation };

template <class T>
void lu(MatrixRun& run) {
  const matrix::FileInfo& info = run.input(0).info();
  const std::size_t n = info.rows;
  const matrix::AnyMatrix a = run.read(0, 3 * bytes_of<T>(n, info.columns));
  std::optional<matrix::Lu<T>> factored;
  run.compute([&] { factored.emplace(run.on(), a.as<T>()); });
  if (const auto column = factored->singular()) {
    run.facts()["singular"] = *column;
    fmt::print(stderr, "tine: {} is singular: column {} depends on those before it\n",
               run.name_of(0), *column);
  }
  const Array<T, 2>& f = factored->factors();
  const auto rows = factored->permutation();
  matrix::AnyMatrix l = make<T>(
      run, n, n, [&](std::size_t y, std::size_t x) { return x < y ? f(y, x) : T(x == y ? 1 : 0); });
  if (run.wants(upper) || run.settings().verify) {
    matrix::AnyMatrix u =
        make<T>(run, n, n, [&](std::size_t y, std::size_t x) { return x < y ? T(0) : f(y, x); });
    if (run.settings().verify) {
      const matrix::Operand<const T> o = a.as<T>();
      const matrix::AnyMatrix exchanged = make<T>(run, n, n, [&](std::size_t y, std::size_t x) {
        return o.data[rows[y] * o.row_stride + x * o.column_stride];
      });
      run.tell_residual(
          product_residual<T>(l.as<T>(), u.as<T>(), {}, exchanged.as<T>(), T(1), T(0)));
    }
    if (run.wants(upper)) run.write_also(upper, std::move(u));
  }
  if (run.wants(permutation))
    run.write_also(permutation, make<std::int64_t>(run, n, 1, [&](std::size_t y, std::size_t) {
                     return static_cast<std::int64_t>(rows[y]);
                   }));
  run.write(std::move(l));
}

template <class T>
void qr(MatrixRun& run) {
  const matrix::FileInfo& info = run.input(0).info();
  const std::size_t m = info.rows, n = info.columns, k = std::min(m, n);
  const matrix::AnyMatrix a = run.read(0, 4 * bytes_of<T>(m, n));
  matrix::AnyMatrix q(run.on().pool, matrix::element_type<T>(), m, k);
  matrix::AnyMatrix r(run.on().pool, matrix::element_type<T>(), k, n);
  run.compute([&] {
    const matrix::Qr<T> factored(run.on(), a.as<T>());
    factored.q(run.on(), q.as<T>());
    factored.r(run.on(), r.as<T>());
  });
  if (run.settings().verify)
    run.tell_residual(product_residual<T>(q.as<T>(), r.as<T>(), {}, a.as<T>(), T(1), T(0)));
  if (run.wants(0)) run.write_also(0, std::move(r));
  run.write(std::move(q));
}

}  // namespace

void add_matrix_cholesky(MatrixCommand& matrix) {
  matrix.add("cholesky", "L, lower triangular, with A = L * L'")
      .input("A", "A symmetric positive definite matrix; its lower triangle is looked at")
      .output()
      .verify()
      .examples("  tine matrix cholesky covariance.npy -o l.npy --verify\n")
      .runs([](MatrixRun& run) {
        run.compute_in_their_real_type([&]<class T>(T) { cholesky<T>(run); });
      });
}

void add_matrix_lu(MatrixCommand& matrix) {
  matrix.add("lu", "L and U with A[p] = L * U, by elimination with partial pivoting")
      .input("A", "A square matrix")
      .output()
      .also("--upper", "Where U goes; L goes to the output")
      .also("--permutation", "Where p goes: the rows of A in their new order, counted from 0")
      .verify()
      .examples("  tine matrix lu a.npy -o l.npy --upper u.npy --permutation p.npy\n")
      .runs([](MatrixRun& run) { run.compute_in_their_type([&]<class T>(T) { lu<T>(run); }); });
}

void add_matrix_qr(MatrixCommand& matrix) {
  matrix.add("qr", "Q with orthonormal columns, and R, upper triangular, with A = Q * R")
      .input("A", "A matrix of real numbers")
      .output()
      .also("-r,--upper", "Where R goes; Q goes to the output")
      .verify()
      .examples("  tine matrix qr a.npy -o q.npy --upper r.npy --verify\n")
      .runs(
          [](MatrixRun& run) { run.compute_in_their_real_type([&]<class T>(T) { qr<T>(run); }); });
}

}  // namespace tine::app
