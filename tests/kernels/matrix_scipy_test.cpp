// What numpy and scipy make of the same numbers: this program writes raw numbers to files, and a script
// (matrix_scipy.py) compares.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <tine/matrix/covariance.hpp>
#include <tine/matrix/cumulative.hpp>
#include <tine/matrix/distance.hpp>
#include <tine/matrix/norm.hpp>
#include <tine/matrix/softmax.hpp>
#include <tine/matrix/statistics.hpp>
#include <tine/tine.hpp>

#include "matrix_test.hpp"
#include "support/fixture.hpp"

namespace tine::matrix {

namespace {

class MatrixBesideScipy : public tine_test::NothingLeftBehind {};

TEST_F(MatrixBesideScipy, all_is_what_numpy_and_scipy_say) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("tine_scipy_" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  const auto write = [&](const std::string& name, const auto& array) {
    std::ofstream file(folder / name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(array.data()),
               static_cast<std::streamsize>(array.size() * sizeof(double)));
  };
  constexpr std::size_t m = 203, n = 65;
  Pool pool({.workers = 3});
  // Some rows are the same, some nearly, all far from 0.
  Matrix<double> x = random_matrix<double>(m, n, 1).array() + 1e4;
  x.row(7) = x.row(3);
  x.row(9) = x.row(3).array() + 1e-9;
  SharedMatrix<double> a(pool, x);
  write("x", x);
  auto rows = pool.array<double>(m), columns = pool.array<double>(n);
  auto same = pool.array<double>(m, n), square = pool.array<double>(n, n),
       pairs = pool.array<double>(m, m);
  sum(pool, a.map(), Per::row, rows);
  write("sum", rows);
  max(pool, a.map(), Per::column, columns);
  write("max", columns);
  stddev(pool, a.map(), Per::column, columns, 1);
  write("stddev", columns);
  norms(pool, a.map(), Per::row, rows, Norm::one);
  write("norm", rows);
  softmax(pool, a.map(), Per::column, same);
  write("softmax", same);
  log_softmax(pool, a.map(), Per::row, same);
  write("log_softmax", same);
  cumulative_sum(pool, a.map(), Per::column, same);
  write("cumulative_sum", same);
  covariance(pool, a.map(), square);
  write("covariance", square);
  correlation(pool, a.map(), square);
  write("correlation", square);
  for (const auto& [name, metric] : {std::pair{"euclidean", Metric::euclidean},
                                     {"sqeuclidean", Metric::squared_euclidean},
                                     {"cosine", Metric::cosine},
                                     {"cityblock", Metric::cityblock},
                                     {"chebyshev", Metric::chebyshev}}) {
    distances(pool, a.map(), pairs, metric);
    write(name, pairs);
  }
  const std::string command = std::string(TINE_PYTHON) + " " + TINE_SCRIPT + " " + folder.string();
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  std::filesystem::remove_all(folder);
}

}  // namespace

}  // namespace tine::matrix
