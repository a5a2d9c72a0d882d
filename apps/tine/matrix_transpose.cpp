// tine matrix transpose.
#include <tine/matrix/transpose.hpp>

#include "exit.hpp"
#include "matrix_command.hpp"
#include "matrix_residual.hpp"

namespace tine::app {

namespace {

template <class T>
void transpose(MatrixRun& run) {
  const matrix::FileInfo& info = run.input(0).info();
  const matrix::AnyMatrix a = run.read(0, info.rows * info.columns * sizeof(T));
  matrix::AnyMatrix b(run.on().pool, a.type(), a.columns(), a.rows());
  run.compute([&] { matrix::transpose(run.on(), a.as<T>(), b.as<T>()); });
  if (run.settings().verify) {
    const matrix::Operand<const T> before = a.as<T>(), after = b.as<T>();
    bool same = true;
    for (std::size_t y = 0; y < after.rows && same; ++y)
      for (std::size_t x = 0; x < after.columns; ++x)
        same &= std::memcmp(&after.data[y * after.row_stride + x * after.column_stride],
                            &before.data[x * before.row_stride + y * before.column_stride],
                            sizeof(T)) == 0;
    run.tell_residual(same ? 0 : std::numeric_limits<double>::infinity());
  }
  run.write(std::move(b));
}

}  // namespace

void add_matrix_transpose(MatrixCommand& matrix) {
  matrix.add("transpose", "Rows become columns")
      .input("A", "A matrix of any type")
      .output()
      .verify()
      .examples(
          "  tine matrix transpose a.npy -o b.npy\n"
          "  tine matrix transpose table.csv | head\n")
      .runs([](MatrixRun& run) {
        matrix::with_element(run.input(0).info().type,
                             [&]<class T>(std::type_identity<T>) { transpose<T>(run); });
      });
}

}  // namespace tine::app
