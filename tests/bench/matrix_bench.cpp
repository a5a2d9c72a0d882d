// Products and transposes of square matrices, beside Eigen with its own threads, the BLAS libraries of
// Debian with theirs, and numpy.
//
// tine is measured twice: on Eigen's tiles, which ought to be as fast as Eigen where Eigen uses all
// CPUs and 1.9 times as fast where it does not, and on the tiles of a BLAS, which ought to lose no more
// than 2 % to the fastest BLAS with threads of its own.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>

#include <tine/matrix/isa.hpp>
#include <tine/matrix/product.hpp>
#include <tine/matrix/transpose.hpp>
#include <tine/tine.hpp>

#include "compare.hpp"
#include "matrix_peers.hpp"
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
    for (std::size_t i = 0; i < a.size(); ++i) {
      a.data()[i] = static_cast<T>(i * 7919 % 1021) / 1021;
      b.data()[i] = static_cast<T>(i * 104729 % 1019) / 1019;
    }
  }
  Square<T> square() { return {a.data(), b.data(), c.data(), static_cast<int>(a.extent(0))}; }

  tine::Array<T, 2> a, b, c;
};

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
void check(const Work<T>& work, const std::vector<Side>& sides, const T* own, const T* peers,
           std::size_t n) {
  sides[0].run();
  for (const Side& side : sides) {
    if (!side.run || &side == &sides[0] || side.name == "1 worker") continue;
    side.run();
    bench::require(agree(work, own, peers, n), side.name.c_str());
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
                   check(work, sides, all->c.data(), peers->c.data(), n);
                   return sides;
                 });
  if (!has_blas() || Blas::installed().empty()) return;
  std::vector<Goal> goals;
  for (const Blas& blas : Blas::installed())
    if (work.name != "transpose" || blas.has_transpose())
      goals.push_back({Goal::What::speed, work.against_blas, blas.name()});
  bench::compare(name + ", BLAS", how, goals, [=] {
    auto all = std::make_shared<Matrices<T>>(pools->all, n);
    auto peers = std::make_shared<Matrices<T>>(pools->all, n);
    tine::matrix::use_isa(Isa::blas);
    std::vector<Side> sides{{"tine", [=] { work.tine(pools->all, *all); }}};
    for (const Blas& blas : Blas::installed()) {
      if (work.name == "transpose" && !blas.has_transpose()) continue;
      sides.push_back({blas.name(), [=, &blas] {
                         blas.set_threads(cpus);
                         (blas.*work.blas)(peers->square());
                       }});
    }
    check(work, sides, all->c.data(), peers->c.data(), n);
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
                     EigenPeer<T>::gemv, &Blas::gemv<T>, false, true};
  const Work<T> transpose{"transpose",
                          [](tine::Pool& pool, M& m) { tine::matrix::transpose(pool, m.a, m.c); },
                          EigenPeer<T>::transpose, &Blas::transpose<T>, false, false, 5};
  for (const std::size_t n : {256, 512, 1024, 2048, 4096, 8192}) compare_work(gemm, n);
  for (const std::size_t n : {256, 1024, 2048, 4096}) compare_work(syrk, n);
  for (const std::size_t n : {1024, 8192}) compare_work(gemv, n);
  for (const std::size_t n : {1024, 8192}) compare_work(transpose, n);
}

}  // namespace

int main(int argc, char** argv) {
  Pools both;
  pools = &both;
  compare_all<double>();
  compare_all<float>();
  bench::compare_statistics(both.all, both.one);
  return bench::run("matrix", argc, argv);
}
