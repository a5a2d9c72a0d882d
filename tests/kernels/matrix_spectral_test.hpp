// Matrices with known spectra, and how decompositions are judged.
#pragma once

#include <cmath>
#include <cstring>
#include <functional>
#include <list>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <Eigen/QR>
#include <tine/tine.hpp>

#include "matrix_test.hpp"
#include "support/deaths.hpp"
#include "support/fixture.hpp"
#include "support/killer.hpp"

namespace tine::matrix {

/// What LAPACK's own tests allow of their ratios.
constexpr double lapack_bound = 30;

/// The largest sum of magnitudes in a column.
template <class M>
double norm1(const M& m) {
  return m.size() == 0 ? 0 : static_cast<double>(m.cwiseAbs().colwise().sum().maxCoeff());
}

/// Of columns that should be orthonormal: ||V'V - I|| / (n epsilon).
template <class T>
double orthogonality(const Matrix<T>& v) {
  const Matrix<double> d = v.template cast<double>();
  const Matrix<double> error = d.transpose() * d - Matrix<double>::Identity(d.cols(), d.cols());
  return norm1(error) / (static_cast<double>(std::max<Eigen::Index>(v.rows(), 1)) * epsilon<T>());
}

/// ||a - b|| / (n epsilon ||a||)
template <class T>
double distance(const Matrix<double>& a, const Matrix<double>& b) {
  const double norm = norm1(a), n = static_cast<double>(std::max(a.rows(), a.cols()));
  return norm1(Matrix<double>(a - b)) / (n * epsilon<T>() * (norm > 0 ? norm : 1));
}

/// Orthonormal columns.
inline Matrix<double> random_orthonormal(std::size_t rows, std::size_t columns, unsigned seed) {
  const Matrix<double> r = random_matrix<double>(rows, columns, seed);
  Eigen::MatrixXd q = Eigen::MatrixXd::Identity(r.rows(), r.cols());
  q.applyOnTheLeft(Eigen::HouseholderQR<Eigen::MatrixXd>(r).householderQ());
  return q;
}

struct Spectrum {
  std::string name;
  std::function<double(std::size_t i, std::size_t n)>
      value;  ///< the i-th of n, of magnitude 1 or less
};

inline const std::vector<Spectrum>& spectra() {
  const auto share = [](std::size_t i, std::size_t n) {
    return n == 1 ? 1.0 : static_cast<double>(i) / static_cast<double>(n - 1);
  };
  static const std::vector<Spectrum> all{
      {"even", [=](std::size_t i, std::size_t n) { return 1 - share(i, n) / 2; }},
      {"graded", [=](std::size_t i, std::size_t n) { return std::pow(10, -15 * share(i, n)); }},
      {"one large", [](std::size_t i, std::size_t) { return i == 0 ? 1 : 1e-14; }},
      {"two clusters",
       [](std::size_t i, std::size_t) {
         return i % 2 == 0 ? 1 : 0.5 + 1e-15 * static_cast<double>(i);
       }},
      {"all the same", [](std::size_t, std::size_t) { return 1.0; }},
      {"of both signs",
       [=](std::size_t i, std::size_t n) { return i % 2 == 0 ? share(i, n) : -share(i, n); }},
      {"half of it zero",
       [](std::size_t i, std::size_t n) {
         return i < n / 2 ? 0.0 : 1 / static_cast<double>(i + 1);
       }},
      {"zero", [](std::size_t, std::size_t) { return 0.0; }},
  };
  return all;
}

/// With as many workers as tine_test::worker_counts says.
inline std::list<Pool> pools_of_all_sizes() {
  std::list<Pool> pools;
  for (const unsigned workers : tine_test::worker_counts)
    pools.emplace_back(PoolOptions{.workers = workers});
  return pools;
}

template <class F>
std::string refusal(F call) {
  try {
    call();
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "nothing was refused";
}

/// Calls `call` while workers are killed, until ten of them were; it returns the Report, and checks bits.
template <class F>
void call_while_workers_die(Pool& pool, F call) {
  std::size_t deaths = 0;
  for (int round = 0; round < 200 && deaths < 10 && !testing::Test::HasFatalFailure(); ++round) {
    std::thread killer([&pool, round] {
      usleep(static_cast<unsigned>(500 + 1313 * (round % 17)));
      const auto workers = pool.worker_pids();
      tine_test::signal_child(pool.supervisor_pid(),
                              workers[static_cast<std::size_t>(round) % workers.size()], SIGKILL);
    });
    const Report report = call();
    killer.join();
    deaths += report.faults.size();
  }
  EXPECT_GE(deaths, 10u);
}

}  // namespace tine::matrix
