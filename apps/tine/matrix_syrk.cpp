// tine matrix syrk: a matrix times its transpose.
#include <tine/matrix/product.hpp>

#include <fmt/format.h>

#include "exit.hpp"
#include "matrix_command.hpp"
#include "matrix_residual.hpp"

namespace tine::app {

namespace {

struct Syrk {
  double alpha = 1;
  bool transpose = false;
};

// A * A' needs all of A; A' * A is a sum over blocks of its rows.
template <class T>
void multiply(MatrixRun& run, const Syrk& how) {
  const matrix::FileInfo& a = run.input(0).info();
  const std::size_t n = how.transpose ? a.columns : a.rows;
  const double square = static_cast<double>(n) * static_cast<double>(n) * sizeof(T);
  const T alpha = static_cast<T>(how.alpha);
  matrix::AnyMatrix c(run.on().pool, matrix::element_type<T>(), n, n);
  const auto add = [&](const matrix::Operand<T>& part, bool first) {
    run.compute([&] {
      matrix::syrk(run.on(), part, c.as<T>(), matrix::Part::whole, alpha, first ? T(0) : T(1));
    });
  };
  if (!how.transpose || !a.by_rows || run.settings().verify) {
    const matrix::AnyMatrix all = run.read(0, static_cast<std::uint64_t>(square));
    const auto factor = how.transpose ? all.as<T>().transposed() : all.as<T>();
    add(factor, true);
    if (run.settings().verify)
      run.tell_residual(
          product_residual<T>(factor, factor.transposed(), {}, c.as<T>(), alpha, T(0)));
  } else {
    const std::size_t some =
        run.rows_at_a_time(a.rows, static_cast<double>(a.columns) * sizeof(T), square);
    run.by_rows(a.rows, std::max<std::size_t>(some, 1), [&](Range part) {
      const matrix::AnyMatrix rows = run.input(0).read(run.on(), part);
      add(rows.as<T>().transposed(), part.begin == 0);
    });
  }
  run.write(std::move(c));
}

}  // namespace

void add_matrix_syrk(MatrixCommand& matrix) {
  auto how = std::make_shared<Syrk>();
  MatrixSubcommand& syrk =
      matrix.add("syrk", "The product alpha * A * A', in half the time of gemm")
          .input("A", "A matrix of real numbers")
          .output()
          .verify()
          .examples(
              "  tine matrix syrk a.npy -o gram.npy\n"
              "  tine matrix syrk tall.npy --transpose -o gram.npy --memory 1G\n");
  syrk.options().add_option("--alpha", how->alpha, "Factor of the product")->capture_default_str();
  syrk.options().add_flag("--transpose", how->transpose, "A' * A instead");
  syrk.runs([how](MatrixRun& run) {
    run.compute_in_their_real_type([&]<class T>(T) { multiply<T>(run, *how); });
  });
}

}  // namespace tine::app
