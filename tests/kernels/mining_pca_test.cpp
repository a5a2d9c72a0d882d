// Principal components as a model, beside scikit-learn (mining_pca.py).
#include <tine/mining/pca.hpp>

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

class MiningPca : public tine_test::NothingLeftBehind {};

Samples normal(Pool& pool, std::size_t n, std::size_t d) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> noise;
  auto x = pool.array<double>(n, d);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < d; ++j) x(i, j) = noise(random) / double(j + 1);
  return samples_of(std::move(x));
}

std::string bytes_of(const Array<double, 2>& a) {
  return {reinterpret_cast<const char*>(a.data()), a.size() * sizeof(double)};
}

TEST_F(MiningPca, IsThatOfScikitLearn) {
  const tine_test::PeerFolder folder;
  Pool pool({.workers = 2});
  for (const std::string& name : folder.names("x")) {
    const Samples samples = samples_of(folder.read(pool, name + ".x"));
    const auto k = static_cast<std::size_t>(folder.read(pool, name + ".k")(0, 0));
    for (const bool scale : {false, true}) {
      const Pca pca = Pca::load(Pca::fit(pool, samples, {.components = k, .scale = scale}).save());
      const std::string start = name + (scale ? ".scaled" : ".plain");
      const auto components = pool.array_from(pca.components);
      auto by_rows = pool.array<double>(k, samples.dimensions());
      std::ranges::copy(components, by_rows.begin());
      folder.write(start + ".components", by_rows);
      folder.write(start + ".scale", pool.array_from(pca.scale));
      folder.write(start + ".variance", pool.array_from(pca.variance));
      folder.write(start + ".ratio", pool.array_from(pca.ratio));
      folder.write(start + ".scores", pca.predict(pool, samples));
    }
  }
  folder.check();
}

TEST_F(MiningPca, HasTheSameBitsOnAnyNumberOfWorkersAndAfterDeaths) {
  std::string first;
  for (const unsigned workers : {1u, 2u, 3u, 7u}) {
    Pool pool({.workers = workers});
    const Samples samples = normal(pool, 5000, 30);
    const Pca pca = Pca::fit(pool, samples, {.components = 7, .scale = true});
    const std::string bytes = pca.save() + bytes_of(pca.predict(pool, samples));
    if (workers == 1) first = bytes;
    EXPECT_TRUE(bytes == first) << workers << " workers";
  }
  Pool pool({.workers = 3});
  const Samples samples = normal(pool, 5000, 30);
  tine_test::expect_same_while_killed(
      pool, {.wanted = 5, .rounds = 100, .first_us = 500, .step_us = 1000}, [&](int) {
        const Pca pca = Pca::fit(pool, samples, {.components = 7, .scale = true});
        return pca.save() + bytes_of(pca.predict(pool, samples)) == first;
      });
}

TEST_F(MiningPca, GivesAllComponentsUnlessSomeAreAskedFor) {
  Pool pool({.workers = 1});
  EXPECT_EQ(Pca::fit(pool, normal(pool, 10, 4)).size(), 4u);
  EXPECT_EQ(Pca::fit(pool, normal(pool, 3, 4)).size(), 3u);
}

TEST_F(MiningPca, WhereSomethingIsMissingScoresAre) {
  Pool pool({.workers = 2});
  Samples samples = normal(pool, 100, 3);
  const Pca pca = Pca::fit(pool, samples, {.components = 2});
  const auto whole = pca.predict(pool, samples);
  samples.x(50, 1) = std::numeric_limits<double>::quiet_NaN();
  const auto scores = pca.predict(pool, samples);
  for (std::size_t i = 0; i < 100; ++i)
    for (std::size_t j = 0; j < 2; ++j) {
      if (i == 50)
        EXPECT_TRUE(std::isnan(scores(i, j)));
      else
        EXPECT_EQ(scores(i, j), whole(i, j));
    }
  EXPECT_EQ(pca.predict(pool, samples_of(pool.array<double>(0, 3))).extent(0), 0u);
}

TEST_F(MiningPca, WhatCannotBeIsRefused) {
  Pool pool({.workers = 1});
  const auto refusal = [&](const Samples& samples, std::size_t k) {
    return message_of<SampleError>([&] { Pca::fit(pool, samples, {.components = k}); });
  };
  EXPECT_THAT(refusal(normal(pool, 1, 3), 1), HasSubstr("2 samples are needed at least"));
  EXPECT_THAT(refusal(normal(pool, 0, 3), 1), HasSubstr("2 samples are needed at least"));
  EXPECT_EQ(refusal(normal(pool, 5, 3), 4),
            "tine: there are no 4 components of 5 samples of 3 features, but at most 3");
  Samples samples = normal(pool, 5, 3);
  samples.x(2, 1) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(refusal(samples, 2), "tine: x1 is nan in sample 3");
  const Pca pca = Pca::fit(pool, normal(pool, 5, 3));
  EXPECT_THAT(message_of<ModelError>([&] { pca.predict(pool, normal(pool, 5, 2)); }),
              HasSubstr("the model has 3 features"));
}

TEST_F(MiningPca, ModelsFromStrangersAreChecked) {
  Pool pool({.workers = 1});
  const Pca pca = Pca::fit(pool, normal(pool, 50, 3), {.components = 2, .scale = true});
  const Pca back = Pca::load(pca.save());
  EXPECT_EQ(back.features, pca.features);
  EXPECT_EQ(back.mean, pca.mean);
  EXPECT_EQ(back.scale, pca.scale);
  EXPECT_EQ(back.components, pca.components);
  EXPECT_EQ(back.variance, pca.variance);
  EXPECT_EQ(back.ratio, pca.ratio);
  const auto refusal = [](Pca broken) {
    return message_of<ModelError>([&] { Pca::load(broken.save()); });
  };
  Pca broken = pca;
  broken.scale[1] = 0;
  EXPECT_THAT(refusal(broken), HasSubstr("scale"));
  broken = pca;
  broken.components.pop_back();
  EXPECT_THAT(refusal(broken), HasSubstr("components has 5 elements instead of 6"));
  broken = pca;
  broken.variance.clear();
  broken.ratio.clear();
  broken.components.clear();
  EXPECT_THAT(refusal(broken), HasSubstr("components"));
  broken = pca;
  broken.mean.push_back(1);
  EXPECT_THAT(refusal(broken), HasSubstr("mean has 4 elements instead of 3"));
}

}  // namespace

}  // namespace tine::mining
