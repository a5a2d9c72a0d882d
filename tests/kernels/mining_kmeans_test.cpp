// k-means beside plain loops, and beside scikit-learn by a script (mining_kmeans.py).
#include <tine/mining/kmeans.hpp>

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numeric>
#include <random>

#include <gmock/gmock.h>
#include <tine/mining/error.hpp>
#include <tine/tine.hpp>

#include "learn/centres.hpp"
#include "support/fixture.hpp"
#include "support/killer.hpp"
#include "support/message.hpp"

namespace tine::mining {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tine_test::message_of;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

class MiningKMeans : public tine_test::NothingLeftBehind {};

Samples samples(Pool& pool, const std::vector<double>& values, std::size_t dimensions) {
  auto x = pool.array<double>(values.size() / dimensions, dimensions);
  std::ranges::copy(values, x.data());
  return samples_of(std::move(x));
}

/// Around a few points.
std::vector<double> blobs(std::size_t n, std::size_t d, std::size_t centres, unsigned seed = 1) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> noise;
  std::vector<double> middles(centres * d), values;
  for (double& x : middles) x = 5 * noise(random);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t c = random() % centres;
    for (std::size_t j = 0; j < d; ++j) values.push_back(middles[c * d + j] + noise(random));
  }
  return values;
}

std::vector<double> first_rows(const std::vector<double>& values, std::size_t d, std::size_t k) {
  return {values.begin(), values.begin() + static_cast<std::ptrdiff_t>(k * d)};
}

/// By the definition.
std::vector<std::uint32_t> nearest(const std::vector<double>& values,
                                   const std::vector<double>& centres, std::size_t d) {
  std::vector<std::uint32_t> result;
  for (std::size_t i = 0; i < values.size(); i += d) {
    std::uint32_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::uint32_t c = 0; c < centres.size() / d; ++c) {
      double sum = 0;
      for (std::size_t j = 0; j < d; ++j)
        sum += (values[i + j] - centres[c * d + j]) * (values[i + j] - centres[c * d + j]);
      if (sum < least) {
        least = sum;
        best = c;
      }
    }
    result.push_back(best);
  }
  return result;
}

std::vector<std::uint32_t> predicted(Pool& pool, const KMeans& model,
                                     const std::vector<double>& values) {
  const auto result = model.predict(pool, samples(pool, values, model.features.size()));
  return {result.begin(), result.end()};
}

KMeans model_of(const std::vector<double>& centres, std::size_t d) {
  KMeans model;
  for (std::size_t j = 0; j < d; ++j)
    model.features.push_back({"x" + std::to_string(j), "x" + std::to_string(j)});
  model.centres = centres;
  model.sizes.resize(centres.size() / d);
  return model;
}

/// All that a fit found, to be compared bit by bit.
std::string bytes_of(const KMeans& model) {
  return model.save();
}

TEST_F(MiningKMeans, the_nearest_centre_is_that_of_sums_in_doubles) {
  Pool pool({.workers = 2});
  std::mt19937_64 random(3);
  std::normal_distribution<double> noise;
  const auto compare = [&](const std::string& what, const std::vector<double>& values,
                           const std::vector<double>& centres, std::size_t d) {
    EXPECT_EQ(predicted(pool, model_of(centres, d), values), nearest(values, centres, d)) << what;
  };
  for (const std::size_t d : {1u, 2u, 3u, 4u, 5u, 7u, 8u, 9u, 16u, 31u, 100u})
    for (const std::size_t k : {1u, 2u, 3u, 4u, 5u, 8u, 13u, 64u}) {
      const std::string shape = std::to_string(d) + " features, " + std::to_string(k) + " clusters";
      const std::size_t n = 1 + random() % 300;
      std::vector<double> values(n * d), centres(k * d);
      for (double& x : values) x = noise(random);
      for (double& x : centres) x = noise(random);
      compare(shape, values, centres, d);
      // Where floats have nothing to say.
      for (auto* all : {&values, &centres})
        for (double& x : *all) x = 1e8 + 1e-3 * x;
      compare(shape + ", far from 0", values, centres, d);
      // Many that are as near to several, and several that are the same.
      for (auto* all : {&values, &centres})
        for (double& x : *all) x = static_cast<double>(random() % 3);
      compare(shape + ", ties", values, centres, d);
      for (auto* all : {&values, &centres})
        for (double& x : *all) x = std::exp(20 * noise(random));
      compare(shape + ", of all sizes", values, centres, d);
      for (auto* all : {&values, &centres})
        for (double& x : *all) x = 3e-22 * noise(random);
      centres.back() = 1;
      centres[d - 1] = -1;
      compare(shape + ", where squares underflow in floats", values, centres, d);
      centres.back() = 1e200;
      compare(shape + ", with a centre that is far away", values, centres, d);
      values[random() % values.size()] = 1e300;
      compare(shape + ", with a sample that is far away", values, centres, d);
      for (double& x : centres) x = 0.1;
      compare(shape + ", all centres the same", values, centres, d);
    }
}

