// Outliers: what can be worked out by hand, and what scikit-learn and scipy say of the same samples
// (mining_outliers.py).
#include <tine/mining/outliers.hpp>

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>

#include <gmock/gmock.h>
#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/killer.hpp"
#include "support/message.hpp"

namespace tine::mining {

namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;
using tine_test::message_of;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double largest = std::numeric_limits<double>::max();

Samples samples_from(Pool& pool, std::span<const double> values, std::size_t dimensions) {
  auto x = pool.array<double>(values.size() / dimensions, dimensions);
  std::ranges::copy(values, x.data());
  return samples_of(std::move(x));
}

Samples normal_samples(Pool& pool, std::size_t n, std::size_t d) {
  std::mt19937_64 random(n);
  std::normal_distribution<double> normal;
  std::vector<double> values(n * d);
  for (double& value : values) value = normal(random);
  return samples_from(pool, values, d);
}

template <class T>
std::vector<T> list(const Array<T>& array) {
  return {array.begin(), array.end()};
}

// A path through a tree of n keys, on average: 2 H(n - 1) - 2 (n - 1) / n, H(i) being close to ln(i) + 0.5772.
double average_path(double n) {
  return 2 * (std::log(n - 1) + 0.5772156649015329) - 2 * (n - 1) / n;
}

class MiningOutliers : public tine_test::NothingLeftBehind {
 protected:
  Samples column(std::vector<double> values) { return samples_from(pool_, values, 1); }

  Pool pool_{{.workers = 2}};
};

TEST_F(MiningOutliers, z_scores_are_distances_in_standard_deviations) {
  const Samples samples = samples_from(pool_, std::vector<double>{1, 5, 3, 5, 5, 5, 7, 5}, 2);
  const ZScores model = ZScores::fit(pool_, samples, {.threshold = 1.3});
  EXPECT_THAT(model.center, ElementsAre(4, 5));
  EXPECT_THAT(model.spread, ElementsAre(std::sqrt(5), 0));
  const auto result = model.predict(pool_, samples);
  const double s = std::sqrt(5);
  EXPECT_THAT(list(result.scores), ElementsAre(3 / s, 1 / s, 1 / s, 3 / s));
  EXPECT_THAT(list(result.outliers), ElementsAre(1, 0, 0, 1));
  EXPECT_THAT(list(result.farthest), ElementsAre(0, 0, 0, 0));
  // What was constant has no other value.
  const auto other =
      model.predict(pool_, samples_from(pool_, std::vector<double>{4, 5, 4, 5.5, NAN, 5}, 2));
  EXPECT_THAT(list(other.scores), ElementsAre(0, infinity, 0));
  EXPECT_THAT(list(other.farthest), ElementsAre(0, 1, 0));
}

TEST_F(MiningOutliers, robust_scores_are_not_moved_by_outliers) {
  const Samples samples = column({1, 2, 3, 4, 1e300});
  const ZScores model = ZScores::fit(pool_, samples, {.robust = true});
  EXPECT_THAT(model.center, ElementsAre(3));
  EXPECT_THAT(model.spread, ElementsAre(testing::DoubleEq(1.482602218505602)));
  EXPECT_THAT(list(model.predict(pool_, samples).outliers), ElementsAre(0, 0, 0, 0, 1));
  // An even number; and more than half of them the same.
  EXPECT_THAT(ZScores::fit(pool_, column({4, 1, 3, 2}), {.robust = true}).center, ElementsAre(2.5));
  EXPECT_THAT(ZScores::fit(pool_, column({5, 5, 5, 5, 9}), {.robust = true}).spread,
              ElementsAre(testing::DoubleEq(1.2533141373155003 * 0.8)));
}

TEST_F(MiningOutliers, a_constant_feature_makes_no_outliers) {
  // 0.1 + ... + 0.1 is not a multiple of 0.1.
  const Samples samples = column(std::vector<double>(1001, 0.1));
  for (const bool robust : {false, true}) {
    const ZScores model = ZScores::fit(pool_, samples, {.robust = robust});
    EXPECT_THAT(list(model.predict(pool_, samples).scores), testing::Each(0));
  }
  const IsolationForest forest = IsolationForest::fit(pool_, samples);
  const Outliers result = forest.predict(pool_, samples);
  EXPECT_THAT(list(result.scores), testing::Each(0.5));
  EXPECT_THAT(list(result.outliers), testing::Each(0));
}

TEST_F(MiningOutliers, one_sample_is_none) {
  const Samples samples = column({42});
  EXPECT_THAT(list(ZScores::fit(pool_, samples).predict(pool_, samples).scores), ElementsAre(0));
  const Outliers of_forest = IsolationForest::fit(pool_, samples).predict(pool_, samples);
  EXPECT_THAT(list(of_forest.scores), ElementsAre(0.5));
  EXPECT_THAT(list(of_forest.outliers), ElementsAre(0));
}

TEST_F(MiningOutliers, huge_values_have_scores) {
  const Samples samples = column({-largest, largest, 1, 2, 3, 4, 5, 6, 7});
  EXPECT_THAT(message_of([&] { ZScores::fit(pool_, samples); }), HasSubstr("divide it"));
  const ZScores robust = ZScores::fit(pool_, samples, {.robust = true});
  EXPECT_THAT(list(robust.predict(pool_, samples).outliers),
              ElementsAre(1, 1, 0, 0, 0, 0, 0, 0, 0));
  const ZScores wide = ZScores::fit(pool_, column({-largest, largest}), {.robust = true});
  EXPECT_THAT(list(wide.predict(pool_, column({largest})).scores), ElementsAre(1));
  const IsolationForest forest = IsolationForest::fit(pool_, samples, {.contamination = 0.2});
  EXPECT_THAT(list(forest.predict(pool_, samples).outliers),
              ElementsAre(1, 1, 0, 0, 0, 0, 0, 0, 0));
}

TEST_F(MiningOutliers, paths_through_trees_that_are_made_by_hand) {
  // x0 <= 2: a leaf of 5; else x1 <= -1: a leaf of 2, else a leaf of 1. And a tree that is a leaf of 8.
  const std::string text = R"({"tine": "isolation_forest", "version": 1, "features": [
      {"name": "a", "expression": "a"}, {"name": "b", "expression": "b"}],
      "sample_size": 8, "threshold": 0.55, "tree_nodes": [5, 1],
      "node_features": [0, 2, 1, 2, 2, 2], "node_values": [2, 5, -1, 2, 1, 8]})";
  const IsolationForest forest = IsolationForest::load(text);
  const Samples samples = samples_from(pool_, std::vector<double>{2, 0, 3, -1, 3, 0}, 2);
  const double c = average_path(8);
  const auto score = [&](double path) { return std::exp2(-(path + c) / (2 * c)); };
  const Outliers result = forest.predict(pool_, samples);
  EXPECT_THAT(list(result.scores),
              ElementsAre(testing::DoubleEq(score(1 + average_path(5))),
                          testing::DoubleEq(score(2 + 1)), testing::DoubleEq(score(2))));
  EXPECT_THAT(list(result.outliers), ElementsAre(0, 0, 1));
}

