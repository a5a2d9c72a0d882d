// Sparse matrices to test with.
#pragma once

#include <csignal>
#include <cstring>
#include <list>
#include <thread>
#include <vector>

#include <Eigen/SparseCore>
#include <tine/matrix/sparse.hpp>
#include <tine/tine.hpp>

#include "matrix_test.hpp"
#include "support/killer.hpp"
#include "support/worker_counts.hpp"

namespace tine::matrix {

template <class T>
using Sparse = Eigen::SparseMatrix<T, Eigen::RowMajor>;
template <class T>
using Column = Eigen::Matrix<T, Eigen::Dynamic, 1>;

/// About `per_row` elements in each row, some rows empty, some places twice.
template <class T>
std::vector<Triplet<T>> random_triplets(std::size_t rows, std::size_t columns, std::size_t per_row,
                                        unsigned seed = 1) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> number(-1, 1);
  std::vector<Triplet<T>> triplets;
  if (rows == 0 || columns == 0) return triplets;
  for (std::size_t i = 0; i < rows * per_row; ++i)
    triplets.push_back({random() % rows, random() % columns, static_cast<T>(number(random))});
  return triplets;
}

template <class T>
Sparse<T> eigen_matrix(std::size_t rows, std::size_t columns,
                       const std::vector<Triplet<T>>& triplets) {
  std::vector<Eigen::Triplet<T>> same;
  for (const auto& [row, column, value] : triplets)
    same.emplace_back(static_cast<int>(row), static_cast<int>(column), value);
  Sparse<T> m(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns));
  m.setFromTriplets(same.begin(), same.end());
  return m;
}

/// With as many workers as tine_test::worker_counts says.
inline std::list<Pool> pools_of_all_sizes() {
  std::list<Pool> pools;
  for (const unsigned workers : tine_test::worker_counts)
    pools.emplace_back(PoolOptions{.workers = workers});
  return pools;
}

/// Runs `work`, which returns how many faults there were, and kills a worker each time, until ten deaths
/// have hit it.
template <class F>
void while_workers_die(Pool& pool, F work) {
  std::size_t deaths = 0;
  for (int round = 0; round < 400 && deaths < 10; ++round) {
    std::thread killer([&pool, round] {
      usleep(static_cast<unsigned>(200 + 313 * (round % 17)));
      const auto workers = pool.worker_pids();
      tine_test::signal_child(pool.supervisor_pid(),
                              workers[static_cast<std::size_t>(round) % workers.size()], SIGKILL);
    });
    deaths += work();
    killer.join();
  }
  EXPECT_GE(deaths, 10u);
}

}  // namespace tine::matrix
