#include <tine/mining/logistic_regression.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <optional>

#include <Eigen/Cholesky>

#include "learn/classes.hpp"
#include "learn/lbfgs.hpp"
#include "learn/least_squares.hpp"
#include "learn/logistic_objective.hpp"
#include "learn/model_text.hpp"
#include "learn/slice_sums.hpp"
#include "learn/softmax.hpp"

namespace tine::mining {

namespace {

using Index = Eigen::Index;
using Value = LogisticObjective::Value;

class Fit {
 public:
  Fit(const PoolWith& on, const Samples& samples, const LogisticRegressionOptions& options)
      : on_(on),
        samples_(samples),
        options_(options),
        objective_(on, samples, scale_for(on, samples, options.ridge), options.ridge),
        coefficients_(Eigen::VectorXd::Zero(objective_.size())) {
    if (options.ridge == 0) find_dependent();
  }

  LogisticRegression operator()() {
    newton_ = objective_.size() <= 1500;
    most_ = newton_ ? 200 : 20'000;
    now_ = objective_(coefficients_, newton_);
    first_slope_ = now_.gradient.norm();
    while (!step())
      if (options_.progress) options_.progress(iterations_, most_);
    return model();
  }

 private:
  static ColumnScale scale_for(const PoolWith& on, const Samples& samples, double ridge) {
    ColumnScale scale = column_scale(on, samples.x.view());
    if (ridge > 0) scale.for_penalty();
    return scale;
  }

  // Without a penalty, nothing says what coefficients of dependent features are: they stay 0 at first.
  void find_dependent() {
    const auto none = on_.pool.array<double>(samples_.size());
    std::vector<Standard> standard = objective_.standard();
    standard.push_back({});
    triangle_.emplace(reduced_rows(on_, samples_.x.view(), none.view(), standard),
                      rounding_lengths(objective_.scale(), samples_.size()));
  }

  // Those that are sought, in their order.
  std::vector<Index> sought() const {
    std::vector<Index> all;
    for (Index i = 0; i < objective_.size(); ++i)
      if (const Index column = i % objective_.columns();
          !triangle_ || column == objective_.columns() - 1 ||
          std::ranges::binary_search(triangle_->kept(), column))
        all.push_back(i);
    return all;
  }

  // One iteration; whether it was the last.
  bool step() {
    if (options_.ridge == 0 && now_.log_loss < std::numbers::ln2) fail_separable();
    const Eigen::VectorXd direction = newton_ ? newton_direction() : memory_.direction(masked());
    const double slope = now_.gradient.dot(direction);
    double length = 1;
    for (int halvings = 0;; ++halvings, length /= 2) {
      const Eigen::VectorXd moved = coefficients_ + length * direction;
      Value next = objective_(moved, newton_);
      // Near the minimum, values differ by less than they are rounded.
      const double slack = 1e-14 * std::abs(now_.value);
      if (next.value <= now_.value + 1e-4 * length * slope + slack || halvings == 40) {
        if (!newton_) memory_.add(length * direction, next.gradient - now_.gradient);
        coefficients_ = moved;
        now_ = std::move(next);
        break;
      }
    }
    ++iterations_;
    const double moved = length * direction.lpNorm<Eigen::Infinity>();
    const double size = coefficients_.lpNorm<Eigen::Infinity>();
    if (newton_ ? moved <= 1e-9 * size || moved == 0
                : masked().norm() <= 1e-11 * first_slope_ || moved <= 1e-15 * size)
      return true;
    if (iterations_ < most_) return false;
    if (options_.ridge == 0) fail_separable();
    throw SampleError(
        "tine: the logistic regression has not come to an end: a larger penalty would help");
  }

  // The gradient of what is sought.
  Eigen::VectorXd masked() const {
    Eigen::VectorXd result = Eigen::VectorXd::Zero(objective_.size());
    for (const Index i : sought()) result(i) = now_.gradient(i);
    return result;
  }

  Eigen::VectorXd newton_direction() const {
    const std::vector<Index> which = sought();
    Eigen::MatrixXd h = now_.hessian.selfadjointView<Eigen::Lower>();
    // All classes' coefficients of a feature may be moved by the same without any change. They add up to 0, as
    // the gradients do; what is added here keeps that, and nothing else.
    if (objective_.rows() > 1) {
      const Index columns = objective_.columns();
      const double one = h.trace() / static_cast<double>(h.rows());
      for (Index j = 0; j < columns; ++j)
        h(Eigen::seq(j, Eigen::last, columns), Eigen::seq(j, Eigen::last, columns)).array() += one;
    }
    Eigen::MatrixXd part = h(which, which);
    Eigen::LLT<Eigen::MatrixXd> factored(part);
    for (double more = 1e-14; factored.info() != Eigen::Success; more *= 10) {
      if (options_.ridge == 0) fail_separable();
      part.diagonal() = h.diagonal()(which) * (1 + more);
      part.diagonal().array() += std::numeric_limits<double>::min();
      factored.compute(part);
    }
    Eigen::VectorXd result = Eigen::VectorXd::Zero(objective_.size());
    result(which) = -factored.solve(now_.gradient(which));
    return result;
  }

  [[noreturn]] static void fail_separable() {
    throw SampleError(
        "tine: these features separate some classes without error, so that without a penalty "
        "coefficients grow without end: give a ridge penalty");
  }