TEST_F(MiningOutliers, trees_are_as_high_as_they_may_be_and_leave_out_nobody) {
  const Samples samples = normal_samples(pool_, 1000, 3);
  for (const std::size_t size : {1u, 2u, 3u, 64u, 65u, 1000u, 5000u}) {
    const IsolationForest forest =
        IsolationForest::fit(pool_, samples, {.trees = 5, .sample_size = size});
    EXPECT_EQ(forest.sample_size, std::min<std::size_t>(size, 1000));
    const auto height =
        static_cast<std::size_t>(std::ceil(std::log2(static_cast<double>(forest.sample_size))));
    ASSERT_EQ(forest.trees.size(), 5u);
    for (const auto& tree : forest.trees) {
      std::vector<std::size_t> depth(tree.size());
      double leaves = 0;
      for (std::size_t i = 0; i < tree.size(); ++i) {
        EXPECT_LE(depth[i], height);
        if (tree[i].right == 0) {
          leaves += tree[i].value;
          EXPECT_TRUE(tree[i].value == 1 || depth[i] == height);
        } else {
          depth[i + 1] = depth[tree[i].right] = depth[i] + 1;
        }
      }
      EXPECT_EQ(leaves, static_cast<double>(forest.sample_size));
    }
  }
}

TEST_F(MiningOutliers, what_is_saved_is_read_back_bit_by_bit) {
  const Samples samples = normal_samples(pool_, 777, 3);
  const ZScores z = ZScores::fit(pool_, samples, {.robust = true, .contamination = 0.01});
  const ZScores z_again = ZScores::load(z.save());
  EXPECT_EQ(z_again.save(), z.save());
  EXPECT_EQ(z_again.spread, z.spread);
  EXPECT_TRUE(z_again.robust);
  EXPECT_EQ(z_again.threshold, z.threshold);
  const IsolationForest forest = IsolationForest::fit(pool_, samples, {.contamination = 0.01});
  const IsolationForest again = IsolationForest::load(forest.save());
  EXPECT_EQ(again.trees, forest.trees);
  EXPECT_EQ(again.threshold, forest.threshold);
  EXPECT_EQ(list(again.predict(pool_, samples).scores),
            list(forest.predict(pool_, samples).scores));
}

