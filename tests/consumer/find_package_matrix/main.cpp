// A product of matrices, as somebody else's project would build it.

#include <cstdio>

#include <tine/matrix/product.hpp>
#include <tine/tine.hpp>

int main() {
  tine::Pool pool({.workers = 2});
  const Eigen::MatrixXd a = Eigen::MatrixXd::Random(211, 107), b = Eigen::MatrixXd::Random(107, 97);
  Eigen::MatrixXd c(211, 97);
  tine::matrix::gemm(pool, a, b, c);
  if ((c - a * b).cwiseAbs().maxCoeff() > 1e-12) {
    std::puts("the product differs from Eigen's");
    return 1;
  }
}
