#include <tine/matrix/pca.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

#include "shared_operands.hpp"
#include "svd_columns.hpp"

namespace tine::matrix {

namespace {

/// Of each column, the sum of f(element), from bands of rows that are added in order; in doubles.
template <class T, class F>
std::vector<double> column_sums(Jobs& jobs, const View<const T, 2>& x, F) {
  const Partition bands = rows(x);
  auto sums = jobs.pool.array<double>(bands.size(), x.extent(1));
  const auto shared = jobs.pool.array_from(std::span<const std::size_t>(&bands.grain, 1));
  jobs.run(
      {.n = bands.size()},
      [](const Slice& s, const View<double, 2>& sum, std::span<const std::size_t> grain,
         const View<const T, 2>& in) {
        const std::size_t begin = s.index * grain[0];
        const std::size_t end = std::min(begin + grain[0], in.extent(0));
        std::fill_n(&sum(0, 0), in.extent(1), 0.0);
        for (std::size_t y = begin; y < end; ++y)
          for (std::size_t c = 0; c < in.extent(1); ++c)
            sum(0, c) += F()(static_cast<double>(in(y, c)));
      },
      tine::out(sums), tine::whole(shared), tine::whole(x));
  std::vector<double> result(x.extent(1));
  for (std::size_t band = 0; band < bands.size(); ++band)
    for (std::size_t c = 0; c < result.size(); ++c) result[c] += sums(band, c);
  return result;
}

struct Same {
  double operator()(double x) const { return x; }
};
struct Square {
  double operator()(double x) const { return x * x; }
};

/// x = (x - mean) / scale, column by column.
template <class T>
void standardise(Jobs& jobs, Array<T, 2>& x, const std::vector<double>& mean,
                 const std::vector<double>& scale) {
  const auto means = jobs.pool.array_from(mean), scales = jobs.pool.array_from(scale);
  jobs.run(
      rows(x),
      [](const Slice& s, const View<T, 2>& band, std::span<const double> shift,
         std::span<const double> by) {
        for (std::size_t y = 0; y < s.size(); ++y)
          for (std::size_t c = 0; c < band.extent(1); ++c)
            band(y, c) = static_cast<T>((static_cast<double>(band(y, c)) - shift[c]) / by[c]);
      },
      tine::inout(x), tine::whole(means), tine::whole(scales));
}

/// The largest k of what `x` has, centred as it is: singular values, and right singular vectors.
template <class T>
SvdColumns<T> right_vectors(Jobs& jobs, const Array<T, 2>& x, std::size_t k, std::uint64_t seed) {
  const std::size_t n = x.extent(0), d = x.extent(1);
  SvdColumns<T> result;
  if (std::min(n, d) > 500 && 10 * k <= std::min(n, d)) {
    auto u = jobs.pool.array<T>(n, k);
    auto values = jobs.pool.array<T>(k);
    result.v = jobs.pool.array<T>(d, k);
    jobs.sequence().run([&](const PoolWith& on) {
      return randomized_svd(on, x, u, values, result.v, {.power_iterations = 4, .seed = seed});
    });
    result.values.assign(values.begin(), values.end());
  } else if (n >= d) {
    auto products = jobs.pool.array<T>(d, d), vectors = jobs.pool.array<T>(d, d);
    auto values = jobs.pool.array<T>(d);
    jobs.sequence().run([&](const PoolWith& on) {
      return detail::syrk<T>(on, operand(x).transposed(), operand(products), Part::lower, T(1),
                             T(0));
    });
    jobs.sequence().run([&](const PoolWith& on) { return eigh(on, products, values, vectors); });
    std::vector<Column> largest;
    for (std::size_t i = 0; i < k; ++i) {
      largest.push_back({d - 1 - i});
      result.values.push_back(std::sqrt(std::max(0.0, static_cast<double>(values[d - 1 - i]))));
    }
    result.v = jobs.pool.array<T>(d, k);
    copy_columns(jobs, vectors, largest, operand(result.v));
  } else {
    const T scale = scale_to_one<T>(jobs, operand(x), Part::whole, "pca");
    result = svd_columns(jobs, operand(x).transposed(), scale, Vectors::thin);
    std::swap(result.u, result.v);
  }
  return result;
}

}  // namespace

namespace detail {

template <class T>
Pca<T> pca(const PoolWith& on, Operand<const T> x, std::size_t k, const PcaOptions& options) {
  const std::size_t n = x.rows, d = x.columns;
  if (n < 2 || k > std::min(n, d))
    refuse("pca",
           "the observations are " + shape(x) + " and " + std::to_string(k) +
               " components are wanted, but should be n x d and no more than n and d, with n "
               "at least 2");
  Jobs jobs(on);
  Pool& pool = jobs.pool;
  Pca<T> result;
  auto centred = pool.array<T>(n, d);
  std::vector<double> mean(d), scale(d, 1), zero(d, 0);
  {
    const SharedInput<T> input(pool, x);
    if (d > 0) scale_to_one(jobs, input.get(), Part::whole, "pca");
    // The second time the mean becomes what it is but for rounding: a constant column, exactly zeros.
    copy_scaled(jobs, input.get(), T(1), centred.peek());
    for (int round = 0; round < 2; ++round) {
      const std::vector<double> sums = column_sums<T>(jobs, std::as_const(centred).peek(), Same());
      for (std::size_t c = 0; c < d; ++c) mean[c] += sums[c] / static_cast<double>(n);
      if (round > 0) copy_scaled(jobs, input.get(), T(1), centred.peek());
      standardise(jobs, centred, mean, scale);
    }
  }
  std::vector<double> variance = column_sums<T>(jobs, std::as_const(centred).peek(), Square());
  double total = 0;
  for (std::size_t c = 0; c < d; ++c) {
    variance[c] /= static_cast<double>(n - 1);
    if (options.scale && variance[c] > 0) scale[c] = std::sqrt(variance[c]);
    total += variance[c] / (scale[c] * scale[c]);
  }
  if (options.scale) standardise(jobs, centred, zero, scale);

  result.mean = pool.array<T>(d);
  result.scale = pool.array<T>(d);
  result.components = pool.array<T>(k, d);
  result.variance = pool.array<T>(k);
  result.variance_ratio = pool.array<T>(k);
  result.scores = pool.array<T>(n, k);
  std::ranges::transform(mean, result.mean.begin(), [](double v) { return static_cast<T>(v); });
  std::ranges::transform(scale, result.scale.begin(), [](double v) { return static_cast<T>(v); });
  if (k > 0) {
    const SvdColumns<T> found = right_vectors(jobs, centred, k, options.seed);
    std::vector<Column> columns = with_positive_peaks(jobs, found.v);
    columns.resize(k);
    copy_columns(jobs, found.v, columns, operand(result.components).transposed());
    jobs.multiply(centred, operand(std::as_const(result.components)).transposed(), result.scores);
    for (std::size_t i = 0; i < k; ++i) {
      const double explained = found.values[i] * found.values[i] / static_cast<double>(n - 1);
      result.variance[i] = static_cast<T>(explained);
      result.variance_ratio[i] = static_cast<T>(total > 0 ? explained / total : 0);
    }
  }
  result.report = jobs.finish();
  return result;
}
template Pca<float> pca(const PoolWith&, Operand<const float>, std::size_t, const PcaOptions&);
template Pca<double> pca(const PoolWith&, Operand<const double>, std::size_t, const PcaOptions&);

}  // namespace detail

}  // namespace tine::matrix
