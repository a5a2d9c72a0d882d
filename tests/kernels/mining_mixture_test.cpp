// Gaussian mixtures beside scikit-learn's, from the same start (mining_mixture.py).
#include <tine/mining/mixture.hpp>

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <tine/tine.hpp>

#include "mining_learner.hpp"
#include "support/fixture.hpp"
#include "support/message.hpp"

namespace tine::mining {

namespace {

using testing::HasSubstr;
using tine_test::message_of;
using Covariance = MixtureOptions::Covariance;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

class MiningMixture : public tine_test::NothingLeftBehind {
 protected:
  Mixture fit(const std::vector<std::vector<double>>& rows, const MixtureOptions& options) {
    return Mixture::fit(pool_, samples_of_rows(pool_, rows), options);
  }
  // Two heaps.
  static std::vector<std::vector<double>> heaps(std::size_t n) {
    Noise noise;
    std::vector<std::vector<double>> rows;
    for (std::size_t i = 0; i < n; ++i)
      rows.push_back({noise.normal() + (i % 3 == 0 ? 10 : 0), noise.normal(), noise.uniform()});
    return rows;
  }

  Pool pool_{{.workers = 2}};
};

TEST_F(MiningMixture, components_are_those_of_the_peer_from_the_same_start) {
  const ScriptFolder folder(TINE_SCRIPT);
  for (const auto& line : folder.cases()) {
    const std::string& name = line.at(0);
    const Samples all = folder.samples(pool_, name + ".csv", {});
    MixtureOptions options{
        .components = std::stoul(line.at(2)),
        .covariance = line.at(1) == "full" ? Covariance::full : Covariance::diagonal,
        .regularisation = std::stod(line.at(3)),
        .tolerance = std::stod(line.at(4)),
        .max_iterations = std::stoul(line.at(5))};
    std::ifstream start(folder.path(name + ".start"));
    const std::vector<double> numbers{std::istream_iterator<double>(start),
                                      std::istream_iterator<double>()};
    if (!numbers.empty()) {
      const auto k = static_cast<std::ptrdiff_t>(options.components);
      const auto means = numbers.begin() + k,
                 covariances = means + k * static_cast<std::ptrdiff_t>(all.dimensions());
      options.weights.assign(numbers.begin(), means);
      options.means.assign(means, covariances);
      options.covariances.assign(covariances, numbers.end());
    }
    const auto model = Mixture::fit(pool_, all, options);
    folder.write(name + ".json", model.save());
    const auto labels = model.predict(pool_, all);
    folder.write(name + ".labels", std::vector<double>(labels.begin(), labels.end()));
    const auto probabilities = model.probabilities(pool_, all);
    folder.write(name + ".probabilities", probabilities.span(), probabilities.extent(1));
    folder.write(name + ".densities", model.log_densities(pool_, all).span());
    folder.write(name + ".criteria", std::vector<double>{model.aic(), model.bic()});
  }
  folder.check();
}

TEST_F(MiningMixture, bits_depend_neither_on_workers_nor_on_deaths) {
  const auto rows = heaps(5'003);
  for (const Covariance covariance : {Covariance::full, Covariance::diagonal})
    expect_the_same_on_any_workers([&](Pool& pool) {
      const Samples all = samples_of_rows(pool, rows);
      const auto model = Mixture::fit(pool, all, {.components = 3, .covariance = covariance});
      const auto p = model.probabilities(pool, all);
      return model.save() +
             std::string(reinterpret_cast<const char*>(p.data()), p.size() * sizeof(double));
    });
}

TEST_F(MiningMixture, a_model_is_read_back_as_it_was) {
  for (const Covariance covariance : {Covariance::full, Covariance::diagonal}) {
    const auto model = fit(heaps(50), {.components = 2, .covariance = covariance});
    const auto again = Mixture::load(model.save());
    EXPECT_EQ(again.save(), model.save());
    EXPECT_EQ(again.covariances, model.covariances);
    EXPECT_EQ(again.bic(), model.bic());
  }
}

TEST_F(MiningMixture, heaps_are_found) {
  const auto model = fit(heaps(300), {.components = 2});
  EXPECT_TRUE(model.converged);
  const std::size_t right = model.means[0] > 5 ? 0 : 1;
  EXPECT_NEAR(model.weights[right], 1.0 / 3, 1e-3);
  EXPECT_NEAR(model.means[3 * right], 10, 0.3);
  EXPECT_LT(model.bic(), fit(heaps(300), {.components = 1}).bic());
  EXPECT_LT(model.bic(), fit(heaps(300), {.components = 4}).bic());
}

TEST_F(MiningMixture, one_sample_is_a_component_as_wide_as_the_regularisation) {
  const auto model = fit({{3, 4}}, {.components = 1, .regularisation = 0.25});
  EXPECT_EQ(model.means, (std::vector<double>{3, 4}));
  EXPECT_EQ(model.covariances, (std::vector<double>{0.25, 0, 0, 0.25}));
  EXPECT_NEAR(model.weights[0], 1, 1e-14);
}

TEST_F(MiningMixture, a_component_that_collapses_is_an_error_that_says_what_to_do) {
  const std::vector<std::vector<double>> on_a_line{{1, 1}, {2, 2}, {3, 3}, {4, 4}, {7, 7}};
  for (const Covariance covariance : {Covariance::full, Covariance::diagonal}) {
    EXPECT_NO_THROW(fit(on_a_line, {.components = 1, .covariance = covariance}));
    EXPECT_THAT(message_of<SampleError>([&] {
                  fit({{1, 5}, {2, 5}, {3, 5}},
                      {.components = 1, .covariance = covariance, .regularisation = 0});
                }),
                HasSubstr("regularisation"));
  }
}

TEST_F(MiningMixture, what_cannot_be_learnt_from_is_refused) {
  const auto rows = heaps(20);
  EXPECT_THAT(message_of<SampleError>([&] {
                fit({{1}, {nan}}, {.components = 1});
              }),
              HasSubstr("x0 is nan in sample 2"));
  EXPECT_THROW(fit({{1}, {1}, {1}}, {.components = 2}), SampleError);
  EXPECT_THROW(fit({{1}}, {.components = 2}), SampleError);
  EXPECT_THROW(fit({{1e200}, {2e200}, {-1e200}}, {.components = 1}), SampleError);
  EXPECT_THROW(fit(rows, {.components = 0}), InvalidArgument);
  EXPECT_THROW(fit(rows, {.max_iterations = 0}), InvalidArgument);
  EXPECT_THROW(fit(rows, {.regularisation = -1}), InvalidArgument);
  EXPECT_THROW(fit(rows, {.tolerance = nan}), InvalidArgument);
  EXPECT_THROW(fit(rows, {.weights = {0.5, 0.5}}), InvalidArgument);
  EXPECT_THROW(fit({{1}, {2}}, {.components = 1, .weights = {2}, .means = {0}, .covariances = {1}}),
               InvalidArgument);
  EXPECT_THROW(
      fit({{1}, {2}}, {.components = 1, .weights = {1}, .means = {nan}, .covariances = {1}}),
      InvalidArgument);
  EXPECT_THROW(
      fit({{1}, {2}}, {.components = 1, .weights = {1}, .means = {0}, .covariances = {-1}}),
      InvalidArgument);
  const auto model = fit(rows, {.components = 2});
  EXPECT_THROW(model.predict(pool_, samples_of_rows(pool_, {{1, 2}})), ModelError);
  EXPECT_LT(model.predict(pool_, samples_of_rows(pool_, {{nan, 1, 2}}))[0], 2u);
}

TEST_F(MiningMixture, texts_that_are_no_model_are_refused) {
  const std::string text = fit(heaps(20), {.components = 2}).save();
  for (const char* list : {"\"means\": [", "\"covariances\": [", "\"weights\": ["}) {
    std::string other = text;
    const std::size_t at = other.find(list);
    ASSERT_NE(at, std::string::npos);
    other.insert(at + std::string(list).size(), "1, ");
    EXPECT_THROW(Mixture::load(other), ModelError) << list;
  }
  std::string other = text;
  other.insert(other.find_first_of("0123456789", other.find("\"covariances\": [")), "-");
  EXPECT_THROW(Mixture::load(other), ModelError);
  other = text;
  other.replace(other.find("full"), 4, "some");
  EXPECT_THROW(Mixture::load(other), ModelError);
}

}  // namespace

}  // namespace tine::mining
