// DBSCAN beside that of scikit-learn (mining_dbscan.py).
#include <tine/mining/dbscan.hpp>

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

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using tine_test::message_of;

class MiningDbscan : public tine_test::NothingLeftBehind {};

/// Groups of different densities, and noise.
Samples groups(Pool& pool, std::size_t n, std::size_t d) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> noise;
  auto x = pool.array<double>(n, d);
  for (std::size_t i = 0; i < n; ++i) {
    const auto group = static_cast<double>(random() % 20);
    for (std::size_t j = 0; j < d; ++j)
      x(i, j) = std::sin(group * double(j + 1)) * 10 + noise(random) * (0.1 + group / 10);
  }
  return samples_of(std::move(x));
}

std::string bytes_of(const Dbscan& found) {
  return std::string(reinterpret_cast<const char*>(found.labels.data()), found.labels.size() * 4) +
         std::string(reinterpret_cast<const char*>(found.core.data()), found.core.size());
}

TEST_F(MiningDbscan, LabelsAreThoseOfScikitLearn) {
  const tine_test::PeerFolder folder;
  Pool pool({.workers = 2});
  for (const std::string& name : folder.names("x")) {
    const Samples samples = samples_of(folder.read(pool, name + ".x"));
    const auto settings = folder.read(pool, name + ".settings");
    for (std::size_t i = 0; i < settings.extent(0); ++i) {
      const Dbscan found =
          dbscan(pool, samples,
                 {.eps = settings(i, 0), .min_points = static_cast<std::size_t>(settings(i, 1))});
      folder.write(name + "." + std::to_string(i) + ".labels", found.labels);
      folder.write(name + "." + std::to_string(i) + ".core", found.core);
      EXPECT_EQ(static_cast<std::int64_t>(found.clusters),
                std::ranges::max(found.labels.span()) + 1);
    }
  }
  folder.check();
}

TEST_F(MiningDbscan, HasTheSameBitsOnAnyNumberOfWorkers) {
  std::string first;
  for (const unsigned workers : {1u, 2u, 3u, 7u}) {
    Pool pool({.workers = workers});
    std::string bytes;
    for (const double eps : {0.05, 0.3, 3.0})
      for (const std::size_t d : {2u, 12u}) {
        const Dbscan found = dbscan(pool, groups(pool, 7001, d), {.eps = eps * std::sqrt(d)});
        if (eps > 0.1) {
          EXPECT_GT(found.clusters, 0u);
        }
        bytes += bytes_of(found);
      }
    if (workers == 1) first = bytes;
    EXPECT_TRUE(bytes == first) << workers << " workers";
  }
}

TEST_F(MiningDbscan, WorkersThatAreKilledChangeNoBit) {
  Pool pool({.workers = 3});
  const Samples samples = groups(pool, 40'000, 3);
  const std::string expected = bytes_of(dbscan(pool, samples));
  tine_test::expect_same_while_killed(
      pool, {.wanted = 8, .rounds = 100, .first_us = 1000, .step_us = 8000},
      [&](int) { return bytes_of(dbscan(pool, samples)) == expected; });
}

// All pairs are neighbours: their lists would take 3.6 GB as numbers of 4 bytes.
TEST_F(MiningDbscan, LargeNeighbourhoodsTakeNoRoom) {
  Pool pool({.workers = 2, .reserve = std::size_t{64} << 20, .memory_per_worker = 64 << 20});
  const Dbscan found = dbscan(pool, groups(pool, 30'000, 2), {.eps = 1000, .min_points = 30'000});
  EXPECT_EQ(found.clusters, 1u);
  EXPECT_THAT(found.labels.span(), Each(0));
}

TEST_F(MiningDbscan, ProgressGoesToItsEnd) {
  Pool pool({.workers = 2});
  std::uint64_t last = 0, end = 1;
  dbscan(pool, groups(pool, 5000, 2), {.progress = [&](std::uint64_t done, std::uint64_t all) {
           EXPECT_LE(last * all, done * end);
           last = done;
           end = all;
         }});
  EXPECT_EQ(last, end);
}

TEST_F(MiningDbscan, WhatCannotBeIsRefused) {
  Pool pool({.workers = 1});
  Samples samples = groups(pool, 10, 2);
  for (const double eps : {0.0, -1.0, std::numeric_limits<double>::infinity(), std::nan("")})
    EXPECT_THAT(message_of<InvalidArgument>([&] { dbscan(pool, samples, {.eps = eps}); }),
                HasSubstr("should be a distance: positive and finite"));
  EXPECT_THAT(message_of<InvalidArgument>([&] { dbscan(pool, samples, {.min_points = 0}); }),
              HasSubstr("min_points is 0"));
  samples.x(4, 1) = std::nan("");
  EXPECT_EQ(message_of<SampleError>([&] { dbscan(pool, samples); }), "tine: x1 is nan in sample 5");
  EXPECT_THAT(message_of<SampleError>([&] { dbscan(pool, groups(pool, 0, 2)); }),
              HasSubstr("1 samples are needed"));
}

TEST_F(MiningDbscan, ABorderSampleIsInTheFirstClusterThatReachesIt) {
  Pool pool({.workers = 1});
  // Two clusters, and 0 between them, which both reach; then noise.
  const std::vector<double> x{0, 1, 1.5, 2, -1, -1.5, -2, 9};
  auto column = pool.array<double>(x.size(), 1);
  std::ranges::copy(x, column.begin());
  const Dbscan found = dbscan(pool, samples_of(std::move(column)), {.eps = 1, .min_points = 4});
  EXPECT_THAT(found.core.span(), ElementsAre(0, 1, 0, 0, 1, 0, 0, 0));
  EXPECT_THAT(found.labels.span(), ElementsAre(0, 0, 0, 0, 1, 1, 1, Dbscan::noise));
}

}  // namespace

}  // namespace tine::mining
