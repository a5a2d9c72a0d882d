#include <tine/mining/linear_regression.hpp>

#include <algorithm>
#include <cmath>

#include "learn/least_squares.hpp"
#include "learn/model_text.hpp"
#include "learn/slice_sums.hpp"
#include "learn/student_t.hpp"

namespace tine::mining {

namespace {

// In standard units.
struct Residuals {
  double sum = 0, squares = 0, total_squares = 0;
  Eigen::VectorXd gradient;  // their products with features
};

// A pass over the samples, with residuals as if in twice the digits: what is left of large terms.
Residuals residuals(const PoolWith& on, const Samples& samples,
                    const std::vector<Standard>& standard, const Eigen::VectorXd& coefficients,
                    double offset) {
  const std::size_t n = samples.size(), d = samples.dimensions();
  const auto scale = on.pool.array_from(standard);
  const auto shared =
      on.pool.array_from(std::span(coefficients.data(), static_cast<std::size_t>(d)));
  const auto sums = slice_sums<TwoFold>(
      on, sample_slices(n, d, 2 * (d + 3)), d + 3,
      [offset](const Slice& s, std::span<TwoFold> sum, const View<const double, 2>& x,
               std::span<const double> y, std::span<const Standard> of, std::span<const double> c) {
        const std::size_t columns = c.size();
        std::vector<TwoFold> centred(columns);
        for (std::size_t i = s.begin; i < s.end; ++i) {
          TwoFold rest = two_sum(y[i] * of[columns].factor, -of[columns].shift);
          accumulate(sum[2], two_product(rest.high, rest.high));
          accumulate(rest, -offset);
          for (std::size_t j = 0; j < columns; ++j) {
            const TwoFold value = two_sum(x(i, j) * of[j].factor, -of[j].shift);
            accumulate(rest, two_product(-c[j], value.high));
            rest.low -= c[j] * value.low;
            centred[j] = value;
          }
          rest = normalised(rest);
          accumulate(sum[0], rest);
          accumulate(sum[1], two_product(rest.high, rest.high));
          for (std::size_t j = 0; j < columns; ++j) {
            accumulate(sum[3 + j], two_product(rest.high, centred[j].high));
            sum[3 + j].low += rest.high * centred[j].low + rest.low * centred[j].high;
          }
        }
      },
      whole(samples.x), whole(samples.y), whole(scale), whole(shared));
  Residuals result{sums[0].high, sums[1].high, sums[2].high, Eigen::VectorXd(d)};
  for (std::size_t j = 0; j < d; ++j)
    result.gradient(static_cast<Eigen::Index>(j)) = sums[3 + j].high;
  return result;
}

class Fit {
 public:
  Fit(const PoolWith& on, const Samples& samples, const LinearRegressionOptions& options)
      : on_(on), samples_(samples), options_(options), x_(column_scale(on, samples.x.view())) {
    const View<const double, 2> y(samples.y.data(), {samples.size(), 1});
    const ColumnScale of_y = column_scale(on, y);
    if (options.ridge > 0) x_.for_penalty();
    standard_ = x_.standard();
    standard_.push_back(of_y.standard()[0]);
    y_exponent_ = of_y.exponent[0];
  }

  LinearRegression operator()() {
    const Triangle triangle(rows(), rounding_lengths(x_, samples_.size()));
    solve(triangle);
    const Eigen::VectorXd shortest = triangle.shortest(solution_, x_.exponent);
    LinearRegression model;
    model.features = samples_.features;
    model.target = samples_.target;
    model.sample_count = samples_.size();
    model.ridge = options_.ridge;
    TwoFold intercept = two_sum(standard_.back().shift, offset_);
    for (std::size_t j = 0; j < x_.size(); ++j) {
      const double c = shortest(static_cast<Eigen::Index>(j));
      model.coefficients.push_back(coefficient(j, c));
      accumulate(intercept, two_product(-c, standard_[j].shift));
    }
    model.intercept = std::ldexp(intercept.high + intercept.low, y_exponent_);
    for (const Eigen::Index j : triangle.dependent())
      model.dependent.push_back(static_cast<std::uint64_t>(j));
    judge(triangle, model);
    return model;
  }

 private:
  // What the samples leave, and a row for each coefficient that counts.
  Eigen::MatrixXd rows() const {
    Eigen::MatrixXd a = reduced_rows(on_, samples_.x.view(), samples_.y.view(), standard_);
    tell();
    if (options_.ridge > 0) {
      const Eigen::Index above = a.rows(), d = a.cols() - 1;
      a.conservativeResize(above + d, Eigen::NoChange);
      a.bottomRows(d).setZero();
      for (Eigen::Index j = 0; j < d; ++j)
        a(above + j, j) = std::sqrt(options_.ridge) * standard_[static_cast<std::size_t>(j)].factor;
    }
    return a;
  }

  void solve(const Triangle& triangle) {
    solution_ = triangle.solution();
    for (int step = 0; step < 4; ++step) {
      found_ = residuals(on_, samples_, standard_, solution_, offset_);
      tell();
      Eigen::VectorXd gradient = found_.gradient;
      if (options_.ridge > 0)
        for (Eigen::Index j = 0; j < gradient.size(); ++j) {
          const double factor = standard_[static_cast<std::size_t>(j)].factor;
          gradient(j) -= options_.ridge * factor * factor * solution_(j);
        }
      const Eigen::VectorXd correction = triangle.correction(gradient);
      solution_ += correction;
      offset_ += found_.sum / static_cast<double>(samples_.size());
      if (correction.norm() <= 1e-13 * solution_.norm()) break;
    }
  }

