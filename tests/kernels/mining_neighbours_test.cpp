// Nearest neighbours beside a sort of all distances, and scikit-learn (mining_neighbours.py).
#include <tine/mining/neighbours.hpp>

#include <cmath>
#include <limits>
#include <random>

#include <gmock/gmock.h>
#include <tine/tine.hpp>

#include "mining_peer.hpp"
#include "support/fixture.hpp"
#include "support/killer.hpp"
#include "support/message.hpp"

namespace tine::mining {

namespace {

using testing::HasSubstr;
using tine_test::message_of;

class MiningNeighbours : public tine_test::NothingLeftBehind {};

Array<double, 2> normal(Pool& pool, std::size_t n, std::size_t d, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> noise;
  auto x = pool.array<double>(n, d);
  for (double& value : x) value = noise(random);
  return x;
}

template <class T, std::size_t N>
std::string bytes_of(const Array<T, N>& a) {
  return {reinterpret_cast<const char*>(a.data()), a.size() * sizeof(T)};
}
std::string bytes_of(const Neighbours& found) {
  return bytes_of(found.index) + bytes_of(found.distance);
}

TEST_F(MiningNeighbours, AreThoseOfASortAndPredictionsThoseOfScikitLearn) {
  const tine_test::PeerFolder folder;
  Pool pool({.workers = 2});
  for (const std::string& name : folder.names("points")) {
    Samples train = samples_of(folder.read(pool, name + ".points"));
    const Samples queries = samples_of(folder.read(pool, name + ".queries"));
    const auto labels = folder.read(pool, name + ".labels"), y = folder.read(pool, name + ".y");
    const auto k = static_cast<std::size_t>(folder.read(pool, name + ".k")(0, 0));
    const Neighbours found = nearest(pool, train.x, queries.x, k);
    folder.write(name + ".index", found.index);
    folder.write(name + ".distance", found.distance);
    if (train.size() > k) folder.write(name + ".others", nearest_others(pool, train.x, k).index);
    train.classes = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    train.labels = pool.array<std::uint32_t>(train.size());
    std::ranges::transform(labels, train.labels.begin(),
                           [](double label) { return static_cast<std::uint32_t>(label); });
    train.y = pool.array_from(y.span());
    for (const bool by_distance : {false, true}) {
      const std::string start = name + (by_distance ? ".distance." : ".uniform.");
      const NearestOptions options{.k = k, .by_distance = by_distance};
      // As it is and from a file.
      const auto rule =
          NearestClassifier::load(NearestClassifier::fit(pool, train, options).save());
      folder.write(start + "labels", rule.predict(pool, queries));
      folder.write(start + "probabilities", rule.probabilities(pool, queries));
      const auto mean = NearestRegressor::load(NearestRegressor::fit(pool, train, options).save());
      folder.write(start + "y", mean.predict(pool, queries));
    }
  }
  folder.check();
}

TEST_F(MiningNeighbours, HaveTheSameBitsOnAnyNumberOfWorkers) {
  std::string first;
  for (const unsigned workers : {1u, 2u, 3u, 7u}) {
    Pool pool({.workers = workers});
    const auto points = normal(pool, 4001, 3, 1), queries = normal(pool, 1777, 3, 2);
    const auto many = normal(pool, 999, 40, 3);
    const std::string bytes = bytes_of(nearest(pool, points, queries, 7)) +
                              bytes_of(nearest_others(pool, points, 3)) +
                              bytes_of(nearest_others(pool, many, 5));
    if (workers == 1) first = bytes;
    EXPECT_TRUE(bytes == first) << workers << " workers";
  }
}

TEST_F(MiningNeighbours, WorkersThatAreKilledChangeNoBit) {
  Pool pool({.workers = 3});
  const auto points = normal(pool, 20'000, 6, 1);
  const std::string expected = bytes_of(nearest_others(pool, points, 5));
  tine_test::expect_same_while_killed(
      pool, {.wanted = 8, .rounds = 100, .first_us = 1000, .step_us = 4000},
      [&](int) { return bytes_of(nearest_others(pool, points, 5)) == expected; });
}

TEST_F(MiningNeighbours, OfWhatIsMissingAreNone) {
  Pool pool({.workers = 2});
  const auto points = normal(pool, 200, 2, 1);
  auto queries = normal(pool, 5, 2, 2);
  const Neighbours whole = nearest(pool, points, queries, 3);
  queries(1, 1) = std::numeric_limits<double>::quiet_NaN();
  queries(3, 0) = std::numeric_limits<double>::infinity();
  const Neighbours found = nearest(pool, points, queries, 3);
  for (std::size_t i = 0; i < 5; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      if (i % 2 == 1) {
        EXPECT_EQ(found.index(i, j), 0u);
        EXPECT_TRUE(std::isnan(found.distance(i, j)));
      } else {
        EXPECT_EQ(found.index(i, j), whole.index(i, j));
        EXPECT_EQ(found.distance(i, j), whole.distance(i, j));
      }
  Samples train = samples_of(normal(pool, 10, 2, 3));
  train.y = pool.array<double>(10);
  train.labels = pool.array<std::uint32_t>(10);
  train.classes = {"a", "b"};
  const Samples asked = samples_of(std::move(queries));
  const auto y = NearestRegressor::fit(pool, train).predict(pool, asked);
  const auto rule = NearestClassifier::fit(pool, train, {.k = 3, .by_distance = true});
  const auto parts = rule.probabilities(pool, asked);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(std::isnan(y[i]), i % 2 == 1);
    EXPECT_EQ(std::isnan(parts(i, 0)), i % 2 == 1);
    EXPECT_EQ(rule.predict(pool, asked)[i], 0u);
  }
}

TEST_F(MiningNeighbours, NoQueriesHaveNoNeighbours) {
  Pool pool({.workers = 1});
  const Neighbours found = nearest(pool, normal(pool, 5, 2, 1), pool.array<double>(0, 2), 3);
  EXPECT_EQ(found.index.extent(0), 0u);
  EXPECT_EQ(found.distance.extent(1), 3u);
}

TEST_F(MiningNeighbours, WhatCannotBeIsRefused) {
  Pool pool({.workers = 1});
  auto points = normal(pool, 5, 2, 1);
  const auto refusal = [&](std::size_t k) {
    return message_of<SampleError>([&] { nearest(pool, points, points, k); });
  };
  EXPECT_EQ(refusal(6), "tine: there are no 6 nearest neighbours among 5 samples, but 1 to 5");
  EXPECT_THAT(refusal(0), HasSubstr("no 0 nearest neighbours"));
  EXPECT_EQ(message_of<SampleError>([&] { nearest_others(pool, points, 5); }),
            "tine: there are no 5 nearest neighbours among 5 samples, which are none of their own, "
            "but 1 to 4");
  EXPECT_THAT(message_of<SampleError>([&] { nearest(pool, points, pool.array<double>(1, 3), 1); }),
              HasSubstr("queries have 3 dimensions, but points have 2"));
  points(3, 1) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(refusal(1),
            "tine: sample 4 has a number that is missing or infinite, and so no distance from "
            "others");
}

TEST_F(MiningNeighbours, LeavingOneOutAsksTheOthers) {
  Pool pool({.workers = 2});
  auto x = pool.array<double>(4, 1);
  x(0, 0) = 0;
  x(1, 0) = 1;
  x(2, 0) = 1.5;
  x(3, 0) = 10;
  Samples train = samples_of(std::move(x));
  train.y = pool.array_from(std::vector<double>{1, 2, 4, 8});
  train.labels = pool.array_from(std::vector<std::uint32_t>{0, 1, 1, 0});
  train.classes = {"out", "in"};
  const auto y = NearestRegressor::fit(pool, train, {.k = 1}).leave_one_out(pool);
  EXPECT_THAT(y.span(), testing::ElementsAre(2, 4, 2, 4));
  const auto labels = NearestClassifier::fit(pool, train, {.k = 3}).leave_one_out(pool);
  EXPECT_THAT(labels.span(), testing::ElementsAre(1, 0, 0, 1));
}

TEST_F(MiningNeighbours, ModelsFromStrangersAreChecked) {
  Pool pool({.workers = 1});
  Samples train = samples_of(normal(pool, 4, 2, 1));
  train.target = {"kind", "kind"};
  train.classes = {"a", "b"};
  train.labels = pool.array_from(std::vector<std::uint32_t>{0, 1, 1, 0});
  train.y = pool.array_from(std::vector<double>{1, 2, 4, 8});
  const auto rule = NearestClassifier::fit(pool, train, {.k = 4, .by_distance = true});
  const auto back = NearestClassifier::load(rule.save());
  EXPECT_EQ(back.features, rule.features);
  EXPECT_EQ(back.target, rule.target);
  EXPECT_EQ(back.classes, rule.classes);
  EXPECT_EQ(back.class_type, rule.class_type);
  EXPECT_EQ(back.labels, rule.labels);
  EXPECT_EQ(back.x, rule.x);
  EXPECT_EQ(back.options.k, 4u);
  EXPECT_TRUE(back.options.by_distance);
  const auto mean = NearestRegressor::fit(pool, train, {.k = 2});
  EXPECT_EQ(NearestRegressor::load(mean.save()).y, mean.y);

  const auto broken = [](std::string text, const std::string& part, const std::string& by) {
    const std::size_t at = text.find(part);
    EXPECT_NE(at, std::string::npos) << part;
    return text.replace(at, part.size(), by);
  };
  const auto refusal = [&](const std::string& part, const std::string& by) {
    return message_of<ModelError>([&] { NearestClassifier::load(broken(rule.save(), part, by)); });
  };
  EXPECT_THAT(refusal("\"k\": 4", "\"k\": 5"), HasSubstr("k should be 1 to 4"));
  EXPECT_THAT(refusal("\"k\": 4", "\"k\": 0"), HasSubstr("k should be 1 to 4"));
  EXPECT_THAT(refusal("\"weights\": \"distance\"", "\"weights\": \"?\""), HasSubstr("weights"));
  EXPECT_THAT(refusal("\"class_type\": \"string\"", "\"class_type\": \"?\""), HasSubstr("type"));
  EXPECT_THAT(refusal("\"labels\": [\n  0", "\"labels\": [\n  2"), HasSubstr("labels"));
  EXPECT_THAT(refusal("\"labels\": [\n  0", "\"labels\": [\n  0, 0"), HasSubstr("elements"));
  EXPECT_THAT(message_of<ModelError>([&] { NearestRegressor::load(rule.save()); }),
              HasSubstr("knn_classifier"));
  EXPECT_THAT(
      message_of<ModelError>([&] { rule.predict(pool, samples_of(normal(pool, 2, 3, 1))); }),
      HasSubstr("the model has 2 features"));
  EXPECT_THAT(message_of<InvalidArgument>(
                  [&] { NearestClassifier::fit(pool, samples_of(normal(pool, 9, 2, 1))); }),
              HasSubstr("needs samples whose target is a class"));
  EXPECT_THAT(message_of<InvalidArgument>(
                  [&] { NearestRegressor::fit(pool, samples_of(normal(pool, 9, 2, 1))); }),
              HasSubstr("needs samples whose target is a number"));
  train.classes = {"a"};
  EXPECT_THAT(message_of<SampleError>([&] { NearestClassifier::fit(pool, train, {.k = 2}); }),
              HasSubstr("needs two classes or more"));
  train.classes = {"a", "b"};
  train.labels[2] = 2;
  EXPECT_THAT(message_of<InvalidArgument>([&] { NearestClassifier::fit(pool, train, {.k = 2}); }),
              HasSubstr("a label is none of the classes"));
  EXPECT_THAT(message_of<SampleError>([&] { NearestRegressor::fit(pool, train, {.k = 5}); }),
              HasSubstr("no 5 nearest neighbours among 4 samples"));
}

}  // namespace

}  // namespace tine::mining
