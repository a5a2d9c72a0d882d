// Kernel density estimation: what numpy, scipy and scikit-learn find (mining_density.py), the same bits whatever
// works on it, and what it says of input that is no good.
#include <tine/mining/density.hpp>

#include <signal.h>
#include <stdlib.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <hwy/targets.h>
#include <nlohmann/json.hpp>
#include <tine/tine.hpp>

#include "learn/density_sum.hpp"
#include "support/fixture.hpp"
#include "support/message.hpp"
#include "support/worker_counts.hpp"

namespace tine::mining {

namespace {

using testing::HasSubstr;
using tine_test::message_of;
using Kernel = Kde::Kernel;
using tine_test::same_bits;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

class MiningDensity : public tine_test::NothingLeftBehind {
 protected:
  static Samples samples(Pool& pool, const std::vector<double>& values, std::size_t d) {
    auto x = pool.array<double>(values.size() / d, d);
    std::ranges::copy(values, x.data());
    return samples_of(std::move(x));
  }
  Samples samples(const std::vector<double>& values, std::size_t d = 1) {
    return samples(pool_, values, d);
  }
  /// Of several heaps, some of them far away, with duplicates.
  static std::vector<double> heaps(std::size_t n, std::size_t d, unsigned seed) {
    std::mt19937_64 random(seed);
    std::vector<double> values(n * d);
    for (double& v : values)
      v = std::ldexp(static_cast<double>(random() % 2048), -9) +
          (random() % 50 == 0 ? 100.0 : static_cast<double>(random() % 3));
    return values;
  }

  Pool pool_{{.workers = 2}};
};

bool same(const Densities& a, const Densities& b) {
  return same_bits(a.density, b.density) && same_bits(a.log_density, b.log_density);
}

class MiningDensityPeers : public MiningDensity {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tine-density-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    script("make");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void script(const std::string& mode) const {
    const std::string command =
        std::string(TINE_PYTHON) + " " + TINE_SCRIPT + " " + mode + " " + folder_.string();
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
  Samples read(const std::string& name, std::size_t d) {
    const std::size_t bytes = std::filesystem::file_size(folder_ / name);
    auto x = pool_.array<double>(bytes / sizeof(double) / d, d);
    std::ifstream(folder_ / name, std::ios::binary)
        .read(reinterpret_cast<char*>(x.data()), static_cast<std::streamsize>(bytes));
    return samples_of(std::move(x));
  }
  void write(const std::string& name, const nlohmann::json& json) const {
    std::ofstream(folder_ / name) << json;
  }

