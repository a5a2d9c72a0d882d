// C = A * B with Eigen, a band of rows of A and C at a time. Nothing is copied, and the bits of C
// are the same on any number of workers.
#include <algorithm>
#include <cstdio>
#include <limits>

#include <tine/eigen.hpp>
#include <tine/tine.hpp>

namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Matrix product(tine::Pool& pool, const Matrix& a, const Matrix& b) {
  auto left = pool.array<double>(a.rows(), a.cols());
  auto right = pool.array<double>(b.rows(), b.cols());
  auto result = pool.array<double>(a.rows(), b.cols());
  tine::as_map(left.view()) = a;
  tine::as_map(right.view()) = b;
  tine::for_each_slice(
      pool, tine::rows(result),
      [](const tine::Slice&, auto rows, auto out, auto all) {
        tine::as_map(out).noalias() = tine::as_map(rows) * tine::as_map(all);
      },
      tine::in(left), tine::out(result), tine::whole(right));
  return tine::as_map(result.view());
}

}  // namespace

int main() {
  tine::Pool one({.workers = 1});
  tine::Pool all;
  const Matrix a = Matrix::Random(1000, 700);
  const Matrix b = Matrix::Random(700, 900);

  const Matrix c = product(all, a, b);
  const bool same_bits = c == product(one, a, b);
  const double error = (c - a * b).cwiseAbs().maxCoeff();
  const double allowed = static_cast<double>(a.cols()) * std::numeric_limits<double>::epsilon();
  std::printf("1 and %u workers: %s; largest difference from Eigen: %.1e of %.1e allowed\n",
              all.workers(), same_bits ? "same bits" : "DIFFERENT bits", error, allowed);
  return same_bits && error <= allowed ? 0 : 1;
}
