// Products, transposes, factorisations and decompositions of matrices, beside Eigen with its own threads,
// the BLAS libraries of Debian with theirs, and numpy.
//
// tine is measured twice: on Eigen's tiles, which ought to be as fast as Eigen where Eigen uses all
// CPUs and 1.9 times as fast where it does not, and on the tiles of a BLAS, which ought to lose no more
// than 2 % to the fastest BLAS with threads of its own.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <type_traits>

#include <tine/matrix/eigh.hpp>
#include <tine/matrix/isa.hpp>
#include <tine/matrix/pca.hpp>
#include <tine/matrix/product.hpp>
#include <tine/matrix/solve.hpp>
#include <tine/matrix/svd.hpp>
#include <tine/matrix/transpose.hpp>
#include <tine/tine.hpp>

#include "compare.hpp"
#include "matrix_peers.hpp"
#include "matrix_sparse.hpp"
#include "matrix_statistics.hpp"
#include "python_peer.hpp"

namespace {

using bench::Blas;
using bench::EigenPeer;
using bench::Goal;
using bench::Side;
using bench::Square;
using tine::matrix::Isa;

/// Made before any library has threads.
struct Pools {
  tine::Pool all, one{{.workers = 1}};
};
Pools* pools;

const int cpus = static_cast<int>(tine::cpu_count());

/// The best of Eigen's tiles here.
Isa eigen_isa() {
  Isa best = Isa::baseline;
  for (const Isa isa : tine::matrix::available_isas())
    if (isa != Isa::blas) best = isa;
  return best;
}
bool has_blas() {
  return tine::matrix::available_isas().back() == Isa::blas;
}

/// Two factors and a result, in the arena of a pool.
template <class T>
struct Matrices {
  Matrices(tine::Pool& pool, std::size_t n)
      : a(pool.array<T>(n, n)), b(pool.array<T>(n, n)), c(pool.array<T>(n, n)) {
    std::minstd_rand random(1);
    for (tine::Array<T, 2>* m : {&a, &b})
      for (T& element : *m) element = static_cast<T>(random()) / static_cast<T>(random.max());
    for (std::size_t i = 0; i < n; ++i) a(i, i) += static_cast<T>(n);  // positive definite
  }
  Square<T> square() { return {a.data(), b.data(), c.data(), static_cast<int>(a.extent(0))}; }