  LogisticRegression model() const {
    LogisticRegression model;
    model.features = samples_.features;
    model.target = samples_.target;
    model.classes = samples_.classes;
    model.class_type = samples_.class_type;
    model.ridge = options_.ridge;
    model.sample_count = samples_.size();
    model.log_loss = now_.log_loss / static_cast<double>(samples_.size());
    model.iterations = iterations_;
    const Index d = objective_.columns() - 1;
    for (Index row = 0; row < objective_.rows(); ++row) {
      const auto all = coefficients_.segment(row * (d + 1), d + 1);
      Eigen::VectorXd w = all.head(d);
      if (triangle_) w = triangle_->shortest(w, objective_.scale().exponent);
      TwoFold intercept{all(d)};
      for (Index j = 0; j < d; ++j) {
        const auto at = static_cast<std::size_t>(j);
        accumulate(intercept, two_product(-w(j), objective_.standard()[at].shift));
        const double c = std::ldexp(w(j), -objective_.scale().exponent[at]);
        if (!std::isfinite(c))
          throw SampleError("tine: the coefficient of '" + model.features[at].name +
                            "' is larger than numbers can be: give it in other units");
        model.coefficients.push_back(c);
      }
      model.intercepts.push_back(intercept.high + intercept.low);
    }
    return model;
  }

  PoolWith on_;
  const Samples& samples_;
  const LogisticRegressionOptions& options_;
  LogisticObjective objective_;
  std::optional<Triangle> triangle_;
  bool newton_ = true;
  LimitedMemory memory_;
  Eigen::VectorXd coefficients_;
  Value now_;
  double first_slope_ = 0;
  std::uint64_t iterations_ = 0, most_ = 0;
};

// Calls f(sample's number in the slice, z of each row of coefficients) in a slice.
template <class F>
void for_each_sample(const View<const double, 2>& x, std::span<const double> w,
                     std::span<const double> intercepts, F f) {
  const std::size_t d = x.extent(1);
  std::vector<double> z(intercepts.size());
  for (std::size_t i = 0; i < x.extent(0); ++i) {
    for (std::size_t k = 0; k < z.size(); ++k) {
      double sum = intercepts[k];
      for (std::size_t j = 0; j < d; ++j) sum += w[k * d + j] * x(i, j);
      z[k] = sum;
    }
    f(i, std::span(z));
  }
}

}  // namespace

LogisticRegression LogisticRegression::fit(const PoolWith& on, const Samples& samples,
                                           const LogisticRegressionOptions& options) {
  if (!(options.ridge >= 0 && options.ridge <= 1e100))
    throw InvalidArgument("tine: a ridge penalty must be between 0 and 1e100");
  check_classes(on, samples);
  return Fit(on, samples, options)();
}

Array<std::uint32_t> LogisticRegression::predict(const PoolWith& on, const Samples& samples) const {
  check_dimensions(features, samples);
  auto result = on.pool.array<std::uint32_t>(samples.size());
  const auto w = on.pool.array_from(coefficients), first = on.pool.array_from(intercepts);
  for_each_slice(
      without_quarantine(on), slices(samples.size(), 0, samples.dimensions() * sizeof(double)),
      [](const Slice&, std::span<std::uint32_t> to, const View<const double, 2>& x,
         std::span<const double> of, std::span<const double> from) {
        for_each_sample(x, of, from, [to](std::size_t i, std::span<const double> z) {
          to[i] = z.size() == 1 ? z[0] > 0 : argmax(z);
        });
      },
      out(result), in(samples.x), whole(w), whole(first));
  return result;
}

Array<double, 2> LogisticRegression::probabilities(const PoolWith& on,
                                                   const Samples& samples) const {
  check_dimensions(features, samples);
  auto result = on.pool.array<double>(samples.size(), classes.size());
  const auto w = on.pool.array_from(coefficients), first = on.pool.array_from(intercepts);
  for_each_slice(
      without_quarantine(on), slices(samples.size(), 0, samples.dimensions() * sizeof(double)),
      [](const Slice&, const View<double, 2>& to, const View<const double, 2>& x,
         std::span<const double> of, std::span<const double> from) {
        for_each_sample(x, of, from, [to](std::size_t i, std::span<double> z) {
          if (z.size() == 1) {
            to(i, 0) = 1 / (1 + std::exp(z[0]));
            to(i, 1) = 1 / (1 + std::exp(-z[0]));
          } else {
            softmax(z);
            std::ranges::copy(z, &to(i, 0));
          }
        });
      },
      out(result), in(samples.x), whole(w), whole(first));
  return result;
}

std::string LogisticRegression::save() const {
  ModelWriter to("logistic", features);
  add_classes(to, target, classes, class_type);
  return to.add("intercepts", intercepts)
      .add("coefficients", coefficients)
      .add("ridge", ridge)
      .add("samples", sample_count)
      .add("log_loss", log_loss)
      .add("iterations", iterations)
      .text();
}

LogisticRegression LogisticRegression::load(std::string_view text) {
  const ModelReader from(text, "logistic");
  LogisticRegression model;
  model.features = from.features();
  read_classes(from, model.target, model.classes, model.class_type);
  const std::size_t rows = model.classes.size() == 2 ? 1 : model.classes.size();
  model.intercepts = from.reals("intercepts", rows);
  model.coefficients = from.reals("coefficients", rows * model.features.size());
  model.ridge = from.real("ridge");
  model.sample_count = from.integer("samples");
  model.log_loss = from.real("log_loss");
  model.iterations = from.integer("iterations");
  return model;
}

}  // namespace tine::mining
