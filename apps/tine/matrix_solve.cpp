// tine matrix solve, lstsq, inv and det: systems of linear equations.
#include <tine/matrix/solve.hpp>

#include <fmt/format.h>

#include "exit.hpp"
#include "matrix_command.hpp"
#include "matrix_residual.hpp"

namespace tine::app {

namespace {

enum Input : std::size_t { given, right_side };

void check_right_side(MatrixRun& run) {
  const matrix::FileInfo &a = run.input(given).info(), &b = run.input(right_side).info();
  if (a.rows != b.rows)
    throw Failure(fmt::format("{} has {} rows and {} has {}: a right side has as many",
                              run.name_of(given), a.rows, run.name_of(right_side), b.rows));
}

/// Says of which file the error is, which the library does not know.
template <class F>
void with_names(MatrixRun& run, F f) {
  try {
    f();
  } catch (const matrix::SingularMatrix& error) {
    throw Failure(fmt::format("{} is singular: column {} depends on those before it{}",
                              run.name_of(given), error.index(),
                              "; tine matrix lstsq and svd may tell more"));
  } catch (const matrix::NotPositiveDefinite& error) {
    throw Failure(fmt::format("{} is not positive definite: its first {} rows and columns are not",
                              run.name_of(given), error.index() + 1));
  }
}

template <class T>
void solve(MatrixRun& run, bool positive_definite) {
  run.check_square(given);
  check_right_side(run);
  const matrix::FileInfo &a = run.input(given).info(), &b = run.input(right_side).info();
  const std::uint64_t sides = bytes_of<T>(b.rows, b.columns);
  const matrix::AnyMatrix left = run.read(given, bytes_of<T>(a.rows, a.columns) + 3 * sides);
  const matrix::AnyMatrix right = run.input(right_side).read(run.on());
  matrix::AnyMatrix x(run.on().pool, matrix::element_type<T>(), a.rows, b.columns);
  with_names(run, [&] {
    run.compute([&] {
      if constexpr (std::is_floating_point_v<T>)
        if (positive_definite) {
          matrix::solve_positive_definite(run.on(), left.as<T>(), right.as<T>(), x.as<T>());
          return;
        }
      matrix::solve(run.on(), left.as<T>(), right.as<T>(), x.as<T>());
    });
  });
  if (run.settings().verify)
    run.tell_residual(solve_residual<T>(left.as<T>(), x.as<T>(), right.as<T>()));
  run.write(std::move(x));
}

template <class T>
void least_squares(MatrixRun& run) {
  check_right_side(run);
  const matrix::FileInfo &a = run.input(given).info(), &b = run.input(right_side).info();
  const std::uint64_t sides = bytes_of<T>(std::max(a.rows, a.columns), b.columns);
  const matrix::AnyMatrix left = run.read(given, 2 * bytes_of<T>(a.rows, a.columns) + 3 * sides);
  const matrix::AnyMatrix right = run.input(right_side).read(run.on());
  matrix::AnyMatrix x(run.on().pool, matrix::element_type<T>(), a.columns, b.columns);
  try {
    run.compute([&] { matrix::least_squares(run.on(), left.as<T>(), right.as<T>(), x.as<T>()); });
  } catch (const matrix::SingularMatrix& error) {
    throw Failure(
        fmt::format("{} has not full rank: {} {} depends on those before it; tine matrix "
                    "svd tells more",
                    run.name_of(given), a.rows < a.columns ? "row" : "column", error.index()));
  }
  if (run.settings().verify)
    run.tell_residual(gradient_residual<T>(left.as<T>(), x.as<T>(), right.as<T>()));
  run.write(std::move(x));
}

template <class T>
void invert(MatrixRun& run) {
  run.check_square(given);
  const std::size_t n = run.input(given).info().rows;
  const matrix::AnyMatrix a = run.read(given, 3 * bytes_of<T>(n, n));
  matrix::AnyMatrix x(run.on().pool, matrix::element_type<T>(), n, n);
  with_names(run, [&] { run.compute([&] { matrix::inverse(run.on(), a.as<T>(), x.as<T>()); }); });
  if (run.settings().verify) run.tell_residual(inverse_residual<T>(a.as<T>(), x.as<T>()));
  run.write(std::move(x));
}

template <class T>
void determinant(MatrixRun& run) {
  run.check_square(given);
  const std::size_t n = run.input(given).info().rows;
  const matrix::AnyMatrix a = run.read(given, bytes_of<T>(n, n));
  matrix::Determinant<T> result{};
  run.compute([&] { result = matrix::determinant(run.on(), a.as<T>()); });
  const auto number = [](const T& x) -> nlohmann::ordered_json {
    if constexpr (std::is_floating_point_v<T>)
      return x;
    else
      return {x.real(), x.imag()};
  };
  run.facts()["determinant"] = number(result.value());
  run.facts()["sign"] = number(result.sign);
  run.facts()["log_abs"] = result.log_abs;
  if (run.settings().json) return;
  if constexpr (std::is_floating_point_v<T>)
    fmt::print("{:.17g}\n", result.value());
  else
    fmt::print("{:.17g}{:+.17g}i\n", result.value().real(), result.value().imag());
  if (!std::isfinite(std::abs(result.value())) || (result.value() == T(0) && result.sign != T(0)))
    fmt::print(stderr, "tine: out of range: the logarithm of its absolute value is {:.17g}\n",
               result.log_abs);
}

}  // namespace

void add_matrix_solve(MatrixCommand& matrix) {
  auto positive_definite = std::make_shared<bool>(false);
  MatrixSubcommand& solve_command =
      matrix.add("solve", "The X for which A * X = B")
          .input("A", "A square matrix")
          .input("B", "Right sides, one in each column")
          .output()
          .verify()
          .examples(
              "  tine matrix solve a.npy b.npy -o x.npy --verify\n"
              "  tine matrix solve stiffness.mtx loads.csv -o x.csv --positive-definite\n");
  solve_command.options().add_flag(
      "--positive-definite", *positive_definite,
      "A is symmetric and positive definite: half the work; only its lower triangle is looked at");
  solve_command.runs([positive_definite](MatrixRun& run) {
    if (*positive_definite)
      run.compute_in_their_real_type([&]<class T>(T) { solve<T>(run, true); });
    else
      run.compute_in_their_type([&]<class T>(T) { solve<T>(run, false); });
  });
}

void add_matrix_lstsq(MatrixCommand& matrix) {
  matrix.add("lstsq", "The X for which A * X is nearest to B; of many the shortest")
      .input("A", "A matrix of real numbers, usually with more rows than columns")
      .input("B", "Right sides, one in each column")
      .output()
      .verify()
      .examples("  tine matrix lstsq design.csv observations.csv -o coefficients.csv\n")
      .runs([](MatrixRun& run) {
        run.compute_in_their_real_type([&]<class T>(T) { least_squares<T>(run); });
      });
}

void add_matrix_inv(MatrixCommand& matrix) {
  matrix.add("inv", "The inverse; to solve with A, solve is faster and more accurate")
      .input("A", "A square matrix")
      .output()
      .verify()
      .examples("  tine matrix inv a.npy -o inverse.npy --verify\n")
      .runs([](MatrixRun& run) { run.compute_in_their_type([&]<class T>(T) { invert<T>(run); }); });
}

void add_matrix_det(MatrixCommand& matrix) {
  matrix.add("det", "The determinant; with --json its sign and logarithm, too")
      .input("A", "A square matrix")
      .examples(
          "  tine matrix det a.npy\n"
          "  tine matrix det large.npy --json | jq .log_abs\n")
      .runs([](MatrixRun& run) {
        run.compute_in_their_type([&]<class T>(T) { determinant<T>(run); });
      });
}

}  // namespace tine::app
