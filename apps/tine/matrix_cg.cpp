// tine matrix cg: large systems, by conjugate gradients.
#include <tine/matrix/coordinates.hpp>
#include <tine/matrix/iterations.hpp>

#include <fmt/format.h>

#include "exit.hpp"
#include "matrix_command.hpp"
#include "matrix_residual.hpp"

namespace tine::app {

namespace {

// Entries that stand for two come twice.
template <class T>
matrix::Csr<T> sparse(MatrixRun& run) {
  using Symmetry = matrix::Coordinates::Symmetry;
  const matrix::Coordinates file = matrix::read_coordinates(run.on(), run.input(0));
  if (file.symmetry == Symmetry::skew)
    throw Failure(
        fmt::format("{} is skew-symmetric, and so not positive definite", run.name_of(0)));
  const T* const values = reinterpret_cast<const T*>(file.values.data());
  std::vector<matrix::Triplet<T>> entries;
  entries.reserve(2 * file.row.size());
  for (std::size_t i = 0; i < file.row.size(); ++i) {
    entries.push_back({file.row[i], file.column[i], values[i]});
    if (file.symmetry != Symmetry::general && file.row[i] != file.column[i])
      entries.push_back({file.column[i], file.row[i], values[i]});
  }
  return {run.on().pool, file.rows, file.columns, std::span<const matrix::Triplet<T>>(entries)};
}

template <class T>
void solve(MatrixRun& run, const matrix::IterationOptions& options) {
  run.check_square(0);
  const matrix::FileInfo &a = run.input(0).info(), &b = run.input(1).info();
  if (b.rows != a.rows || b.columns != 1)
    throw Failure(fmt::format("{} is {} x {}; a right side for {} is a column of {}",
                              run.name_of(1), b.rows, b.columns, run.name_of(0), a.rows));
  const matrix::AnyMatrix right = run.input(1).read(run.on());
  matrix::AnyMatrix x(run.on().pool, matrix::element_type<T>(), a.rows, 1);
  matrix::Iterated how;
  const auto iterate = [&](const auto& left) {
    run.compute([&] {
      how = matrix::conjugate_gradient(run.on(), left, right.as<T>(), x.as<T>(), options);
    });
  };
  if (a.coordinate)
    iterate(sparse<T>(run));
  else
    iterate(run.read(0).as<T>());
  run.facts()["iterations"] = how.iterations;
  run.facts()["residual"] = how.residual;
  run.facts()["converged"] = how.converged();
  fmt::print(stderr, "tine: {} iterations, residual {:.3g} of the right side\n", how.iterations,
             how.residual);
  if (!how.converged()) run.fail(fmt::format("no solution: {}", matrix::to_string(how.ending)));
  run.write(std::move(x));
}

}  // namespace

void add_matrix_cg(MatrixCommand& matrix) {
  auto options = std::make_shared<matrix::IterationOptions>();
  MatrixSubcommand& cg =
      matrix.add("cg", "The x for which A * x = b, by conjugate gradients: for large sparse A")
          .input("A",
                 "A symmetric positive definite matrix; of .mtx in coordinate format, its entries "
                 "only")
          .input("b", "The right side, a column")
          .output()
          .examples(
              "  tine matrix cg laplacian.mtx b.npy -o x.npy\n"
              "  tine matrix cg stiffness.mtx loads.csv -o x.csv --tolerance 1e-10 "
              "--preconditioned\n"
              "\nWithout convergence nothing is written, and the exit status is 1.\n");
  cg.options()
      .add_option("--tolerance", options->tolerance,
                  "How small the residual shall be, as part of b [default: 1.5e-8, of f4 3.5e-4]")
      ->check(CLI::NonNegativeNumber);
  cg.options()
      .add_option("--iterations", options->most_iterations, "The most there may be")
      ->capture_default_str();
  cg.options().add_flag("--preconditioned", options->preconditioned,
                        "Divide by the diagonal first (Jacobi)");
  cg.runs([options](MatrixRun& run) {
    run.compute_in_their_real_type([&]<class T>(T) { solve<T>(run, *options); });
  });
}

}  // namespace tine::app