TEST_F(MiningOutliers, what_is_no_model_is_refused) {
  const auto load = [](const std::string& nodes, const std::string& features,
                       const std::string& values) {
    return message_of([&] {
      IsolationForest::load(
          R"({"tine": "isolation_forest", "version": 1, "features": [{"name": "a", "expression": "a"}],)"
          R"("sample_size": 8, "threshold": 0.5, "tree_nodes": )" +
          nodes + R"(, "node_features": )" + features + R"(, "node_values": )" + values + "}");
    });
  };
  EXPECT_EQ(load("[1]", "[1]", "[8]"), "nothing was thrown");
  EXPECT_EQ(load("[3]", "[0, 1, 1]", "[8, 1, 2]"), "nothing was thrown");
  EXPECT_THAT(load("[]", "[]", "[]"), HasSubstr("no trees"));
  EXPECT_THAT(load("[0]", "[]", "[]"), HasSubstr("make none"));
  EXPECT_THAT(load("[1]", "[0]", "[8]"), HasSubstr("make none"));        // a cut without sides
  EXPECT_THAT(load("[2]", "[0, 1]", "[8, 1]"), HasSubstr("make none"));  // with one
  EXPECT_THAT(load("[2]", "[1, 1]", "[8, 1]"), HasSubstr("make none"));  // beside the tree
  EXPECT_THAT(load("[1]", "[2]", "[8]"), HasSubstr("make none"));        // no such feature
  EXPECT_THAT(load("[1]", "[1]", "[0]"), HasSubstr("make none"));        // a leaf of nobody
  EXPECT_THAT(load("[2]", "[1]", "[8]"), HasSubstr("more nodes"));
  EXPECT_THAT(load("[1]", "[1, 1]", "[8, 8]"), HasSubstr("of no tree"));
  EXPECT_THAT(load("[1]", "[1]", "[8, 8]"), HasSubstr("elements"));
  EXPECT_THAT(message_of([] { ZScores::load("{}"); }), HasSubstr("no model"));
}

TEST_F(MiningOutliers, samples_and_options_that_make_no_sense_are_refused) {
  const Samples samples = column({1, 2, NAN, 4});
  EXPECT_THAT(message_of([&] { ZScores::fit(pool_, samples); }), HasSubstr("sample 3"));
  EXPECT_THAT(message_of([&] { IsolationForest::fit(pool_, samples); }), HasSubstr("sample 3"));
  const Samples good = column({1, 2, 3});
  EXPECT_THAT(message_of([&] { IsolationForest::fit(pool_, good, {.trees = 0}); }),
              HasSubstr("at least one tree"));
  EXPECT_THAT(message_of([&] { IsolationForest::fit(pool_, good, {.sample_size = 0}); }),
              HasSubstr("at least one sample"));
  EXPECT_THAT(message_of([&] { ZScores::fit(pool_, good, {.contamination = 0.6}); }),
              HasSubstr("at most 0.5"));
  EXPECT_THAT(
      message_of([&] { ZScores::fit(pool_, good, {.threshold = 1, .contamination = 0.1}); }),
      HasSubstr("not both"));
  const ZScores model = ZScores::fit(pool_, good);
  EXPECT_THAT(message_of([&] { model.predict(pool_, normal_samples(pool_, 5, 2)); }),
              HasSubstr("the samples have 2"));
}

// All of fit() and predict(), as bytes.
std::string everything(Pool& pool, const Samples& samples) {
  std::string bytes;
  const auto add = [&](const auto& values) {
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof values[0]);
  };
  for (const bool robust : {false, true}) {
    const ZScores model = ZScores::fit(pool, samples, {.robust = robust, .contamination = 0.1});
    bytes += model.save();
    const auto result = model.predict(pool, samples);
    add(result.scores);
    add(result.outliers);
    add(result.farthest);
  }
  const IsolationForest forest =
      IsolationForest::fit(pool, samples, {.trees = 37, .contamination = 0.1});
  bytes += forest.save();
  const Outliers result = forest.predict(pool, samples);
  add(result.scores);
  add(result.outliers);
  return bytes;
}

TEST_F(MiningOutliers, bits_are_the_same_for_any_number_of_workers) {
  std::string first;
  for (const unsigned workers : {1u, 2u, 3u, 7u}) {
    Pool pool({.workers = workers});
    const std::string got = everything(pool, normal_samples(pool, 5003, 11));
    if (first.empty()) first = got;
    EXPECT_TRUE(got == first) << workers << " workers";
  }
}

