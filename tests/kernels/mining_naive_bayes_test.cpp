// Naive Bayes beside scikit-learn's GaussianNB, and moments beside Python's fractions, which round nothing
// (mining_naive_bayes.py).
#include <tine/mining/naive_bayes.hpp>

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <tine/tine.hpp>

#include "mining_learner.hpp"
#include "support/fixture.hpp"
#include "support/message.hpp"

namespace tine::mining {

namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using tine_test::message_of;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

class MiningNaiveBayes : public tine_test::NothingLeftBehind {
 protected:
  NaiveBayes fit(const std::vector<std::vector<double>>& rows,
                 const std::vector<std::uint32_t>& labels, const NaiveBayesOptions& options = {}) {
    std::size_t classes = 0;
    for (const std::uint32_t label : labels) classes = std::max<std::size_t>(classes, label + 1);
    return NaiveBayes::fit(pool_, labelled(pool_, rows, labels, classes), options);
  }

  Pool pool_{{.workers = 2}};
};

TEST_F(MiningNaiveBayes, moments_and_probabilities_are_those_of_the_peers) {
  const ScriptFolder folder(TINE_SCRIPT);
  for (const auto& line : folder.cases()) {
    const std::string& name = line.at(0);
    NaiveBayesOptions options{.smoothing = std::stod(line.at(1))};
    for (std::size_t i = 2; i < line.size(); ++i) options.priors.push_back(std::stod(line[i]));
    const Samples all =
        folder.samples(pool_, name + ".csv", {.target = "kind", .kind = Selection::Kind::label});
    const auto model = NaiveBayes::fit(pool_, all, options);
    folder.write(name + ".json", model.save());
    const auto labels = model.predict(pool_, all);
    folder.write(name + ".labels", std::vector<double>(labels.begin(), labels.end()));
    const auto probabilities = model.probabilities(pool_, all);
    folder.write(name + ".probabilities", probabilities.span(), probabilities.extent(1));
  }
  folder.check();
}

TEST_F(MiningNaiveBayes, bits_depend_neither_on_workers_nor_on_deaths) {
  Noise noise;
  std::vector<std::vector<double>> rows;
  std::vector<std::uint32_t> labels;
  for (int i = 0; i < 20'011; ++i) {
    rows.push_back({noise.normal(), noise.normal() + 5, noise.uniform()});
    labels.push_back(static_cast<std::uint32_t>(noise.random() % 3));
  }
  expect_the_same_on_any_workers([&](Pool& pool) {
    const Samples all = labelled(pool, rows, labels, 3);
    const auto model = NaiveBayes::fit(pool, all);
    const auto p = model.probabilities(pool, all);
    return model.save() +
           std::string(reinterpret_cast<const char*>(p.data()), p.size() * sizeof(double));
  });
}

TEST_F(MiningNaiveBayes, a_model_is_read_back_as_it_was) {
  const auto model = fit({{1, 0.1}, {2, 0.7}, {0.3, 3}, {7, 1e-9}}, {0, 1, 2, 2});
  const auto again = NaiveBayes::load(model.save());
  EXPECT_EQ(again.save(), model.save());
  EXPECT_EQ(again.variances, model.variances);
  EXPECT_EQ(again.means, model.means);
}

TEST_F(MiningNaiveBayes, a_feature_that_is_constant_in_a_class_does_not_exclude_all_else) {
  const auto model = fit({{5, 0}, {5, 0}, {5, 1}, {5, 3}}, {0, 0, 1, 1});
  EXPECT_THAT(model.variances, Each(testing::Gt(0)));
  EXPECT_EQ(model.variances[0], model.smoothed);
  const auto p = model.probabilities(pool_, samples_of_rows(pool_, {{5, 2}, {5, 0}, {1e300, 0}}));
  EXPECT_GT(p(0, 1), 0.99);
  EXPECT_GT(p(1, 0), 0.99);
}

TEST_F(MiningNaiveBayes, what_cannot_be_learnt_from_is_refused) {
  EXPECT_THAT(message_of<SampleError>([&] {
                fit({{1}, {2}}, {0, 0});
              }),
              HasSubstr("two classes or more"));
  EXPECT_THAT(message_of<SampleError>([&] {
                fit({{1}, {nan}}, {0, 1});
              }),
              HasSubstr("x0 is nan in sample 2"));
  EXPECT_THAT(message_of<SampleError>([&] {
                fit({{1, 2}, {1, 2}}, {0, 1});
              }),
              HasSubstr("no feature differs"));
  EXPECT_THAT(message_of<SampleError>([&] {
                fit({{1e-200}, {3e-200}}, {0, 1});
              }),
              HasSubstr("squares vanish"));
  for (const double huge : {1e200, 1.7e308})
    EXPECT_THAT(message_of<SampleError>([&] {
                  fit({{1, huge}, {2, -huge}, {3, huge}}, {0, 1, 0});
                }),
                HasSubstr("squares of x1"));
  EXPECT_THROW(fit({{1}, {2}}, {0, 1}, {.smoothing = 0}), InvalidArgument);
  EXPECT_THROW(fit({{1}, {2}}, {0, 1}, {.priors = {1}}), InvalidArgument);
  EXPECT_THROW(fit({{1}, {2}}, {0, 1}, {.priors = {0.5, 0.6}}), InvalidArgument);
  EXPECT_THROW(fit({{1}, {2}}, {0, 1}, {.priors = {0, 1}}), InvalidArgument);
  EXPECT_THROW(NaiveBayes::fit(pool_, samples_of_rows(pool_, {{1}, {2}})), InvalidArgument);
  const auto model = fit({{1}, {2}}, {0, 1});
  EXPECT_THROW(model.predict(pool_, samples_of_rows(pool_, {{1, 2}})), ModelError);
  EXPECT_LT(model.predict(pool_, samples_of_rows(pool_, {{nan}}))[0], 2u);
}

TEST_F(MiningNaiveBayes, texts_that_are_no_model_are_refused) {
  const std::string text = fit({{1}, {2}, {3}}, {0, 1, 1}).save();
  for (const char* list : {"\"means\": [", "\"variances\": [", "\"priors\": [", "\"counts\": ["}) {
    std::string other = text;
    const std::size_t at = other.find(list);
    ASSERT_NE(at, std::string::npos);
    other.insert(at + std::string(list).size(), "1, ");
    EXPECT_THROW(NaiveBayes::load(other), ModelError) << list;
  }
  std::string other = text;
  other.insert(other.find_first_of("0123456789", other.find("\"variances\": [")), "-");
  EXPECT_THROW(NaiveBayes::load(other), ModelError);
}

}  // namespace

}  // namespace tine::mining
