// Csr and spmv against Eigen's sparse matrices and plain loops.
#include <tine/matrix/sparse.hpp>

#include <cstdio>
#include <cstring>
#include <map>

#include <gmock/gmock.h>
#include <tine/error.hpp>
#include <tine/tine.hpp>

#include "matrix_sparse.hpp"
#include "support/fixture.hpp"
#include "support/message.hpp"

namespace tine::matrix {

namespace {

class MatrixSparse : public tine_test::NothingLeftBehind {};
template <class T>
class MatrixSparseOf : public tine_test::NothingLeftBehind {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(MatrixSparseOf, Reals);

template <class T>
Matrix<T> dense(Pool& pool, const Csr<T>& a) {
  auto array = a.to_dense(pool);
  return Eigen::Map<Matrix<T>>(array.data(), static_cast<Eigen::Index>(a.rows()),
                               static_cast<Eigen::Index>(a.columns()));
}

struct Shape {
  std::size_t rows, columns, per_row;
};
constexpr Shape shapes[] = {{0, 0, 0}, {0, 5, 0},   {5, 0, 0},   {1, 1, 1},   {2, 2, 1},
                            {2, 3, 4}, {63, 65, 3}, {64, 64, 0}, {65, 63, 9}, {1000, 700, 20}};

TYPED_TEST(MatrixSparseOf, made_from_triplets_eigen_and_dense_are_the_same) {
  using T = TypeParam;
  Pool pool({.workers = 1});
  for (const auto& [rows, columns, per_row] : shapes) {
    SCOPED_TRACE(testing::Message() << rows << " x " << columns);
    auto triplets = random_triplets<T>(rows, columns, per_row);
    const Csr<T> a(pool, rows, columns, triplets);
    // What is at one place is added up in the order in which it comes.
    std::map<std::pair<std::size_t, std::size_t>, T> sums;
    for (const auto& [row, column, value] : triplets) sums[{row, column}] += value;
    Matrix<T> expected =
        Matrix<T>::Zero(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns));
    for (const auto& [where, value] : sums)
      expected(static_cast<Eigen::Index>(where.first), static_cast<Eigen::Index>(where.second)) =
          value;
    ASSERT_EQ(a.rows(), rows);
    ASSERT_EQ(a.columns(), columns);
    ASSERT_EQ(a.nonzeros(), sums.size());
    ASSERT_TRUE(same_bits<T>(dense(pool, a), expected));

    const Sparse<T> by_rows = expected.sparseView();
    const Eigen::SparseMatrix<T, Eigen::ColMajor> by_columns = by_rows;
    ASSERT_TRUE(same_bits<T>(dense(pool, Csr<T>(pool, by_rows)), expected));
    ASSERT_TRUE(same_bits<T>(dense(pool, Csr<T>(pool, by_columns)), expected));
    ASSERT_TRUE(same_bits<T>(dense(pool, Csr<T>::from_dense(pool, expected)), expected));
    const Csr<T> turned = a.transposed(pool);
    ASSERT_EQ(turned.rows(), columns);
    ASSERT_TRUE(same_bits<T>(dense(pool, turned), expected.transpose()));
    ASSERT_TRUE(std::ranges::equal(turned.transposed(pool).column_indices(), a.column_indices()));

    const Csr<T> again(pool, rows, columns, a.row_offsets(), a.column_indices(), a.values());
    ASSERT_TRUE(same_bits<T>(dense(pool, again), expected));
  }
}

TEST_F(MatrixSparse, maps_and_matrices_with_gaps_are_taken_too) {
  Pool pool({.workers = 1});
  Sparse<double> m(3, 4);
  m.reserve(Eigen::VectorXi::Constant(3, 4));
  m.insert(0, 2) = 1;
  m.insert(2, 0) = 2;
  m.insert(2, 3) = 3;
  ASSERT_FALSE(m.isCompressed());
  const Matrix<double> expected = m;
  EXPECT_TRUE(same_bits<double>(dense(pool, Csr<double>(pool, m)), expected));
  m.makeCompressed();
  const Eigen::Map<const Sparse<double>> map(3, 4, m.nonZeros(), m.outerIndexPtr(),
                                             m.innerIndexPtr(), m.valuePtr());
  EXPECT_TRUE(same_bits<double>(dense(pool, Csr<double>(pool, map)), expected));
}

TEST_F(MatrixSparse, stored_zeros_stay_and_nan_is_no_zero) {
  Pool pool({.workers = 1});
  const Csr<double> a(pool, 2, 2, {{0, 0, 0.0}, {1, 1, 1.0}, {1, 1, -1.0}});
  EXPECT_EQ(a.nonzeros(), 2u);
  Matrix<double> m = Matrix<double>::Zero(2, 2);
  m(1, 0) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(Csr<double>::from_dense(pool, m).nonzeros(), 1u);
}

/// y = 2 a x - y and y = a x, with the same bits in all pools, and as Eigen has it.
template <class T>
void expect_spmv(std::list<Pool>& pools, std::size_t rows, std::size_t columns,
                 const std::vector<Triplet<T>>& triplets) {
  const Sparse<T> m = eigen_matrix(rows, columns, triplets);
  const Matrix<T> x = random_matrix<T>(columns, 1, 2), y = random_matrix<T>(rows, 1, 3);
  const Matrix<T> product = m * x, sum = T(2) * product - y;
  Matrix<T> scale = m.cwiseAbs() * x.cwiseAbs();
  std::size_t longest = 1;
  for (Eigen::Index r = 0; r < m.outerSize(); ++r)
    longest = std::max(longest, static_cast<std::size_t>(m.innerVector(r).nonZeros()));
  Matrix<T> first, first_sum;
  for (Pool& pool : pools) {
    const Csr<T> a(pool, rows, columns, triplets);
    SharedMatrix<T> from(pool, x), plain(pool, Matrix<T>::Constant(y.rows(), 1, T(NAN))),
        to(pool, y);
    spmv(pool, a, from.map().col(0), plain.map().col(0));
    spmv(pool, a, from.map().col(0), to.map().col(0), T(2), T(-1));
    const Matrix<T> got = plain.map(), got_sum = to.map();
    ASSERT_TRUE(near(got, product, scale, longest));
    ASSERT_TRUE(near(got_sum, sum, Matrix<T>(2 * scale + y.cwiseAbs()), longest));
    if (pool.workers() == 1) {
      first = got;
      first_sum = got_sum;
    }
    ASSERT_TRUE(same_bits(got, first)) << pool.workers() << " workers";
    ASSERT_TRUE(same_bits(got_sum, first_sum)) << pool.workers() << " workers";
  }
}

TYPED_TEST(MatrixSparseOf, spmv_is_eigens_with_the_same_bits_on_any_number_of_workers) {
  using T = TypeParam;
  auto pools = pools_of_all_sizes();
  for (const auto& [rows, columns, per_row] : shapes) {
    SCOPED_TRACE(testing::Message() << rows << " x " << columns);
    expect_spmv(pools, rows, columns, random_triplets<T>(rows, columns, per_row));
  }
  // Many slices; long rows among short ones and empty ones, at both ends, and alone.
  auto triplets = random_triplets<T>(30000, 90000, 5);
  std::erase_if(triplets, [](const Triplet<T>& t) { return t.row > 7000 && t.row < 19000; });
  for (const std::size_t row : {0, 1, 12345, 29999})
    for (std::size_t c = 0; c < 90000; ++c)
      triplets.push_back({row, c, static_cast<T>(static_cast<double>(c % 17) - 8)});
  expect_spmv(pools, 30000, 90000, triplets);
  std::erase_if(triplets, [](const Triplet<T>& t) { return t.row != 0; });
  expect_spmv(pools, 1, 90000, triplets);
}

TEST_F(MatrixSparse, slices_have_as_many_nonzeros_each) {
  Pool pool({.workers = 1});
  auto triplets = random_triplets<double>(100000, 100000, 4);
  for (std::size_t c = 0; c < 100000; ++c) triplets.push_back({500, c, 1.0});
  for (std::size_t r = 0; r < 2000; ++r)
    for (std::size_t c = 0; c < 200; ++c) triplets.push_back({r + 50000, 3 * c, 1.0});
  const Csr<double> a(pool, 100000, 100000, triplets);
  const auto& [bounds, parts, first_part] = a.row_cut();
  ASSERT_GT(bounds.size(), 30u);
  EXPECT_EQ(bounds[bounds.size() - 1], 100000u);
  for (std::size_t i = 0; i + 1 < bounds.size(); ++i) {
    ASSERT_LT(bounds[i], bounds[i + 1]);
    if (first_part[i] == first_part[i + 1])
      ASSERT_LE(a.row_offsets()[bounds[i + 1]] - a.row_offsets()[bounds[i]], 32768u);
    else
      ASSERT_EQ(bounds[i], 500u);
  }
  ASSERT_EQ(parts.size(), 4u);
  for (const Range& part : parts) ASSERT_NEAR(static_cast<double>(part.size()), 25000, 2);
}

TEST_F(MatrixSparse, vectors_may_have_steps_or_lie_outside_the_arena) {
  Pool pool({.workers = 2});
  const auto triplets = random_triplets<double>(100, 80, 5);
  const Csr<double> a(pool, 100, 80, triplets);
  const Matrix<double> x = random_matrix<double>(80, 1, 2);
  const Matrix<double> expected = eigen_matrix(100, 80, triplets) * x;
  SharedMatrix<double> apart(pool, x, 3);
  auto y = pool.array<double>(100), z = pool.array<double>(100);
  spmv(pool, a, apart.map().col(0), y);
  Column<double> outside(100);
  spmv(pool, a, Column<double>(x), outside);
  spmv(pool, a, Eigen::RowVectorXd(x.transpose()), z);
  EXPECT_TRUE(near(outside, expected, Matrix<double>::Constant(100, 1, 80), 80));
  EXPECT_EQ(std::memcmp(outside.data(), y.data(), 800), 0);
  EXPECT_EQ(std::memcmp(outside.data(), z.data(), 800), 0);
}

TEST_F(MatrixSparse, nan_and_infinity_spread_along_stored_elements_only) {
  Pool pool({.workers = 2});
  const Csr<double> a(pool, 3, 3, {{0, 0, 1.0}, {1, 1, 0.0}, {2, 2, NAN}});
  auto x = pool.array_from(std::vector<double>{2, INFINITY, 3}), y = pool.array<double>(3);
  spmv(pool, a, x, y);
  EXPECT_EQ(y[0], 2);
  EXPECT_TRUE(std::isnan(y[1]));
  EXPECT_TRUE(std::isnan(y[2]));
}

using testing::HasSubstr;
using tine_test::message_of;

TEST_F(MatrixSparse, what_does_not_fit_is_refused_and_named) {
  Pool pool({.workers = 1});
  using C = Csr<double>;
  EXPECT_EQ(message_of([&] {
              C(pool, 5, 6, {{0, 0, 1.0}, {4, 6, 1.0}});
            }),
            "tine::matrix::Csr: triplet 1 is at (4, 6), outside a matrix of 5 x 6");
  EXPECT_THAT(message_of([&] { C(pool, 1, std::size_t{1} << 31, {}); }),
              HasSubstr("at most 2147483647"));
  const std::vector<double> values(3);
  const auto rows = [&](std::vector<std::uint64_t> offsets, std::vector<std::int32_t> columns) {
    return message_of([&] { C(pool, 2, 3, offsets, columns, values); });
  };
  EXPECT_THAT(rows({0, 1, 3}, {0, 1}), HasSubstr("2 columns and 3 values"));
  EXPECT_THAT(rows({0, 3}, {0, 1, 2}), HasSubstr("2 row offsets"));
  EXPECT_THAT(rows({0, 4, 3}, {0, 1, 2}), HasSubstr("ascend from 0"));
  EXPECT_THAT(rows({1, 2, 3}, {0, 1, 2}), HasSubstr("ascend from 0"));
  EXPECT_THAT(rows({0, 1, 2}, {0, 1, 2}), HasSubstr("number of non-zeros, 3"));
  EXPECT_THAT(rows({0, 1, 3}, {0, 2, 1}), HasSubstr("in row 1 column 1 comes after column 2"));
  EXPECT_THAT(rows({0, 1, 3}, {0, 2, 2}), HasSubstr("in row 1 column 2 comes after column 2"));
  EXPECT_THAT(rows({0, 1, 3}, {0, 2, 3}), HasSubstr("row 1 has an element in column 3"));
  EXPECT_THAT(rows({0, 1, 3}, {-1, 1, 2}), HasSubstr("in column -1"));
  EXPECT_EQ(rows({0, 1, 3}, {0, 1, 2}), "nothing was thrown");

  const C a(pool, 5, 6, {});
  auto x = pool.array<double>(6), y = pool.array<double>(5);
  EXPECT_EQ(
      message_of([&] { spmv(pool, a, y, x); }),
      "tine::matrix::spmv: the matrix is 5 x 6, the vectors are 5 x 1 and 6 x 1, but should be "
      "m x n, n x 1 and m x 1");
  auto wide = pool.array<double>(10);
  const View<double, 1> sparse(wide.data(), {5}, {2});
  EXPECT_THAT(message_of([&] { spmv(pool, a, x, sparse); }), HasSubstr("2 apart"));
  const C square(pool, 5, 5, {});
  EXPECT_THAT(message_of([&] { spmv(pool, square, y, y); }), HasSubstr("overlap"));
  Pool other({.workers = 1});
  EXPECT_THAT(message_of([&] { spmv(other, a, x, y); }), HasSubstr("arena"));
}

TEST_F(MatrixSparse, a_matrix_without_elements_or_rows_makes_beta_y) {
  Pool pool({.workers = 2});
  const Csr<double> none, empty(pool, 4, 4, {});
  auto x = pool.array<double>(4), y = pool.array<double>(4), nothing = pool.array<double>(0);
  std::ranges::fill(y, 2.0);
  spmv(pool, empty, x, y, 1.0, 3.0);
  EXPECT_TRUE(std::ranges::all_of(y, [](double v) { return v == 6; }));
  spmv(pool, empty, x, y);
  EXPECT_TRUE(std::ranges::all_of(y, [](double v) { return v == 0; }));
  spmv(pool, none, nothing, nothing);
}

TEST_F(MatrixSparse, workers_that_are_killed_change_no_bit) {
  constexpr std::size_t n = 200000;
  auto triplets = random_triplets<double>(n, n, 10);
  for (std::size_t c = 0; c < n; ++c) triplets.push_back({77, c, 1.0});
  Pool pool({.workers = 3});
  const Csr<double> a(pool, n, n, triplets);
  auto x = pool.array<double>(n), y = pool.array<double>(n), again = pool.array<double>(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = y[i] = static_cast<double>(i % 1021);
  const std::vector<double> before(y.begin(), y.end());
  spmv(pool, a, x, y, 2.0, 3.0);
  while_workers_die(pool, [&] {
    std::ranges::copy(before, again.begin());
    const Report report = spmv(pool, a, x, again, 2.0, 3.0);
    EXPECT_EQ(std::memcmp(y.data(), again.data(), n * sizeof(double)), 0);
    return report.faults.size();
  });
}

// The same matrix from the same formula on both sides, with places that come twice.
TEST_F(MatrixSparse, spmv_is_scipys) {
  constexpr std::size_t n = 3000;
  std::FILE* const python = popen(
      "/usr/bin/python3 -c '\n"
      "import numpy, scipy.sparse\n"
      "n = 3000\n"
      "i, k = (a.ravel() for a in numpy.mgrid[0:n, 0:9])\n"
      "a = scipy.sparse.coo_matrix(((i * 31 + k * 17) % 101 - 50.0, (i, (i * 7 + k * k * 13) % "
      "n)),\n"
      "                            (n, n)).tocsr()\n"
      "y = a @ (numpy.arange(n) * 7919 % 1021 / 1021)\n"
      "print(a.nnz, *(v.hex() for v in y))'",
      "r");
  ASSERT_NE(python, nullptr);
  std::size_t nonzeros = 0;
  std::vector<double> expected(n, NAN);
  bool read = std::fscanf(python, "%zu", &nonzeros) == 1;
  for (double& y : expected) read = read && std::fscanf(python, "%la", &y) == 1;
  pclose(python);
  ASSERT_TRUE(read) << "Debian's Python has no scipy: install python3-scipy";

  std::vector<Triplet<double>> triplets;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < 9; ++k)
      triplets.push_back(
          {i, (i * 7 + k * k * 13) % n, static_cast<double>((i * 31 + k * 17) % 101) - 50});
  Pool pool({.workers = 2});
  const Csr<double> a(pool, n, n, triplets);
  EXPECT_EQ(a.nonzeros(), nonzeros);
  auto x = pool.array<double>(n), y = pool.array<double>(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<double>(i * 7919 % 1021) / 1021;
  spmv(pool, a, x, y);
  for (std::size_t i = 0; i < n; ++i) ASSERT_NEAR(y[i], expected[i], 1e-11) << i;
}

}  // namespace

}  // namespace tine::matrix