  tine::Array<T, 2> a, b, c;
  // What factorisations leave.
  std::optional<tine::matrix::Cholesky<T>> cholesky;
  std::optional<tine::matrix::Lu<T>> lu;
  std::optional<tine::matrix::Qr<T>> qr;
};

/// Whether a triangle of factors is that of the peers, which have theirs by columns: as near as the largest
/// of them lets one expect.
template <class T>
bool same_triangle(const tine::Array<T, 2>& own, const Matrices<T>& peers, bool upper) {
  const std::size_t n = own.extent(0);
  double largest = 0, off = 0;
  for (std::size_t y = 0; y < n; ++y)
    for (std::size_t x = upper ? y : 0; x < (upper ? n : y + 1); ++x) {
      const double e = static_cast<double>(upper ? peers.c(x, y) : peers.c(y, x));
      largest = std::max(largest, std::abs(e));
      off = std::max(off, std::abs(static_cast<double>(own(y, x)) - e));
    }
  const double eps = static_cast<double>(std::numeric_limits<T>::epsilon());
  return off <= 1000 * static_cast<double>(n) * eps * largest;
}

/// One kind of work, as everybody calls it.
template <class T>
struct Work {
  std::string name;
  std::function<void(tine::Pool&, Matrices<T>&)> tine;
  void (*eigen)(const Square<T>&, int threads);
  void (Blas::*blas)(const Square<T>&) const;
  bool lower = false;   ///< only the lower part of the result counts
  bool vector = false;  ///< the result is the first row
  double against_blas = 0.98;
  const char* extension = nullptr;  ///< what not every BLAS has
  /// Whether the results are the same, instead of element by element.
  std::function<bool(Matrices<T>& own, const Matrices<T>& peers)> same{};
};

template <class T>
bool agree(const Work<T>& work, const T* got, const T* expected, std::size_t n) {
  const double allowed =
      4 * static_cast<double>(n) * static_cast<double>(std::numeric_limits<T>::epsilon());
  for (std::size_t y = 0; y < (work.vector ? 1 : n); ++y)
    for (std::size_t x = 0; x < (work.lower ? y + 1 : n); ++x) {
      const double e = static_cast<double>(expected[y * n + x]);
      if (!(std::abs(static_cast<double>(got[y * n + x]) - e) <= allowed * std::abs(e)))
        return false;
    }
  return true;
}

/// Every side's work done once, and compared.
template <class T>
void check(const Work<T>& work, const std::vector<Side>& sides, Matrices<T>& own,
           const Matrices<T>& peers, std::size_t n) {
  sides[0].run();
  for (const Side& side : sides) {
    if (!side.run || &side == &sides[0] || side.name == "1 worker") continue;
    side.run();
    bench::require(work.same ? work.same(own, peers) : agree(work, own.c.data(), peers.c.data(), n),
                   side.name.c_str());
  }
}

/// Both in rounds that everybody takes part in.
template <class T>
void compare_work(const Work<T>& work, std::size_t n) {
  const char* type = std::is_same_v<T, float> ? "float" : "double";
  const std::string name = work.name + " " + type + " " + std::to_string(n);
  const bench::How how{.rounds = 11,
                       .slow_rounds = 5,
                       .calls = n <= 256    ? 20u
                                : n <= 1024 ? 3u
                                            : 1u};

  bench::compare(name + ", Eigen's tiles", how,
                 {{Goal::What::speed, 1.0, "Eigen", "Eigen, 1 thread", 1.9}}, [=] {
                   auto all = std::make_shared<Matrices<T>>(pools->all, n);
                   auto one = std::make_shared<Matrices<T>>(pools->one, n);
                   auto peers = std::make_shared<Matrices<T>>(pools->all, n);
                   tine::matrix::use_isa(eigen_isa());
                   std::vector<Side> sides{
                       {"tine", [=] { work.tine(pools->all, *all); }},
                       {"1 worker", [=] { work.tine(pools->one, *one); }},
                       {"Eigen", [=] { work.eigen(peers->square(), cpus); }},
                       {"Eigen, 1 thread", [=] { work.eigen(peers->square(), 1); }},
                   };
                   check(work, sides, *all, *peers, n);
                   return sides;
                 });
  if (!has_blas() || Blas::installed().empty()) return;
  std::vector<Goal> goals;
  for (const Blas& blas : Blas::installed())
    if (work.extension == nullptr || blas.has(work.extension))
      goals.push_back({Goal::What::speed, work.against_blas, blas.name()});
  bench::compare(name + ", BLAS", how, goals, [=] {
    auto all = std::make_shared<Matrices<T>>(pools->all, n);
    auto peers = std::make_shared<Matrices<T>>(pools->all, n);
    tine::matrix::use_isa(Isa::blas);
    std::vector<Side> sides{{"tine", [=] { work.tine(pools->all, *all); }}};
    for (const Blas& blas : Blas::installed()) {
      if (work.extension != nullptr && !blas.has(work.extension)) continue;
      sides.push_back({blas.name(), [=, &blas] {
                         blas.set_threads(cpus);
                         (blas.*work.blas)(peers->square());
                       }});
    }
    check(work, sides, *all, *peers, n);
    static bench::PythonPeer numpy(BENCH_PEERS);
    const std::string wanted =
        work.name + (sizeof(T) == 4 ? " float32 " : " float64 ") + std::to_string(n);
    if (numpy.ask(wanted) >= 0)
      sides.push_back({"numpy", {}, [wanted](std::size_t calls) {
                         double sum = 0;
                         for (std::size_t i = 0; i < calls; ++i) sum += numpy.ask(wanted);
                         return sum;
                       }});
    return sides;
  });
}

template <class T>
void compare_all() {
  using M = Matrices<T>;
  const Work<T> gemm{"gemm",
                     [](tine::Pool& pool, M& m) { tine::matrix::gemm(pool, m.a, m.b, m.c); },
                     EigenPeer<T>::gemm, &Blas::gemm<T>};
  const Work<T> syrk{"syrk", [](tine::Pool& pool, M& m) { tine::matrix::syrk(pool, m.a, m.c); },
                     EigenPeer<T>::syrk, &Blas::syrk<T>, true};
  const Work<T> gemv{"gemv",
                     [](tine::Pool& pool, M& m) {
                       const std::size_t n = m.a.extent(0);
                       tine::matrix::gemv(pool, m.a, tine::View<const T>(m.b.data(), {n}),
                                          tine::View<T>(m.c.data(), {n}));
                     },
                     EigenPeer<T>::gemv,
                     &Blas::gemv<T>,
                     false,
                     true};
  const Work<T> transpose{"transpose",
                          [](tine::Pool& pool, M& m) { tine::matrix::transpose(pool, m.a, m.c); },
                          EigenPeer<T>::transpose,
                          &Blas::transpose<T>,
                          false,
                          false,
                          5,
                          "domatcopy_"};
  // As the peers have them, by columns; for cholesky that is the lower triangle by rows.
  const auto by_columns = [](M& m) { return tine::matrix::operand(m.b).transposed(); };
  const Work<T> cholesky{
      .name = "cholesky",
      .tine = [](tine::Pool& pool, M& m) { m.cholesky.emplace(pool, m.a); },
      .eigen = EigenPeer<T>::cholesky,
      .blas = &Blas::cholesky<T>,
      .extension = "dpotrf_",
      .same = [](M& own,
                 const M& peers) { return same_triangle(own.cholesky->factor(), peers, false); }};
  const Work<T> lu{
      .name = "lu",
      .tine = [=](tine::Pool& pool, M& m) { m.lu.emplace(pool, by_columns(m)); },
      .eigen = EigenPeer<T>::lu,
      .blas = &Blas::lu<T>,
      .extension = "dgetrf_",
      .same = [](M& own, const M& peers) { return same_triangle(own.lu->factors(), peers, true); }};
  const Work<T> qr{.name = "qr",
                   .tine = [=](tine::Pool& pool, M& m) { m.qr.emplace(pool, by_columns(m)); },
                   .eigen = EigenPeer<T>::qr,
                   .blas = &Blas::qr<T>,
                   .extension = "dgeqrf_",
                   .same =
                       [](M& own, const M& peers) {
                         auto r = pools->all.array<T>(own.a.extent(0), own.a.extent(1));
                         own.qr->r(pools->all, r);
                         return same_triangle(r, peers, true);
                       }};
  for (const std::size_t n : {256, 512, 1024, 2048, 4096, 8192}) compare_work(gemm, n);
  for (const std::size_t n : {256, 1024, 2048, 4096}) compare_work(syrk, n);
  for (const std::size_t n : {1024, 8192}) compare_work(gemv, n);
  for (const std::size_t n : {1024, 8192}) compare_work(transpose, n);
  for (const Work<T>& factorisation : {cholesky, lu, qr})
    for (const std::size_t n : {256, 1024, 2048, 4096}) compare_work(factorisation, n);
}

/// A matrix to decompose, and what is found of it.
struct Decomposed {
  Decomposed(tine::Pool& pool, std::size_t rows, std::size_t columns, std::size_t k)
      : a(pool.array<double>(rows, columns)),
        u(pool.array<double>(rows, k)),
        v(pool.array<double>(columns, k)),
        values(pool.array<double>(k)) {
    // Singular values that fall, more and more slowly, so that a sketch finds the largest ones.
    std::uint32_t random = 1;
    for (std::size_t y = 0; y < rows; ++y)
      for (std::size_t x = 0; x < columns; ++x) {
        random = random * 1664525 + 1013904223;
        a(y, x) = static_cast<double>(random >> 8) / 0x1p24 / (1 + static_cast<double>(x) / 20);
      }
    for (std::size_t y = 0; rows == columns && y < rows; ++y)
      for (std::size_t x = 0; x < y; ++x) a(y, x) = a(x, y);
  }
  bench::Tall tall() {
    return {a.data(), values.data(), static_cast<int>(a.extent(0)), static_cast<int>(a.extent(1)),
            static_cast<int>(values.size())};
  }

