// tine matrix eig, svd and pca.
#include <tine/matrix/eigh.hpp>
#include <tine/matrix/pca.hpp>
#include <tine/matrix/svd.hpp>
#include <tine/matrix/transpose.hpp>

#include <fmt/format.h>

#include "exit.hpp"
#include "matrix_command.hpp"
#include "matrix_residual.hpp"

namespace tine::app {

namespace {

template <class T>
matrix::AnyMatrix empty(MatrixRun& run, std::size_t rows, std::size_t columns) {
  return {run.on().pool, matrix::element_type<T>(), rows, columns};
}

/// An array as a matrix that can be written; one of one dimension is a column.
template <class T, std::size_t N>
matrix::AnyMatrix as_matrix(MatrixRun& run, const Array<T, N>& a) {
  matrix::AnyMatrix result = empty<T>(run, a.extent(0), N == 2 ? a.extent(N - 1) : 1);
  std::copy(a.begin(), a.end(), reinterpret_cast<T*>(result.data()));
  return result;
}

template <class T>
void eigen(MatrixRun& run) {
  run.check_square(0);
  const std::size_t n = run.input(0).info().rows;
  const matrix::AnyMatrix a = run.read(0, 8 * n * n * sizeof(T));
  matrix::AnyMatrix values = empty<T>(run, n, 1);
  if (run.wants(0) || run.settings().verify) {
    matrix::AnyMatrix vectors = empty<T>(run, n, n);
    run.compute([&] { matrix::eigh(run.on(), a.as<T>(), values.as<T>(), vectors.as<T>()); });
    if (run.settings().verify) {
      matrix::AnyMatrix symmetric = empty<T>(run, n, n);
      const matrix::Operand<const T> o = a.as<T>();
      T* to = reinterpret_cast<T*>(symmetric.data());
      for (std::size_t y = 0; y < n; ++y)
        for (std::size_t x = 0; x < n; ++x)
          to[y * n + x] = o.data[std::max(y, x) * o.row_stride + std::min(y, x) * o.column_stride];
      run.tell_residual(spectral_residual<T>(symmetric.as<T>(), vectors.as<T>(), values.as<T>(),
                                             vectors.as<T>()));
    }
    if (run.wants(0)) run.write_also(0, std::move(vectors));
  } else {
    run.compute([&] { matrix::eigh(run.on(), a.as<T>(), values.as<T>()); });
  }
  run.write(std::move(values));
}

struct Svd {
  std::size_t k = 0;  // 0: all
  matrix::RandomizedSvdOptions options;
};

enum SvdOutput : std::size_t { left, right };

template <class T>
void singular_values(MatrixRun& run, const Svd& how) {
  const matrix::FileInfo& info = run.input(0).info();
  const std::size_t m = info.rows, n = info.columns, r = std::min(m, n);
  const std::size_t k = how.k == 0 ? r : how.k;
  if (k > r)
    throw Failure(fmt::format("{} is {} x {}: there are {} singular values, not {}", run.name_of(0),
                              m, n, r, k));
  const matrix::AnyMatrix a =
      run.read(0, (2 * m * n + (k < r ? 4 * (m + n) * k : 20 * r * r)) * sizeof(T));
  matrix::AnyMatrix values = empty<T>(run, k, 1);
  if (k == r && !run.wants(left) && !run.wants(right) && !run.settings().verify) {
    run.compute([&] { matrix::svd(run.on(), a.as<T>(), values.as<T>()); });
    return run.write(std::move(values));
  }
  matrix::AnyMatrix u = empty<T>(run, m, k), v = empty<T>(run, n, k);
  run.compute([&] {
    if (k == r)
      matrix::svd(run.on(), a.as<T>(), u.as<T>(), values.as<T>(), v.as<T>());
    else
      matrix::randomized_svd(run.on(), a.as<T>(), u.as<T>(), values.as<T>(), v.as<T>(),
                             how.options);
  });
  if (run.settings().verify) {
    if (k < r)
      throw UsageError(
          "--verify is for all singular values; the largest ones alone are approximate");
    run.tell_residual(spectral_residual<T>(a.as<T>(), u.as<T>(), values.as<T>(), v.as<T>()));
  }
  if (run.wants(left)) run.write_also(left, std::move(u));
  if (run.wants(right)) run.write_also(right, std::move(v));
  run.write(std::move(values));
}

struct Components {
  std::size_t k = 2;
  matrix::PcaOptions options;
};

enum PcaOutput : std::size_t { components, mean };

template <class T>
void principal_components(MatrixRun& run, const Components& how) {
  const matrix::FileInfo& info = run.input(0).info();
  const std::size_t n = info.rows, d = info.columns;
  const matrix::AnyMatrix x = run.read(0, (2 * n * d + 8 * d * d) * sizeof(T));
  std::optional<matrix::Pca<T>> found;
  run.compute([&] { found.emplace(matrix::pca(run.on(), x.as<T>(), how.k, how.options)); });
  auto& facts = run.facts();
  facts["variance"] = std::vector<T>(found->variance.begin(), found->variance.end());
  facts["variance_ratio"] =
      std::vector<T>(found->variance_ratio.begin(), found->variance_ratio.end());
  if (!run.settings().json)
    for (std::size_t i = 0; i < how.k; ++i)
      fmt::print(stderr, "tine: component {}: variance {:.6g}, {:.1f} % of all\n", i,
                 found->variance[i], 100 * found->variance_ratio[i]);
  if (run.wants(components)) run.write_also(components, as_matrix(run, found->components));
  if (run.wants(mean)) run.write_also(mean, as_matrix(run, found->mean));
  run.write(as_matrix(run, found->scores));
}

}  // namespace

void add_matrix_eig(MatrixCommand& matrix) {
  matrix.add("eig", "Eigenvalues of a symmetric matrix, ascending, and eigenvectors")
      .input("A", "A symmetric matrix; its lower triangle is looked at")
      .output()
      .also("--vectors", "Where the eigenvectors go, as columns")
      .verify()
      .examples(
          "  tine matrix eig a.npy\n"
          "  tine matrix eig a.npy -o values.npy --vectors vectors.npy --verify\n")
      .runs([](MatrixRun& run) {
        run.compute_in_their_real_type([&]<class T>(T) { eigen<T>(run); });
      });
}

void add_matrix_svd(MatrixCommand& matrix) {
  auto how = std::make_shared<Svd>();
  MatrixSubcommand& svd =
      matrix.add("svd", "Singular values, descending, and vectors: A = U * diag(values) * V'")
          .input("A", "A matrix of real numbers")
          .output()
          .also("-u,--left", "Where U goes")
          .also("-v,--right", "Where V goes, not transposed")
          .verify()
          .examples(
              "  tine matrix svd a.npy\n"
              "  tine matrix svd a.npy -o values.npy --left u.npy --right v.npy --verify\n"
              "  tine matrix svd large.npy -k 20 -o values.npy --left u.npy\n"
              "\nWith -k the largest values are found by random projections (Halko, Martinsson, "
              "Tropp 2011);\nthe same seed gives the same bits.\n");
  svd.options().add_option("-k,--largest", how->k, "The largest values only, approximately");
  svd.options()
      .add_option("--power-iterations", how->options.power_iterations,
                  "With -k: more of them are more exact")
      ->capture_default_str();
  svd.options()
      .add_option("--seed", how->options.seed, "With -k: of random numbers")
      ->capture_default_str();
  svd.runs([how](MatrixRun& run) {
    run.compute_in_their_real_type([&]<class T>(T) { singular_values<T>(run, *how); });
  });
}

void add_matrix_pca(MatrixCommand& matrix) {
  auto how = std::make_shared<Components>();
  MatrixSubcommand& pca =
      matrix
          .add("pca",
               "Principal components: the observations along the directions of most variance")
          .input("X", "Observations, one in each row")
          .output()
          .also("--components", "Where the directions go, as rows; the output is the coordinates")
          .also("--mean", "Where the mean of each column goes")
          .examples(
              "  tine matrix pca iris.csv -k 2 -o scores.csv --components directions.csv\n"
              "  tine matrix pca x.npy -k 10 --scale -o scores.npy --json\n");
  pca.options()
      .add_option("-k", how->k, "How many")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  pca.options().add_flag("--scale", how->options.scale,
                         "Divide each column by its standard deviation");
  pca.runs([how](MatrixRun& run) {
    run.compute_in_their_real_type([&]<class T>(T) { principal_components<T>(run, *how); });
  });
}

}  // namespace tine::app
