// tine matrix cov, corr and dist: how columns, or rows, of a matrix relate.
#include <tine/matrix/covariance.hpp>
#include <tine/matrix/distance.hpp>

#include <fmt/format.h>

#include "exit.hpp"
#include "matrix_command.hpp"

namespace tine::app {

namespace {

template <class T>
void covariance(MatrixRun& run, std::size_t ddof, bool correlation) {
  const matrix::FileInfo& info = run.input(0).info();
  const matrix::AnyMatrix x = run.read(0, info.columns * info.columns * sizeof(T));
  matrix::AnyMatrix c(run.on().pool, matrix::element_type<T>(), info.columns, info.columns);
  run.compute([&] {
    if (correlation)
      matrix::correlation(run.on(), x.as<T>(), c.as<T>());
    else
      matrix::covariance(run.on(), x.as<T>(), c.as<T>(), ddof);
  });
  run.begin_result(c.type(), info.columns, info.columns, {.names = info.names})
      .append(run.on(), std::move(c));
  run.finish_result();
}

// Blocks of rows of x against all of y.
template <class T>
void distances(MatrixRun& run, matrix::Metric metric) {
  const matrix::FileInfo& x = run.input(0).info();
  if (!run.given(1) && !(x.by_rows && run.result_by_rows())) {
    const matrix::AnyMatrix points = run.read(0, x.rows * x.rows * sizeof(T));
    matrix::AnyMatrix d(run.on().pool, matrix::element_type<T>(), x.rows, x.rows);
    run.compute([&] { matrix::distances(run.on(), points.as<T>(), d.as<T>(), metric); });
    return run.write(std::move(d));
  }
  const std::size_t other = run.given(1) ? 1 : 0;
  const matrix::FileInfo& y = run.input(other).info();
  if (x.columns != y.columns)
    throw Failure(fmt::format("{} has {} columns and {} has {}: points need as many coordinates",
                              run.name_of(0), x.columns, run.name_of(1), y.columns));
  const double row = static_cast<double>(x.columns + y.rows) * sizeof(T);
  const double all = static_cast<double>(y.rows) * static_cast<double>(y.columns) * sizeof(T);
  std::size_t some = x.rows;
  if (x.by_rows && run.result_by_rows())
    some = run.rows_at_a_time(x.rows, row, all);
  else
    run.check_memory(all + row * static_cast<double>(x.rows),
                     "it cannot be read or written in blocks");
  const matrix::AnyMatrix others = run.input(other).read(run.on());
  matrix::FileWriter& result = run.begin_result(matrix::element_type<T>(), x.rows, y.rows);
  run.by_rows(x.rows, std::max<std::size_t>(some, 1), [&](Range rows) {
    matrix::AnyMatrix d(run.on().pool, matrix::element_type<T>(), rows.size(), y.rows);
    if (other == 0 && rows.size() == x.rows) {
      run.compute([&] { matrix::distances(run.on(), others.as<T>(), d.as<T>(), metric); });
    } else {
      const matrix::AnyMatrix points = run.input(0).read(run.on(), rows);
      run.compute(
          [&] { matrix::distances(run.on(), points.as<T>(), others.as<T>(), d.as<T>(), metric); });
    }
    result.append(run.on(), std::move(d));
  });
  run.finish_result();
}

}  // namespace

void add_matrix_cov(MatrixCommand& matrix) {
  auto ddof = std::make_shared<std::size_t>(1);
  MatrixSubcommand& cov = matrix.add("cov", "The covariance of each two columns")
                              .input("X", "Observations, one in each row")
                              .output()
                              .examples("  tine matrix cov measurements.csv -o covariance.csv\n");
  cov.options()
      .add_option("--ddof", *ddof,
                  "Sums are divided by the number of rows less this: 1 for a sample")
      ->capture_default_str();
  cov.runs([ddof](MatrixRun& run) {
    run.compute_in_their_real_type([&]<class T>(T) { covariance<T>(run, *ddof, false); });
  });
}

void add_matrix_corr(MatrixCommand& matrix) {
  matrix.add("corr", "The correlation coefficient of each two columns")
      .input("X", "Observations, one in each row")
      .output()
      .examples("  tine matrix corr measurements.csv\n")
      .runs([](MatrixRun& run) {
        run.compute_in_their_real_type([&]<class T>(T) { covariance<T>(run, 0, true); });
      });
}

void add_matrix_dist(MatrixCommand& matrix) {
  auto metric = std::make_shared<matrix::Metric>(matrix::Metric::euclidean);
  MatrixSubcommand& dist =
      matrix.add("dist", "The distance of each two rows, of X and Y, or of X alone")
          .input("X", "Points, one in each row")
          .optional_input("Y", "Other points")
          .output()
          .examples(
              "  tine matrix dist points.csv -o distances.npy\n"
              "  tine matrix dist points.npy centres.npy -o d.npy --metric cosine --memory 2G\n");
  const std::map<std::string, matrix::Metric> metrics{
      {"euclidean", matrix::Metric::euclidean},
      {"sqeuclidean", matrix::Metric::squared_euclidean},
      {"cosine", matrix::Metric::cosine},
      {"cityblock", matrix::Metric::cityblock},
      {"chebyshev", matrix::Metric::chebyshev}};
  dist.options()
      .add_option("--metric", *metric, "How distances are measured, by the names that SciPy has")
      ->transform(CLI::CheckedTransformer(metrics).description(""))
      ->type_name("euclidean|sqeuclidean|cosine|cityblock|chebyshev")
      ->default_str("euclidean");
  dist.runs([metric](MatrixRun& run) {
    run.compute_in_their_real_type([&]<class T>(T) { distances<T>(run, *metric); });
  });
}

}  // namespace tine::app