  std::filesystem::path folder_;
};

TEST_F(MiningDensityPeers, densities_rules_and_searches_are_theirs) {
  nlohmann::json cases, rules, searches;
  const auto estimate = [&](const std::string& name, Kernel kernel, std::vector<double> bandwidth) {
    const std::size_t d = bandwidth.size();
    const Kde model =
        Kde::fit(pool_, read(name + ".points", d), {.kernel = kernel, .bandwidth = bandwidth});
    const Densities found = model.predict(pool_, read(name + ".queries", d));
    const std::string result = std::to_string(cases.size()) + ".result";
    std::ofstream file(folder_ / result, std::ios::binary);
    for (const auto* values : {&found.density, &found.log_density})
      file.write(reinterpret_cast<const char*>(values->data()),
                 static_cast<std::streamsize>(values->size() * sizeof(double)));
    cases.push_back({{"name", name},
                     {"kernel", kernel == Kernel::gaussian ? "gaussian" : "parzen"},
                     {"bandwidth", bandwidth},
                     {"result", result}});
  };
  for (const double h : {0.01, 0.2, 3.0}) {
    estimate("line", Kernel::gaussian, {h});
    estimate("line", Kernel::parzen, {h});
    estimate("plane", Kernel::gaussian, {h, h});
    estimate("plane", Kernel::gaussian, {h, 2 * h});
    estimate("plane", Kernel::parzen, {2 * h, h});
    estimate("many", Kernel::gaussian, {h});
    estimate("many", Kernel::parzen, {h});
    estimate("iris", Kernel::gaussian, {h, h, h, h});
    estimate("iris", Kernel::parzen, {h, h, h, h});
    estimate("cancer", Kernel::gaussian, std::vector<double>(30, h));
    estimate("digits", Kernel::gaussian, std::vector<double>(64, 2 * h));
    estimate("wine", Kernel::gaussian, std::vector<double>(13, 10 * h));
    estimate("wine", Kernel::parzen, std::vector<double>(13, 100 * h));
  }
  for (const double h : {0.3, 1.2}) estimate("article", Kernel::parzen, {h, h});
  write("cases.json", cases);

  for (const auto& [name, d] : {std::pair{"line", 1}, {"plane", 2}, {"iris", 4}})
    for (const auto& [rule, text] :
         {std::pair{BandwidthRule::scott, " scott"}, {BandwidthRule::silverman, " silverman"}})
      rules[std::string(name) + text] = rule_bandwidth(
          pool_, read(std::string(name) + ".points", static_cast<std::size_t>(d)), rule);
  write("rules.json", rules);

  const std::vector<double> candidates{0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1, 1.5, 2, 5, 10};
  for (const auto& [name, d] :
       {std::pair{"line", 1}, {"plane", 2}, {"iris", 4}, {"cancer", 30}, {"digits", 64}})
    for (const std::size_t folds : {0, 2, 5, 7}) {
      if ((folds != 5 && d > 4) || (folds == 0 && d != 4)) continue;  // which takes the others long
      BandwidthSearch search{.folds = folds};
      for (const double h : candidates) search.candidates.push_back({h});
      const BandwidthChoice choice = choose_bandwidth(
          pool_, read(std::string(name) + ".points", static_cast<std::size_t>(d)), search);
      EXPECT_EQ(choice.bandwidth, search.candidates[choice.index]);
      searches.push_back({{"name", name},
                          {"dimensions", d},
                          {"folds", folds},
                          {"candidates", candidates},
                          {"index", choice.index},
                          {"log_likelihood", choice.log_likelihood}});
    }
  write("searches.json", searches);
  script("check");
}

TEST_F(MiningDensityPeers, parzen_windows_have_the_counts_of_the_article) {
  const Samples points = read("article.points", 2), origin = samples({0, 0}, 2);
  const double expected[] = {16, 61, 135, 247, 390, 547, 742, 939, 1194, 1445, 1728, 2022};
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    const double h = 0.1 * static_cast<double>(i + 1);
    const Kde model = Kde::fit(pool_, points, {.kernel = Kernel::parzen, .bandwidth = {h}});
    const Densities found = model.predict(pool_, origin);
    EXPECT_NEAR(found.density[0] * 10'000 * h * h, expected[i], 1e-9);
    EXPECT_NEAR(found.log_density[0], std::log(found.density[0]), 1e-13);
  }
}

TEST_F(MiningDensity, has_the_same_bits_on_any_number_of_workers) {
  const std::vector<double> values = heaps(20'011, 2, 1), queries = heaps(777, 2, 2);
  Densities first[2];
  BandwidthChoice choice;
  for (const unsigned workers : tine_test::worker_counts) {
    Pool pool({.workers = workers});
    const Samples points = samples(pool, values, 2), at = samples(pool, queries, 2);
    for (const Kernel kernel : {Kernel::gaussian, Kernel::parzen}) {
      Densities found =
          Kde::fit(pool, points, {.kernel = kernel, .bandwidth = {0.3, 0.1}}).predict(pool, at);
      Densities& expected = first[kernel == Kernel::parzen];
      if (workers == 1)
        expected = std::move(found);
      else
        EXPECT_TRUE(same(found, expected)) << workers;
    }
    const BandwidthChoice found =
        choose_bandwidth(pool, at, {.candidates = {{0.1}, {0.3}, {1, 2}}, .folds = 10});
    if (workers == 1) choice = found;
    EXPECT_TRUE(same_bits(found.log_likelihood, choice.log_likelihood)) << workers;
  }
}

TEST_F(MiningDensity, has_the_same_bits_after_a_worker_was_killed) {
  const std::vector<double> values = heaps(20'011, 1, 3);
  Pool pool({.workers = 3});
  const PoolWith on = pool.with({.attempts = 5});
  const Samples points = samples(pool, values, 1), at = samples(pool, heaps(2001, 1, 4), 1);
  const Kde model = Kde::fit(pool, points, {.bandwidth = {0.2}});
  const Densities expected = model.predict(pool, at);
  std::mt19937 random(6);
  int met = 0;
  for (int run = 0; run < 300 && met < 3; ++run) {
    const auto pids = pool.worker_pids();
    std::jthread killer([&, wait = random() % 20'000, victim = random() % 3] {
      std::this_thread::sleep_for(std::chrono::microseconds(wait));
      if (pids[victim] > 0) kill(pids[victim], SIGKILL);
    });
    EXPECT_TRUE(same(model.predict(on, at), expected));
    met += pool.worker_pids() != pids;  // somebody was replaced while there was work
    killer.join();
  }
  EXPECT_GE(met, 1);
}

TEST_F(MiningDensity, of_a_place_does_not_depend_on_what_else_is_asked) {
  for (const std::size_t d : {1, 2, 5}) {
    const std::vector<double> queries = heaps(150, d, 7);
    for (const Kernel kernel : {Kernel::gaussian, Kernel::parzen}) {
      const Kde model =
          Kde::fit(pool_, samples(heaps(9001, d, 8), d), {.kernel = kernel, .bandwidth = {0.05}});
      const Densities all = model.predict(pool_, samples(queries, d));
      for (std::size_t i = 0; i < 150; i += 7) {
        const std::vector<double> one(queries.begin() + static_cast<std::ptrdiff_t>(i * d),
                                      queries.begin() + static_cast<std::ptrdiff_t>((i + 1) * d));
        const Densities alone = model.predict(pool_, samples(one, d));
        EXPECT_TRUE(same_bits(alone.density[0], all.density[i])) << d << ' ' << i;
        EXPECT_TRUE(same_bits(alone.log_density[0], all.log_density[i])) << d << ' ' << i;
      }
    }
  }
}

TEST_F(MiningDensity, is_the_same_on_all_processors) {
  const std::vector<double> values = heaps(9001, 2, 9), queries = heaps(130, 2, 10);
  Densities fused, other;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    Pool pool({.workers = 2});  // its workers are forked with this
    const Kde model = Kde::fit(pool, samples(pool, values, 2), {.bandwidth = {0.1}});
    Densities found = model.predict(pool, samples(pool, queries, 2));
    hwy::SetSupportedTargetsForTest(0);
    Densities& expected = target <= HWY_AVX2 ? fused : other;
    if (expected.density.empty())
      expected = std::move(found);
    else
      EXPECT_TRUE(same(found, expected)) << hwy::TargetName(target);
  }
  for (std::size_t i = 0; i < fused.density.size(); ++i)
    EXPECT_NEAR(other.density[i], fused.density[i], 1e-13 * fused.density[i]);
}

TEST_F(MiningDensity, is_saved_and_loaded_as_the_same_bits) {
  for (const Kernel kernel : {Kernel::gaussian, Kernel::parzen}) {
    const Samples points = samples(heaps(101, 3, 11), 3);
    const Kde model = Kde::fit(pool_, points, {.kernel = kernel});
    const Kde loaded = Kde::load(model.save());
    EXPECT_EQ(loaded.features, model.features);
    EXPECT_EQ(loaded.kernel, kernel);
    EXPECT_TRUE(same_bits(loaded.bandwidth, model.bandwidth));
    EXPECT_TRUE(same_bits(loaded.points, model.points));
    EXPECT_TRUE(same(loaded.predict(pool_, points), model.predict(pool_, points)));
    EXPECT_EQ(model_info(model.save()).kind, "kde");
  }
}

TEST_F(MiningDensity, models_of_strangers_are_looked_at) {
  const nlohmann::json good = nlohmann::json::parse(
      Kde::fit(pool_, samples({1, 2, 3, 4, 5, 7}, 2), {.bandwidth = {1, 2}}).save());
  const auto why = [&](const char* name, const nlohmann::json& value) {
    nlohmann::json bad = good;
    bad[name] = value;
    return message_of<ModelError>([&] { Kde::load(bad.dump()); });
  };
  EXPECT_THAT(why("kernel", "cauchy"), HasSubstr("neither gaussian nor parzen"));
  EXPECT_THAT(why("bandwidth", {1}), HasSubstr("1 elements instead of 2"));
  EXPECT_THAT(why("bandwidth", {1, 0}), HasSubstr("not positive"));
  EXPECT_THAT(why("bandwidth", {1, -1}), HasSubstr("not positive"));
  EXPECT_THAT(why("bandwidth", {1, 1e-320}), HasSubstr("not positive"));
  EXPECT_THAT(why("points", {1, 2, 3}), HasSubstr("rows of 2 numbers"));
  EXPECT_THAT(why("points", nlohmann::json::array()), HasSubstr("rows of 2 numbers"));
  EXPECT_THAT(why("points", {1, "2"}), HasSubstr("no list of"));
  EXPECT_THAT(why("features", nlohmann::json::array()), HasSubstr("no features"));
  EXPECT_THAT(why("tine", "pca"), HasSubstr("model of pca"));
}

TEST_F(MiningDensity, far_away_its_logarithm_is_still_right) {
  const Kde model = Kde::fit(pool_, samples({0, 0, 1}), {.bandwidth = {0.5}});
  const Densities found = model.predict(pool_, samples({-1e6, 1e9, 1e200, 40, 19.5}));
  const double log_scale = -std::log(3 * 0.5 * std::sqrt(2 * M_PI));
  EXPECT_EQ(found.density[0], 0);
  EXPECT_NEAR(found.log_density[0], -2e12 + std::log(2) + log_scale, 1e-3);
  EXPECT_NEAR(found.log_density[1] / (-0.5 * std::pow((1e9 - 1) / 0.5, 2)), 1, 1e-15);
  EXPECT_EQ(found.density[2], 0);
  EXPECT_EQ(found.log_density[2], -infinity);
  EXPECT_EQ(found.density[3], 0);
  EXPECT_NEAR(found.log_density[3], -0.5 * 78 * 78 + log_scale, 1e-9);
  // Small, but a double.
  EXPECT_NEAR(found.density[4], std::exp(-0.5 * 37 * 37 + log_scale), 1e-12 * found.density[4]);
  EXPECT_GT(found.density[4], 0);
}

TEST_F(MiningDensity, counts_samples_on_the_faces_of_a_cube) {
  const Kde model = Kde::fit(pool_, samples({0, 0, 1, 1, 0.5, -1}, 2),
                             {.kernel = Kernel::parzen, .bandwidth = {2}});
  const Densities found = model.predict(pool_, samples({0, 0, -1e-15, 0, 9, 9}, 2));
  EXPECT_EQ(found.density[0], 3 / (3 * 4.0));
  EXPECT_EQ(found.density[1], 2 / (3 * 4.0));
  EXPECT_EQ(found.density[2], 0);
  EXPECT_EQ(found.log_density[2], -infinity);
}

TEST_F(MiningDensity, volumes_that_are_no_doubles_do_no_harm) {
  // 1e-10 to the power of 64.
  const std::vector<double> values(64 * 3, 1.5);
  const Kde model = Kde::fit(pool_, samples(values, 64), {.bandwidth = {1e-10}});
  const Densities found = model.predict(pool_, samples(values, 64));
  const double expected = -64 * (std::log(1e-10) + 0.5 * std::log(2 * M_PI));
  EXPECT_NEAR(found.log_density[0], expected, 1e-11);
  EXPECT_EQ(found.density[0], infinity);
  const Kde wide = Kde::fit(pool_, samples(values, 64), {.bandwidth = {1e10}});
  EXPECT_EQ(wide.predict(pool_, samples(values, 64)).density[0], 0);
}

TEST_F(MiningDensity, is_nothing_known_where_a_value_is_missing) {
  const Kde model = Kde::fit(pool_, samples({1, 2, 3, 4}, 2), {.bandwidth = {1}});
  const Densities found =
      model.predict(pool_, samples({nan, 2, 3, nan, 3, 4, infinity, 0, 3, -infinity}, 2));
  EXPECT_TRUE(std::isnan(found.density[0]) && std::isnan(found.log_density[0]));
  EXPECT_TRUE(std::isnan(found.density[1]));
  EXPECT_GT(found.density[2], 0.07);
  for (const std::size_t i : {3, 4}) {
    EXPECT_EQ(found.density[i], 0);
    EXPECT_EQ(found.log_density[i], -infinity);
  }
}

TEST_F(MiningDensity, of_one_sample_is_the_kernel) {
  const Densities found =
      Kde::fit(pool_, samples({5}), {.bandwidth = {2}}).predict(pool_, samples({5, 7}));
  EXPECT_DOUBLE_EQ(found.density[0], 1 / (2 * std::sqrt(2 * M_PI)));
  EXPECT_DOUBLE_EQ(found.density[1], std::exp(-0.5) / (2 * std::sqrt(2 * M_PI)));
}

TEST_F(MiningDensity, is_a_density) {
  // Its integral over a fine grid is 1.
  const std::vector<double> values = heaps(301, 1, 12);
  const GridAxis axis{-5, 110, 200'001};
  const Samples grid = grid_points(pool_, {&axis, 1});
  for (const Kernel kernel : {Kernel::gaussian, Kernel::parzen}) {
    const Densities found = Kde::fit(pool_, samples(values), {.kernel = kernel, .bandwidth = {0.4}})
                                .predict(pool_, grid);
    double sum = 0;
    for (const double density : found.density) sum += density;
    EXPECT_NEAR(sum * 115 / 200'000, 1, kernel == Kernel::gaussian ? 1e-12 : 1e-3);
  }
}

TEST_F(MiningDensity, grids_go_from_end_to_end_the_last_axis_fastest) {
  const GridAxis axes[] = {{0, 1, 3}, {-0.1, 0.2, 4}};
  const Samples grid = grid_points(pool_, axes);
  ASSERT_EQ(grid.size(), 12u);
  EXPECT_EQ(grid.x(0, 0), 0);
  EXPECT_EQ(grid.x(4, 0), 0.5);
  EXPECT_EQ(grid.x(11, 0), 1);
  EXPECT_EQ(grid.x(0, 1), -0.1);
  EXPECT_EQ(grid.x(3, 1), 0.2);
  EXPECT_EQ(grid.x(4, 1), -0.1);
  const GridAxis one{7, 9, 1};
  EXPECT_EQ(grid_points(pool_, {&one, 1}).x(0, 0), 7);
  for (const GridAxis& bad : {GridAxis{1, 0, 3},
                              {0, 1, 0},
                              {nan, 1, 2},
                              {0, infinity, 2},
                              {0, 1, std::numeric_limits<std::size_t>::max()}}) {
    const GridAxis both[] = {{0, 1, 10}, bad};
    EXPECT_THROW(grid_points(pool_, both), InvalidArgument);
  }
  EXPECT_THROW(grid_points(pool_, {}), InvalidArgument);
}

TEST_F(MiningDensity, says_what_is_wrong_with_bandwidths) {
  const Samples points = samples({1, 2, 3, 4, 5, 5}, 2);
  for (const double h : {0.0, -1.0, nan, infinity, 1e-310})
    EXPECT_THAT(message_of<InvalidArgument>([&] {
                  Kde::fit(pool_, points, {.bandwidth = {1, h}});
                }),
                HasSubstr("positive"))
        << h;
  EXPECT_THAT(message_of<InvalidArgument>([&] {
                Kde::fit(pool_, points, {.bandwidth = {1, 2, 3}});
              }),
              HasSubstr("3 bandwidths for 2 features"));
  EXPECT_THAT(message_of<SampleError>([&] {
                Kde::fit(pool_, samples({1, 0.1, 2, 0.1, 4, 0.1}, 2));
              }),
              HasSubstr("x1, which is the same in all samples"));
  EXPECT_THAT(message_of<SampleError>([&] {
                Kde::fit(pool_, samples({-1e308, 1e308}));
              }),
              HasSubstr("too far apart"));
  EXPECT_THROW(Kde::fit(pool_, samples({1})), SampleError);
  EXPECT_THROW(Kde::fit(pool_, samples({1, nan}), {.bandwidth = {1}}), SampleError);
  EXPECT_THROW(Kde::fit(pool_, samples({}), {.bandwidth = {1}}), SampleError);
}

TEST_F(MiningDensity, says_what_is_wrong_with_searches) {
  const Samples points = samples({1, 2, 4});
  const auto search = [&](const BandwidthSearch& what) {
    return [&, what] { choose_bandwidth(pool_, points, what); };
  };
  EXPECT_THROW(search({})(), InvalidArgument);
  EXPECT_THROW(search({.candidates = {{1}, {0}}})(), InvalidArgument);
  EXPECT_THAT(message_of<InvalidArgument>(search({.candidates = {{1}}, .folds = 4})),
              HasSubstr("3 samples cannot be cut into 4 folds"));
  EXPECT_THROW(search({.candidates = {{1}}, .folds = 1})(), InvalidArgument);
  EXPECT_THAT(
      message_of<SampleError>(search({.kernel = Kernel::parzen, .candidates = {{0.1}, {1}}})),
      HasSubstr("too far from all others"));
  // The widest of these reaches from each sample to another one.
  EXPECT_EQ(choose_bandwidth(pool_, points,
                             {.kernel = Kernel::parzen, .candidates = {{1}, {4}, {4}, {9}}})
                .index,
            1u);
  EXPECT_THROW(Kde::fit(pool_, points, {.bandwidth = {1}}).predict(pool_, samples({1, 2}, 2)),
               ModelError);
}

TEST_F(MiningDensity, search_says_how_far_it_is_and_can_be_ended) {
  std::uint64_t last = 0, whole = 0;
  const Samples points = samples(heaps(500, 1, 13));
  BandwidthSearch search{.candidates = bandwidth_range({1}, 0.5, 2, 3)};
  search.progress = [&](std::uint64_t done, std::uint64_t all) {
    EXPECT_GE(done, last);
    last = done;
    whole = all;
  };
  choose_bandwidth(pool_, points, search);
  EXPECT_EQ(last, whole);
  EXPECT_GE(whole, 3u * 8u);
  struct Enough {};
  search.progress = [](std::uint64_t, std::uint64_t) { throw Enough(); };
  EXPECT_THROW(choose_bandwidth(pool_, points, search), Enough);
}

TEST_F(MiningDensity, folds_hold_everything_once) {
  for (std::size_t n = 1; n < 40; ++n)
    for (std::size_t count = 1; count <= n; ++count) {
      std::size_t next = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const Range part = fold(n, count, i);
        EXPECT_EQ(part.begin, next);
        EXPECT_EQ(part.size(), n / count + (i < n % count));
        for (; next < part.end; ++next) EXPECT_EQ(fold_of(n, count, next), i);
      }
      EXPECT_EQ(next, n);
    }
}

}  // namespace

}  // namespace tine::mining
