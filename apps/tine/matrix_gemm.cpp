// tine matrix gemm: products.
#include <tine/matrix/product.hpp>

#include <fmt/format.h>

#include "exit.hpp"
#include "matrix_command.hpp"
#include "matrix_residual.hpp"

namespace tine::app {

namespace {

enum Input : std::size_t { left, right, added };

struct Gemm {
  double alpha = 1, beta = 1;
  bool transpose_a = false, transpose_b = false;
};

// Blocks of the result's rows: of A as many are needed at a time, of B all.
template <class T>
void multiply(MatrixRun& run, const Gemm& how) {
  const matrix::FileInfo &a = run.input(left).info(), &b = run.input(right).info();
  const std::size_t rows = how.transpose_a ? a.columns : a.rows;
  const std::size_t k = how.transpose_a ? a.rows : a.columns;
  const std::size_t columns = how.transpose_b ? b.rows : b.columns;
  if (k != (how.transpose_b ? b.columns : b.rows))
    throw Failure(fmt::format("{} is {} x {}{} and {} is {} x {}{}: they cannot be multiplied",
                              run.name_of(left), a.rows, a.columns,
                              how.transpose_a ? ", transposed," : "", run.name_of(right), b.rows,
                              b.columns, how.transpose_b ? ", transposed" : ""));
  const bool adds = run.given(added);
  if (adds && (run.input(added).info().rows != rows || run.input(added).info().columns != columns))
    throw Failure(fmt::format("{} is {} x {}, and the product is {} x {}", run.name_of(added),
                              run.input(added).info().rows, run.input(added).info().columns, rows,
                              columns));
  const T alpha = static_cast<T>(how.alpha), beta = static_cast<T>(adds ? how.beta : 0);

  const double all_of_b = static_cast<double>(b.rows) * static_cast<double>(b.columns) * sizeof(T);
  // With --verify there is a second C.
  const double row = (static_cast<double>(k) +
                      static_cast<double>(columns) * (1 + (adds && run.settings().verify))) *
                     sizeof(T);
  const bool in_blocks = !how.transpose_a && a.by_rows && run.result_by_rows() &&
                         (!adds || run.input(added).info().by_rows);
  std::size_t some = rows;
  if (in_blocks)
    some = run.rows_at_a_time(rows, row, all_of_b);
  else
    run.check_memory(
        all_of_b + row * static_cast<double>(rows),
        "blocks of rows are possible with inputs that have them, and an output that is no .mtx");

  const matrix::AnyMatrix second = run.input(right).read(run.on());
  const auto factor = how.transpose_b ? second.as<T>().transposed() : second.as<T>();
  matrix::FileWriter& result = run.begin_result(matrix::element_type<T>(), rows, columns);
  double residual = 0;
  run.by_rows(rows, std::max<std::size_t>(some, 1), [&](Range part) {
    const matrix::AnyMatrix first =
        how.transpose_a ? run.input(left).read(run.on()) : run.input(left).read(run.on(), part);
    const auto l = how.transpose_a ? first.as<T>().transposed() : first.as<T>();
    matrix::AnyMatrix c, before;
    if (adds) {
      c = run.input(added).read(run.on(), part);
      if (run.settings().verify) before = run.input(added).read(run.on(), part);
    } else {
      c = matrix::AnyMatrix(run.on().pool, matrix::element_type<T>(), part.size(), columns);
    }
    run.compute([&] { matrix::gemm(run.on(), l, factor, c.as<T>(), alpha, beta); });
    if (run.settings().verify)
      residual =
          std::max(residual, product_residual<T>(l, factor, adds ? before.as<T>() : c.as<T>(),
                                                 c.as<T>(), alpha, beta));
    result.append(run.on(), std::move(c));
  });
  if (run.settings().verify) run.tell_residual(residual);
  run.finish_result();
}

}  // namespace

void add_matrix_gemm(MatrixCommand& matrix) {
  auto how = std::make_shared<Gemm>();
  MatrixSubcommand& gemm =
      matrix.add("gemm", "The product alpha * A * B + beta * C")
          .input("A", "Left factor")
          .input("B", "Right factor")
          .optional_input("-c,--add", "A matrix C to add")
          .output()
          .verify()
          .examples(
              "  tine matrix gemm a.npy b.npy -o c.npy --verify\n"
              "  tine matrix gemm a.npy a.npy --transpose-a -o gram.npy\n"
              "  tine matrix gemm a.h5:/x b.csv -c c.npy --beta 0.5 -o d.h5:/y\n"
              "  tine matrix gemm huge.npy b.npy -o c.npy --memory 2G\n");
  gemm.options().add_option("--alpha", how->alpha, "Factor of the product")->capture_default_str();
  gemm.options().add_option("--beta", how->beta, "Factor of C")->capture_default_str();
  gemm.options().add_flag("--transpose-a", how->transpose_a, "Take the transpose of A");
  gemm.options().add_flag("--transpose-b", how->transpose_b, "Take the transpose of B");
  gemm.runs([how](MatrixRun& run) {
    run.compute_in_their_type([&]<class T>(T) { multiply<T>(run, *how); });
  });
}

}  // namespace tine::app