  tine::Array<double, 2> a, u, v;
  tine::Array<double> values;
};

struct Decomposition {
  std::string name;
  std::size_t rows, columns, k;
  void (*tine)(tine::Pool&, Decomposed&);
  void (*eigen)(const bench::Tall&, int threads);
  double tolerance;  ///< of values, as part of the largest one
};

/// With Eigen's own decompositions of which most use one CPU, and numpy's, which are LAPACK's, on all.
void compare_decomposition(const Decomposition& work) {
  const std::string size =
      std::to_string(work.rows) + "x" + std::to_string(work.columns) + "x" + std::to_string(work.k);
  bench::compare(work.name + " double " + size, {.rounds = 11, .slow_rounds = 5},
                 {{Goal::What::speed, 1.0, "Eigen", "Eigen, 1 thread", 1.9}}, [=] {
                   const auto make = [&](tine::Pool& pool) {
                     return std::make_shared<Decomposed>(pool, work.rows, work.columns, work.k);
                   };
                   auto all = make(pools->all), one = make(pools->one), peers = make(pools->all);
                   tine::matrix::use_isa(eigen_isa());
                   std::vector<Side> sides{
                       {"tine", [=] { work.tine(pools->all, *all); }},
                       {"1 worker", [=] { work.tine(pools->one, *one); }},
                       {"Eigen", [=] { work.eigen(peers->tall(), cpus); }},
                       {"Eigen, 1 thread", [=] { work.eigen(peers->tall(), 1); }},
                   };
                   sides[0].run();
                   sides[2].run();
                   double largest = 0, apart = 0;
                   for (std::size_t i = 0; i < work.k; ++i) {
                     largest = std::max(largest, std::abs(peers->values[i]));
                     apart = std::max(apart, std::abs(peers->values[i] - all->values[i]));
                   }
                   bench::require(apart <= work.tolerance * largest, "Eigen");
                   static bench::PythonPeer numpy(BENCH_PEERS);
                   const std::string wanted = work.name + " float64 " + size;
                   if (numpy.ask(wanted) >= 0)
                     sides.push_back({"numpy", {}, [wanted](std::size_t calls) {
                                        double sum = 0;
                                        for (std::size_t i = 0; i < calls; ++i)
                                          sum += numpy.ask(wanted);
                                        return sum;
                                      }});
                   return sides;
                 });
}

void compare_decompositions() {
  const auto eigh = [](tine::Pool& pool, Decomposed& d) {
    tine::matrix::eigh(pool, d.a, d.values, d.u);
  };
  const auto svd = [](tine::Pool& pool, Decomposed& d) {
    tine::matrix::svd(pool, d.a, d.u, d.values, d.v);
  };
  const auto randomized_svd = [](tine::Pool& pool, Decomposed& d) {
    tine::matrix::randomized_svd(pool, d.a, d.u, d.values, d.v);
  };
  const auto pca = [](tine::Pool& pool, Decomposed& d) {
    const auto found = tine::matrix::pca(pool, d.a, d.values.size());
    std::ranges::copy(found.variance, d.values.begin());
  };
  using bench::EigenSpectra;
  for (const std::size_t n : {256, 512, 1024, 2048})
    compare_decomposition({"eigh", n, n, n, eigh, EigenSpectra::eigh, 1e-12});
  for (const std::size_t n : {256, 512, 1024})
    compare_decomposition({"svd", n, n, n, svd, EigenSpectra::svd, 1e-12});
  compare_decomposition({"svd", 4096, 256, 256, svd, EigenSpectra::svd, 1e-12});
  compare_decomposition(
      {"randomized_svd", 8192, 1024, 20, randomized_svd, EigenSpectra::randomized_svd, 1e-2});
  compare_decomposition({"pca", 16384, 256, 20, pca, EigenSpectra::pca, 1e-12});
}

}  // namespace

int main(int argc, char** argv) {
  Pools both;
  pools = &both;
  compare_all<double>();
  compare_all<float>();
  compare_decompositions();
  bench::compare_sparse(both.all, both.one);
  bench::compare_statistics(both.all, both.one);
  return bench::run("matrix", argc, argv);
}
