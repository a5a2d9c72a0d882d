// None of the peers scales here, but numpy in the product that makes a covariance; though a single reader
// comes near to what memory gives.
#include "matrix_statistics.hpp"

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>

#include <tine/matrix/covariance.hpp>
#include <tine/matrix/cumulative.hpp>
#include <tine/matrix/distance.hpp>
#include <tine/matrix/norm.hpp>
#include <tine/matrix/softmax.hpp>
#include <tine/matrix/statistics.hpp>
#include <tine/matrix/vector.hpp>

#include "compare.hpp"
#include "matrix_peers.hpp"
#include "python_peer.hpp"

namespace bench {

namespace {

using tine::matrix::Per;

template <class T>
struct Matrices {
  Matrices(tine::Pool& pool, std::size_t n)
      : a(pool.array<T>(n, n)),
        b(pool.array<T>(n, n)),
        c(pool.array<T>(n, n)),
        positions(pool.array<std::size_t>(n)) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      a.data()[i] = static_cast<T>(i * 7919 % 1021) / 1021;
      b.data()[i] = static_cast<T>(i * 104729 % 1019) / 1019;
    }
  }
  Square<T> square() { return {a.data(), b.data(), c.data(), static_cast<int>(a.extent(0))}; }
  /// The first row of c.
  tine::View<T> results() { return {c.data(), {a.extent(0)}}; }

  tine::Array<T, 2> a, b, c;
  tine::Array<std::size_t> positions;
};

template <class T>
struct Work {
  std::string name;
  std::function<void(tine::Pool&, Matrices<T>&)> tine;
  std::function<std::size_t(std::size_t n)> results;  ///< numbers at the beginning of c
  double against_numpy = 1.9;
  double allowed = 1e3;  ///< in units of the last place, of what Eigen sums
};

template <class T>
void compare_work(tine::Pool& all, tine::Pool& one, const Work<T>& work, std::size_t n) {
  const std::string type = std::is_same_v<T, float> ? "float" : "double";
  const How how{.rounds = 11, .slow_rounds = 5, .calls = n <= 1024 ? 5u : 1u};
  compare(work.name + " " + type + " " + std::to_string(n), how,
          {{Goal::What::speed, work.against_numpy, "numpy"}}, [=, &all, &one] {
            auto own = std::make_shared<Matrices<T>>(all, n);
            auto alone = std::make_shared<Matrices<T>>(one, n);
            auto peers = std::make_shared<Matrices<T>>(all, n);
            std::vector<Side> sides{
                {"tine", [=, &all] { work.tine(all, *own); }},
                {"1 worker", [=, &one] { work.tine(one, *alone); }},
                {"Eigen", [=] { EigenPeer<T>::statistic(work.name, peers->square()); }},
            };
            sides[0].run();
            sides[2].run();
            const double unit = static_cast<double>(std::numeric_limits<T>::epsilon());
            bool same = true;
            for (std::size_t i = 0; i < work.results(n); ++i) {
              const double expected = static_cast<double>(peers->c.data()[i]);
              same = same && std::abs(static_cast<double>(own->c.data()[i]) - expected) <=
                                 work.allowed * unit * (std::abs(expected) + 1);
            }
            require(same, (work.name + " is Eigen's").c_str());
            static PythonPeer numpy(BENCH_PEERS);
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
void compare_all(tine::Pool& all, tine::Pool& one) {
  using M = Matrices<T>;
  using tine::Pool;
  namespace matrix = tine::matrix;
  const auto number = [](std::size_t) { return std::size_t{1}; };
  const auto line = [](std::size_t n) { return n; };
  const auto whole = [](std::size_t n) { return n * n; };
  const auto flat = [](auto& m) { return tine::View<const T>(m.data(), {m.size()}); };
  const Work<T> works[] = {
      {"sum-row", [](Pool& p, M& m) { matrix::sum(p, m.a, Per::row, m.results()); }, line},
      {"sum-column", [](Pool& p, M& m) { matrix::sum(p, m.a, Per::column, m.results()); }, line},
      {"max-row", [](Pool& p, M& m) { matrix::max(p, m.a, Per::row, m.results()); }, line},
      {"argmax-column",
       [](Pool& p, M& m) {
         matrix::argmax(p, m.a, Per::column, m.positions);
         for (std::size_t i = 0; i < m.positions.size(); ++i)
           m.c.data()[i] = static_cast<T>(m.positions[i]);
       },
       line},
      {"variance-column", [](Pool& p, M& m) { matrix::variance(p, m.a, Per::column, m.results()); },
       line},
      {"norm", [](Pool& p, M& m) { m.c.data()[0] = matrix::norm(p, m.a); }, number},
      {"dot", [flat](Pool& p, M& m) { m.c.data()[0] = matrix::dot(p, flat(m.a), flat(m.b)); },
       number},
      {"axpy",
       [flat](Pool& p, M& m) {
         matrix::axpy(p, T(0.5), flat(m.a), tine::View<T>(m.c.data(), {m.c.size()}));
       },
       whole},
      {"softmax-row", [](Pool& p, M& m) { matrix::softmax(p, m.a, Per::row, m.c); }, whole},
      {"cumulative_sum-column",
       [](Pool& p, M& m) { matrix::cumulative_sum(p, m.a, Per::column, m.c); }, whole},
  };
  for (const Work<T>& work : works)
    for (const std::size_t n : {1024, 8192}) compare_work(all, one, work, n);
  const Work<T> covariance{"covariance", [](Pool& p, M& m) { matrix::covariance(p, m.a, m.c); },
                           whole, 1.0};
  for (const std::size_t n : {1024, 4096}) compare_work(all, one, covariance, n);
  const Work<T> distances{
      "distances", [](Pool& p, M& m) { matrix::distances(p, m.a.view().part(1, 0, 64), m.c); },
      whole};
  compare_work(all, one, distances, 4096);
}

}  // namespace

void compare_statistics(tine::Pool& all, tine::Pool& one) {
  compare_all<double>(all, one);
  compare_all<float>(all, one);
}

}  // namespace bench
