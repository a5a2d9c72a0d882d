// Products with sparse matrices and conjugate gradients beside Eigen with its own threads and scipy, and
// stencils beside plain loops with OpenMP. All of it is bound by memory.
#include "matrix_sparse.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <tine/matrix/iterations.hpp>
#include <tine/tine.hpp>

#include "compare.hpp"
#include "python_peer.hpp"

namespace bench {

namespace {

using tine::matrix::Csr;
using tine::matrix::Stencil;
using Vector = tine::Array<double>;

const int cpus = static_cast<int>(tine::cpu_count());
const How how{.rounds = 11, .slow_rounds = 5};
const Goal beat_eigen{Goal::What::speed, 1.0, "Eigen", "Eigen, 1 thread", 1.9};
const Goal beat_openmp{Goal::What::speed, 1.0, "OpenMP", "OpenMP, 1 thread", 1.9};

Csr<double> laplacian(tine::Pool& pool, std::size_t side) {
  const std::size_t n = side * side;
  std::vector<std::uint64_t> offsets{0};
  std::vector<std::int32_t> columns;
  std::vector<double> values;
  for (std::size_t i = 0; i < n; ++i) {
    const auto add = [&](bool inside, std::size_t column, double value) {
      if (!inside) return;
      columns.push_back(static_cast<std::int32_t>(column));
      values.push_back(value);
    };
    add(i >= side, i - side, -1);
    add(i % side > 0, i - 1, -1);
    add(true, i, 4);
    add(i % side + 1 < side, i + 1, -1);
    add(i + side < n, i + side, -1);
    offsets.push_back(columns.size());
  }
  return {pool, n, n, offsets, columns, values};
}

Csr<double> random_rows(tine::Pool& pool, std::size_t n, std::size_t per_row) {
  std::mt19937 random(1);
  std::vector<std::uint64_t> offsets{0};
  std::vector<std::int32_t> columns;
  for (std::size_t i = 0; i < n; ++i) {
    const auto row = static_cast<std::ptrdiff_t>(columns.size());
    for (std::size_t k = 0; k < per_row; ++k)
      columns.push_back(static_cast<std::int32_t>(random() % n));
    std::sort(columns.begin() + row, columns.end());
    columns.erase(std::unique(columns.begin() + row, columns.end()), columns.end());
    offsets.push_back(columns.size());
  }
  std::vector<double> values(columns.size());
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = static_cast<double>(k % 1021) / 1021;
  return {pool, n, n, offsets, columns, values};
}

Vector numbers(tine::Pool& pool, std::size_t n) {
  auto x = pool.array<double>(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<double>(i * 7919 % 1021) / 1021;
  return x;
}

void require_near(const double* got, const double* expected, std::size_t n, double allowed,
                  const std::string& what) {
  double largest = 0, error = 0;
  for (std::size_t i = 0; i < n; ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    error = std::max(error, std::abs(got[i] - expected[i]));
  }
  require(error <= allowed * largest, what.c_str());
}

/// scipy, where it is there.
void add_scipy(std::vector<Side>& sides, const std::string& line) {
  static PythonPeer scipy(BENCH_SPARSE_PEERS);
  if (scipy.ask(line) < 0) return;
  sides.push_back({"scipy", {}, [line](std::size_t calls) {
                     double sum = 0;
                     for (std::size_t i = 0; i < calls; ++i) sum += scipy.ask(line);
                     return sum;
                   }});
}

template <class Make>
void compare_spmv(tine::Pool& all, tine::Pool& one, const std::string& name,
                  const std::string& scipy, Make make) {
  compare(name, how, {beat_eigen}, [=, &all, &one] {
    struct Data {
      Csr<double> a, with_one;
      SparseEigen eigen;
      Vector x, y, x_of_one, y_of_one;
      std::vector<double> own_x, own_y;
    };
    auto a = make(all);
    const std::size_t n = a.rows();
    auto eigen =
        SparseEigen(n, a.row_offsets().data(), a.column_indices().data(), a.values().data());
    auto d = std::make_shared<Data>(Data{
        std::move(a), make(one), std::move(eigen), numbers(all, n), all.array<double>(n),
        numbers(one, n), one.array<double>(n), std::vector<double>(n), std::vector<double>(n)});
    std::ranges::copy(d->x, d->own_x.begin());
    std::vector<Side> sides{
        {"tine", [=, &all] { tine::matrix::spmv(all, d->a, d->x, d->y); }},
        {"1 worker", [=, &one] { tine::matrix::spmv(one, d->with_one, d->x_of_one, d->y_of_one); }},
        {"Eigen", [=] { d->eigen.multiply(d->own_x.data(), d->own_y.data(), cpus); }},
        {"Eigen, 1 thread", [=] { d->eigen.multiply(d->own_x.data(), d->own_y.data(), 1); }},
    };
    sides[0].run();
    sides[2].run();
    require_near(d->y.data(), d->own_y.data(), n, 1e-13, "tine and Eigen agree");
    add_scipy(sides, scipy);
    return sides;
  });
}

void compare_cg(tine::Pool& all, tine::Pool& one, std::size_t side, int iterations) {
  const std::string size = std::to_string(side) + "x" + std::to_string(side);
  compare(
      "conjugate gradients, " + std::to_string(iterations) + " iterations, laplacian " + size, how,
      {beat_eigen}, [=, &all, &one] {
        struct Data {
          Csr<double> a, with_one;
          SparseEigen eigen;
          Vector b, x, b_of_one, x_of_one;
          std::vector<double> own_b, own_x;
        };
        auto a = laplacian(all, side);
        const std::size_t n = a.rows();
        auto eigen =
            SparseEigen(n, a.row_offsets().data(), a.column_indices().data(), a.values().data());
        auto d = std::make_shared<Data>(Data{std::move(a), laplacian(one, side), std::move(eigen),
                                             numbers(all, n), all.array<double>(n), numbers(one, n),
                                             one.array<double>(n), std::vector<double>(n),
                                             std::vector<double>(n)});
        std::ranges::copy(d->b, d->own_b.begin());
        const tine::matrix::IterationOptions options{
            .tolerance = 1e-300, .most_iterations = static_cast<std::size_t>(iterations)};
        std::vector<Side> sides{
            {"tine",
             [=, &all] {
               std::ranges::fill(d->x, 0.0);
               tine::matrix::conjugate_gradient(all, d->a, d->b, d->x, options);
             }},
            {"1 worker",
             [=, &one] {
               std::ranges::fill(d->x_of_one, 0.0);
               tine::matrix::conjugate_gradient(one, d->with_one, d->b_of_one, d->x_of_one,
                                                options);
             }},
            {"Eigen",
             [=] {
               d->eigen.conjugate_gradient(d->own_b.data(), d->own_x.data(), iterations, cpus);
             }},
            {"Eigen, 1 thread",
             [=] { d->eigen.conjugate_gradient(d->own_b.data(), d->own_x.data(), iterations, 1); }},
        };
        sides[0].run();
        sides[2].run();
        require_near(d->x.data(), d->own_x.data(), n, 1e-6, "tine and Eigen agree");
        add_scipy(sides, "cg " + std::to_string(side) + ' ' + std::to_string(iterations));
        return sides;
      });
}

/// `tine(pool, x, y)` and `openmp(x, y, threads)` make y of x.
template <class F, class G>
void compare_grids(tine::Pool& all, tine::Pool& one, const std::string& name, std::size_t n, F tine,
                   G openmp) {
  compare(name, how, {beat_openmp}, [=, &all, &one] {
    struct Data {
      Vector x, y, x_of_one, y_of_one;
      std::vector<double> own_x, own_y;
    };
    auto d = std::make_shared<Data>(Data{numbers(all, n), all.array<double>(n), numbers(one, n),
                                         one.array<double>(n), std::vector<double>(n),
                                         std::vector<double>(n)});
    std::ranges::copy(d->x, d->own_x.begin());
    std::vector<Side> sides{
        {"tine", [=, &all] { tine(all, d->x, d->y); }},
        {"1 worker", [=, &one] { tine(one, d->x_of_one, d->y_of_one); }},
        {"OpenMP", [=] { openmp(d->own_x.data(), d->own_y.data(), cpus); }},
        {"OpenMP, 1 thread", [=] { openmp(d->own_x.data(), d->own_y.data(), 1); }},
    };
    sides[0].run();
    sides[2].run();
    require_near(d->y.data(), d->own_y.data(), n, 1e-13, "tine and OpenMP agree");
    return sides;
  });
}

}  // namespace

void compare_sparse(tine::Pool& all, tine::Pool& one) {
  compare_spmv(all, one, "spmv, laplacian 2000x2000", "spmv laplacian 2000",
               [](tine::Pool& pool) { return laplacian(pool, 2000); });
  compare_spmv(all, one, "spmv, random 1000000x1000000", "spmv random 1000000",
               [](tine::Pool& pool) { return random_rows(pool, 1000000, 16); });
  for (const std::size_t side : {64, 200}) compare_cg(all, one, side, 500);
  compare_cg(all, one, 1000, 50);  // a second or so each

  constexpr std::size_t side = 4000;
  const auto flat = Stencil<double, 2>::laplacian({side, side});
  compare_grids(
      all, one, "stencil of 5 points, 4000x4000", flat.size(),
      [=](tine::Pool& pool, Vector& x, Vector& y) { tine::matrix::apply(pool, flat, x, y); },
      [](const double* x, double* y, int threads) { openmp_5_points(x, y, side, side, threads); });
  constexpr std::size_t edge = 256;
  const auto deep = Stencil<double, 3>::laplacian({edge, edge, edge});
  compare_grids(
      all, one, "stencil of 7 points, 256x256x256", deep.size(),
      [=](tine::Pool& pool, Vector& x, Vector& y) { tine::matrix::apply(pool, deep, x, y); },
      [](const double* x, double* y, int threads) {
        openmp_7_points(x, y, edge, edge, edge, threads);
      });
  // The result is bounded by that of b, whatever x was; so many sweeps, one after another.
  constexpr int sweeps = 40;
  compare_grids(
      all, one, "40 sweeps of Jacobi, 4000x4000", flat.size(),
      [=](tine::Pool& pool, Vector& b, Vector& x) {
        std::ranges::fill(x, 0.0);
        tine::matrix::jacobi_sweeps(pool, flat, b, x, sweeps);
      },
      [other = std::make_shared<std::vector<double>>()](const double* b, double* x, int threads) {
        other->resize(side * side);
        std::fill_n(x, side * side, 0.0);
        openmp_jacobi(b, x, other->data(), side, side, sweeps, threads);
      });
}

}  // namespace bench