TEST_F(MiningOutliers, workers_that_are_killed_change_no_bit) {
  Pool pool({.workers = 3});
  const Samples samples = normal_samples(pool, 60'001, 11);
  const std::string right = everything(pool, samples);
  tine_test::expect_same_while_killed(
      pool, {.wanted = 6, .rounds = 40, .first_us = 1000, .step_us = 7000},
      [&](int) { return everything(pool, samples) == right; });
}

TEST_F(MiningOutliers, seeds_and_progress) {
  const Samples samples = normal_samples(pool_, 1000, 3);
  std::uint64_t done = 0, all = 0;
  const IsolationForest a = IsolationForest::fit(
      pool_, samples, {.trees = 11, .seed = 1, .progress = [&](std::uint64_t d, std::uint64_t n) {
                         done = d;
                         all = n;
                       }});
  EXPECT_EQ(all, 11u);
  EXPECT_LE(done, 11u);
  EXPECT_EQ(a.trees, IsolationForest::fit(pool_, samples, {.trees = 11, .seed = 1}).trees);
  EXPECT_NE(a.trees, IsolationForest::fit(pool_, samples, {.trees = 11, .seed = 2}).trees);
}

// The area under the ROC curve: how often an outlier has a higher score than another sample.
double auc(const std::vector<double>& scores, const std::vector<double>& outlier) {
  double right = 0, pairs = 0;
  for (std::size_t i = 0; i < scores.size(); ++i)
    for (std::size_t j = 0; outlier[i] == 1 && j < scores.size(); ++j)
      if (outlier[j] == 0) {
        ++pairs;
        right += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
      }
  return right / pairs;
}

class OutliersBesideSklearn : public MiningOutliers {
 protected:
  OutliersBesideSklearn() {
    EXPECT_NE(mkdtemp(directory_.data()), nullptr);
    const std::string command = std::string(TINE_PYTHON) + " " + TINE_SCRIPT + " " + directory_;
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  }
  ~OutliersBesideSklearn() override { fs::remove_all(directory_); }

  std::string text(const std::string& name) const {
    std::ifstream file(fs::path(directory_) / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::vector<double> reals(const std::string& name) const {
    const std::string bytes = text(name);
    EXPECT_FALSE(bytes.empty()) << name;
    std::vector<double> values(bytes.size() / sizeof(double));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(double));
    return values;
  }

 private:
  std::string directory_ = "/tmp/tine-outliers-XXXXXX";
};

TEST_F(OutliersBesideSklearn, scores_and_ranks_are_theirs) {
  const auto expect_close = [](const Array<double>& got, const std::vector<double>& wanted) {
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i)
      EXPECT_NEAR(got[i], wanted[i], 1e-12 * std::max(1.0, wanted[i])) << i;
  };
  for (const std::string set : {"cancer", "blobs"}) {
    SCOPED_TRACE(set);
    const std::vector<double> outlier = reals(set + ".outlier");
    const std::size_t n = outlier.size();
    const auto read = [&](const std::string& name) {
      const auto x = reals(set + name);
      return samples_from(pool_, x, x.size() / n);
    };
    const Samples samples = read(".x");
    // Their trees.
    const Outliers theirs = IsolationForest::load(text(set + ".json")).predict(pool_, samples);
    expect_close(theirs.scores, reals(set + ".scores"));
    const std::vector<double> predicted = reals(set + ".predicted");
    EXPECT_TRUE(std::ranges::equal(list(theirs.outliers), predicted,
                                   [](std::uint8_t a, double b) { return (a == 1) == (b == 1); }));
    // Our trees.
    double mean = 0;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const IsolationForest forest = IsolationForest::fit(pool_, samples, {.seed = seed});
      mean += auc(list(forest.predict(pool_, samples).scores), outlier) / 5;
    }
    EXPECT_GE(mean, reals(set + ".auc")[0] - 0.01);
    EXPECT_GE(mean, 0.85);
    const IsolationForest part = IsolationForest::fit(pool_, samples, {.contamination = 0.05});
    const std::vector<std::uint8_t> found = list(part.predict(pool_, samples).outliers);
    EXPECT_NEAR(static_cast<double>(std::ranges::count(found, 1)), 0.05 * static_cast<double>(n),
                2);
    // Z-scores.
    const Samples varied = read(".varied");
    expect_close(ZScores::fit(pool_, varied).predict(pool_, varied).scores, reals(set + ".z"));
    const ZScores robust = ZScores::fit(pool_, varied, {.robust = true, .contamination = 0.07});
    const auto result = robust.predict(pool_, varied);
    expect_close(result.scores, reals(set + ".robust"));
    EXPECT_NEAR(robust.threshold, reals(set + ".quantile")[0], 1e-10);
    EXPECT_TRUE(std::ranges::equal(list(result.farthest), reals(set + ".farthest"),
                                   [](std::uint32_t a, double b) { return a == b; }));
  }
}

}  // namespace

}  // namespace tine::mining