TEST_F(MiningKMeans, a_sample_that_is_not_known_has_some_cluster) {
  Pool pool({.workers = 1});
  const double inf = std::numeric_limits<double>::infinity();
  for (const std::uint32_t label : predicted(pool, model_of({1, 2, 3, 4, 5, 6}, 2),
                                             {nan, 1, 2, nan, nan, nan, inf, 1, -inf, inf}))
    EXPECT_LT(label, 3u);
}

TEST_F(MiningKMeans, iterations_are_those_of_plain_loops) {
  Pool pool({.workers = 2});
  for (const auto& [n, d, k] :
       {std::tuple{10'007ul, 3ul, 11ul}, {3001ul, 17ul, 20ul}, {997ul, 1ul, 5ul}}) {
    const std::vector<double> values = blobs(n, d, k);
    const Samples all = samples(pool, values, d);
    std::vector<double> centres = first_rows(values, d, k);
    for (std::size_t iterations = 1; iterations <= 12; ++iterations) {
      const std::vector<std::uint32_t> labels = nearest(values, centres, d);
      std::vector<long double> sums(k * d);
      std::vector<std::size_t> counts(k);
      for (std::size_t i = 0; i < n; ++i) {
        ++counts[labels[i]];
        for (std::size_t j = 0; j < d; ++j) sums[labels[i] * d + j] += values[i * d + j];
      }
      for (std::size_t i = 0; i < k * d; ++i)
        centres[i] = static_cast<double>(sums[i] / static_cast<long double>(counts[i / d]));
      const KMeans model = KMeans::fit(pool, all,
                                       {.clusters = k,
                                        .centres = first_rows(values, d, k),
                                        .max_iterations = iterations,
                                        .tolerance = 0});
      if (model.iterations < iterations) break;
      for (std::size_t i = 0; i < k * d; ++i)
        ASSERT_NEAR(model.centres[i], centres[i], 1e-13) << iterations << " iterations";
      std::vector<std::uint64_t> sizes(k);
      for (const std::uint32_t label : nearest(values, model.centres, d)) ++sizes[label];
      EXPECT_EQ(model.sizes, sizes);
    }
  }
}

TEST_F(MiningKMeans, the_number_of_workers_changes_no_bit) {
  const std::vector<double> values = blobs(30'011, 6, 12);
  std::vector<KMeansOptions> all(4);
  all[0] = {.clusters = 9, .restarts = 3};
  all[1] = {.clusters = 12, .start = KMeansOptions::Start::random, .max_iterations = 9};
  all[2] = {.clusters = 5, .max_iterations = 50, .batch = 777};
  all[3] = {.clusters = 40, .tolerance = 0, .seed = 7};
  for (const KMeansOptions& options : all) {
    std::string first;
    std::vector<std::uint32_t> labels;
    for (const unsigned workers : {1u, 2u, 3u, 7u}) {
      Pool pool({.workers = workers});
      const KMeans model = KMeans::fit(pool, samples(pool, values, 6), options);
      if (first.empty()) {
        first = bytes_of(model);
        labels = predicted(pool, model, values);
      }
      EXPECT_EQ(bytes_of(model), first) << workers << " workers";
      EXPECT_EQ(predicted(pool, model, values), labels) << workers << " workers";
    }
  }
}

TEST_F(MiningKMeans, workers_that_are_killed_change_no_bit) {
  const std::vector<double> values = blobs(100'003, 8, 20);
  Pool pool({.workers = 3});
  const Samples all = samples(pool, values, 8);
  const KMeansOptions options{.clusters = 24, .max_iterations = 20, .tolerance = 0};
  const std::string expected = bytes_of(KMeans::fit(pool, all, options));
  tine_test::expect_same_while_killed(
      pool, {.wanted = 12, .rounds = 100, .first_us = 1000, .step_us = 7000},
      [&](int) { return bytes_of(KMeans::fit(pool, all, options)) == expected; });
}

TEST_F(MiningKMeans, a_cluster_without_samples_gets_the_farthest) {
  Pool pool({.workers = 2});
  const Samples all = samples(pool, {0, 1, 2, 10, 11, 12, 50}, 1);
  const KMeans model = KMeans::fit(pool, all, {.clusters = 3, .centres = {1, 11, 1e6}});
  EXPECT_THAT(model.centres, ElementsAre(1, 11, 50));
  EXPECT_THAT(model.sizes, ElementsAre(3, 3, 1));
  EXPECT_EQ(model.inertia, 4);
}

TEST_F(MiningKMeans, more_clusters_than_different_samples_are_refused) {
  Pool pool({.workers = 2});
  std::vector<double> values;
  for (std::size_t i = 0; i < 600; ++i) values.push_back(0.1 * static_cast<double>(i % 3));
  const Samples all = samples(pool, values, 1);
  for (const auto start : {KMeansOptions::Start::plus_plus, KMeansOptions::Start::random}) {
    const KMeans model = KMeans::fit(pool, all, {.clusters = 3, .start = start});
    EXPECT_EQ(model.inertia, 0);
    EXPECT_THAT(model.sizes, ElementsAre(200, 200, 200));
    EXPECT_THAT(
        message_of<SampleError>([&] { KMeans::fit(pool, all, {.clusters = 4, .start = start}); }),
        HasSubstr("ask for fewer clusters"));
  }
  EXPECT_THAT(message_of<SampleError>([&] {
                KMeans::fit(pool, all, {.clusters = 4, .centres = {0, 0.1, 0.2, 7}});
              }),
              HasSubstr("ask for fewer clusters"));
  EXPECT_THAT(message_of<SampleError>([&] { KMeans::fit(pool, all, {.clusters = 601}); }),
              HasSubstr("of 600 samples no 601 clusters"));
}

TEST_F(MiningKMeans, one_cluster_and_one_sample_will_do) {
  Pool pool({.workers = 2});
  const KMeans one = KMeans::fit(pool, samples(pool, {3, 4, 5}, 3), {.clusters = 1});
  EXPECT_THAT(one.centres, ElementsAre(3, 4, 5));
  EXPECT_EQ(one.inertia, 0);
  const KMeans all =
      KMeans::fit(pool, samples(pool, {1e9 + 1, 7, 1e9 + 2, 7, 1e9 + 6, 7}, 2), {.clusters = 1});
  EXPECT_THAT(all.centres, ElementsAre(1e9 + 3, 7));
  EXPECT_EQ(all.inertia, 14);
  EXPECT_THAT(all.sizes, ElementsAre(3));
}

TEST_F(MiningKMeans, batches_find_what_is_there) {
  Pool pool({.workers = 2});
  const std::vector<double> values = blobs(50'021, 4, 6);
  const Samples all = samples(pool, values, 4);
  const KMeansOptions options{.clusters = 6, .restarts = 3};
  KMeansOptions batches = options;
  batches.batch = 1000;
  batches.max_iterations = 100;
  const KMeans a = KMeans::fit(pool, all, options), b = KMeans::fit(pool, all, batches);
  EXPECT_EQ(b.iterations, 100u);
  EXPECT_GE(b.inertia, a.inertia);
  EXPECT_LT(b.inertia, 1.01 * a.inertia);
  EXPECT_EQ(std::accumulate(b.sizes.begin(), b.sizes.end(), std::uint64_t{0}), 50'021u);
}

TEST_F(MiningKMeans, more_restarts_are_never_worse) {
  Pool pool({.workers = 2});
  const Samples all = samples(pool, blobs(3001, 2, 15), 2);
  KMeansOptions options{.clusters = 15, .start = KMeansOptions::Start::random};
  double least = std::numeric_limits<double>::infinity();
  for (options.restarts = 1; options.restarts <= 8; ++options.restarts) {
    const double inertia = KMeans::fit(pool, all, options).inertia;
    EXPECT_LE(inertia, least);
    least = inertia;
  }
}

TEST_F(MiningKMeans, progress_counts_iterations) {
  Pool pool({.workers = 1});
  std::vector<std::uint64_t> done;
  KMeansOptions options{.clusters = 4, .max_iterations = 5, .tolerance = 0};
  options.progress = [&](std::uint64_t i, std::uint64_t all) {
    done.push_back(i);
    EXPECT_EQ(all, 5u);
  };
  KMeans::fit(pool, samples(pool, blobs(2000, 3, 1), 3), options);
  EXPECT_THAT(done, ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(MiningKMeans, what_cannot_be_done_is_said) {
  Pool pool({.workers = 1});
  const Samples all = samples(pool, {1, 2, 3, 4, 5, 6}, 2);
  const auto refused = [&](const KMeansOptions& options) {
    return message_of<InvalidArgument>([&] { KMeans::fit(pool, all, options); });
  };
  EXPECT_THAT(refused({.clusters = 0}), HasSubstr("number of clusters"));
  EXPECT_THAT(refused({.clusters = 2, .restarts = 0}), HasSubstr("at least one"));
  EXPECT_THAT(refused({.clusters = 2, .max_iterations = 0}), HasSubstr("at least one"));
  EXPECT_THAT(refused({.clusters = 2, .centres = {1, 2, 3}}), HasSubstr("2 x 2"));
  EXPECT_THAT(refused({.clusters = 2, .centres = {1, 2, 3, nan}}), HasSubstr("finite"));
  const auto bad = [&](const std::vector<double>& values) {
    return message_of<SampleError>(
        [&] { KMeans::fit(pool, samples(pool, values, 1), {.clusters = 2}); });
  };
  EXPECT_NE(bad({1, nan, 3}), "");
  EXPECT_THAT(bad({1, 1e200, 3}), HasSubstr("too far apart"));
  EXPECT_THAT(bad({1e308, -1e308, 3}), HasSubstr("too far apart"));
  EXPECT_THAT(bad({1e-200, 2e-200, 3e-200}), HasSubstr("too near"));

  const KMeans model = KMeans::fit(pool, all, {.clusters = 2});
  EXPECT_NE(message_of<ModelError>([&] { model.predict(pool, samples(pool, {1, 2, 3}, 3)); }), "");
  const auto clusters = model.predict(pool, all);
  EXPECT_THAT(message_of<InvalidArgument>([&] {
                model.distances(pool, samples(pool, {1, 2}, 2), clusters);
              }),
              HasSubstr("not those"));
}

TEST_F(MiningKMeans, a_model_is_loaded_as_it_was) {
  Pool pool({.workers = 2});
  const std::vector<double> values = blobs(2003, 3, 5);
  const Samples all = samples(pool, values, 3);
  const KMeans model = KMeans::fit(pool, all, {.clusters = 5});
  const KMeans loaded = KMeans::load(model.save());
  EXPECT_EQ(loaded.features, model.features);
  EXPECT_EQ(loaded.centres, model.centres);
  EXPECT_EQ(loaded.sizes, model.sizes);
  EXPECT_EQ(loaded.inertia, model.inertia);
  EXPECT_EQ(loaded.iterations, model.iterations);
  const auto clusters = loaded.predict(pool, all);
  const auto distances = loaded.distances(pool, all, clusters);
  double inertia = 0;
  for (const double distance : distances) inertia += distance * distance;
  EXPECT_NEAR(inertia, model.inertia, 1e-9 * inertia);

  const std::string text = model.save();
  for (const auto& [from, to] : {std::pair{"\"centres\":[", "\"centres\":[1,"},
                                 {"\"sizes\":[", "\"sizes\":[],\"size\":["},
                                 {"\"inertia\":", "\"inertia\":\"x\",\"i\":"},
                                 {"kmeans", "pca"}}) {
    std::string other = text;
    other.erase(
        std::remove_if(other.begin(), other.end(), [](char c) { return c == ' ' || c == '\n'; }),
        other.end());
    const std::size_t at = other.find(from);
    ASSERT_NE(at, std::string::npos) << from << other.substr(0, 500);
    other.replace(at, std::string(from).size(), to);
    EXPECT_THROW(KMeans::load(other), ModelError) << to;
  }
}

namespace fs = std::filesystem;

std::vector<double> read(const fs::path& path) {
  std::vector<double> values(fs::file_size(path) / sizeof(double));
  std::ifstream(path, std::ios::binary)
      .read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(double)));
  return values;
}
template <class T>
void write(const fs::path& path, const T& values) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(*values.data())));
}

TEST_F(MiningKMeans, clusters_are_those_of_scikit_learn) {
  char name[] = "/tmp/tine-kmeans-XXXXXX";
  ASSERT_NE(mkdtemp(name), nullptr);
  const fs::path folder = name;
  const std::string script = std::string(TINE_PYTHON) + " " + TINE_SCRIPT;
  ASSERT_EQ(std::system((script + " make " + name).c_str()), 0);
  {
    Pool pool({.workers = 2});
    std::ifstream cases(folder / "cases");
    std::string one;
    std::size_t n, d, k;
    while (cases >> one >> n >> d >> k) {
      const Samples all = samples(pool, read(folder / (one + ".x")), d);
      ASSERT_EQ(all.size(), n);
      const KMeans model =
          KMeans::fit(pool, all, {.clusters = k, .centres = read(folder / (one + ".start"))});
      const auto labels = model.predict(pool, all);
      write(folder / (one + ".labels"), labels);
      write(folder / (one + ".distances"), model.distances(pool, all, labels));
      write(folder / (one + ".centres"), model.centres);
      std::ofstream found(folder / (one + ".found"));
      found.precision(17);
      found << model.inertia << ' ' << model.iterations;
      for (const std::uint64_t size : model.sizes) found << ' ' << size;
      if (!one.ends_with("-0")) continue;
      std::ofstream inertias(folder / (one.substr(0, one.size() - 2) + ".inertias"));
      inertias.precision(17);
      for (std::uint64_t seed = 0; seed < 10; ++seed)
        inertias << KMeans::fit(pool, all, {.clusters = k, .seed = seed}).inertia << ' ';
    }
  }
  EXPECT_EQ(std::system((script + " check " + name).c_str()), 0);
  fs::remove_all(name);
}

}  // namespace

}  // namespace tine::mining