  // A coefficient of standard units in those of the samples.
  double coefficient(std::size_t j, double c) const {
    return std::ldexp(c, y_exponent_ - x_.exponent[j]);
  }

  void judge(const Triangle& triangle, LinearRegression& model) const {
    model.r_squared = found_.total_squares > 0 ? 1 - found_.squares / found_.total_squares : 1;
    const double degrees = static_cast<double>(model.degrees_of_freedom());
    if (degrees > 0) {
      const double error = std::sqrt(found_.squares / degrees);
      model.residual_error = std::ldexp(error, y_exponent_);
      if (model.ridge == 0 && model.dependent.empty()) {
        Eigen::VectorXd shift(x_.size());
        for (std::size_t j = 0; j < x_.size(); ++j)
          shift(static_cast<Eigen::Index>(j)) = standard_[j].shift;
        const double of_mean = 1 / std::sqrt(static_cast<double>(model.sample_count));
        model.standard_errors.push_back(
            std::ldexp(error * std::hypot(of_mean, triangle.whitened(shift).norm()), y_exponent_));
        const Eigen::VectorXd lengths = triangle.row_lengths();
        for (std::size_t j = 0; j < x_.size(); ++j)
          model.standard_errors.push_back(
              coefficient(j, error * lengths(static_cast<Eigen::Index>(j))));
      }
    }
    const auto finite = [](double v) { return std::isfinite(v); };
    for (std::size_t j = 0; j < x_.size(); ++j)
      if (!finite(model.coefficients[j]))
        throw SampleError("tine: the coefficient of '" + model.features[j].name +
                          "' is larger than numbers can be: give it or the target in other units");
    if (!finite(model.intercept) || !finite(model.residual_error) ||
        !std::ranges::all_of(model.standard_errors, finite))
      throw SampleError(
          "tine: the numbers of this regression are larger than numbers can be: give the target in "
          "other "
          "units");
  }

  void tell() const {
    ++done_;
    if (options_.progress) options_.progress(done_, std::max<std::uint64_t>(done_, 4));
  }

  PoolWith on_;
  const Samples& samples_;
  const LinearRegressionOptions& options_;
  ColumnScale x_;
  std::vector<Standard> standard_;  // of the features and the target
  int y_exponent_ = 0;
  Eigen::VectorXd solution_;
  double offset_ = 0;
  Residuals found_;
  mutable std::uint64_t done_ = 1;
};

}  // namespace

LinearRegression LinearRegression::fit(const PoolWith& on, const Samples& samples,
                                       const LinearRegressionOptions& options) {
  if (!(options.ridge >= 0 && options.ridge <= 1e100))
    throw InvalidArgument("tine: a ridge penalty must be between 0 and 1e100");
  if (samples.y.size() != samples.size())
    throw InvalidArgument("tine: a regression needs samples whose target is a number");
  check_samples(on, samples);
  return Fit(on, samples, options)();
}

Array<double> LinearRegression::predict(const PoolWith& on, const Samples& samples) const {
  check_dimensions(features, samples);
  auto result = on.pool.array<double>(samples.size());
  const auto shared = on.pool.array_from(coefficients);
  for_each_slice(
      without_quarantine(on),
      slices(samples.size(), 0, (samples.dimensions() + 1) * sizeof(double)),
      [first = intercept](const Slice& s, std::span<double> y, const View<const double, 2>& x,
                          std::span<const double> c) {
        for (std::size_t i = 0; i < s.size(); ++i) {
          double sum = first;
          for (std::size_t j = 0; j < c.size(); ++j) sum += c[j] * x(i, j);
          y[i] = sum;
        }
      },
      out(result), in(samples.x), whole(shared));
  return result;
}

std::uint64_t LinearRegression::degrees_of_freedom() const {
  const std::uint64_t found = 1 + features.size() - dependent.size();
  return sample_count > found ? sample_count - found : 0;
}

double LinearRegression::t_value(std::size_t i) const {
  return (i == 0 ? intercept : coefficients[i - 1]) / standard_errors[i];
}

double LinearRegression::p_value(std::size_t i) const {
  return two_sided_probability(t_value(i), static_cast<double>(degrees_of_freedom()));
}

std::string LinearRegression::save() const {
  return ModelWriter("linear", features)
      .add("target", target.name)
      .add("target_expression", target.expression)
      .add("intercept", intercept)
      .add("coefficients", coefficients)
      .add("ridge", ridge)
      .add("samples", sample_count)
      .add("dependent", dependent)
      .add("r_squared", r_squared)
      .add("residual_error", residual_error)
      .add("standard_errors", standard_errors)
      .text();
}

LinearRegression LinearRegression::load(std::string_view text) {
  const ModelReader from(text, "linear");
  LinearRegression model;
  model.features = from.features();
  model.target = {from.string("target"), from.string("target_expression")};
  model.intercept = from.real("intercept");
  model.coefficients = from.reals("coefficients", model.features.size());
  model.ridge = from.real("ridge");
  model.sample_count = from.integer("samples");
  model.dependent = from.integers("dependent", ModelReader::any_count);
  for (const std::uint64_t j : model.dependent)
    if (j >= model.features.size()) from.fail("a dependent feature is none of its features");
  if (model.dependent.size() > model.features.size())
    from.fail("more features are dependent than there are");
  model.r_squared = from.real("r_squared");
  model.residual_error = from.real("residual_error");
  model.standard_errors = from.reals("standard_errors", ModelReader::any_count);
  if (!model.standard_errors.empty() && model.standard_errors.size() != model.features.size() + 1)
    from.fail("it has not as many standard errors as coefficients");
  return model;
}

}  // namespace tine::mining
