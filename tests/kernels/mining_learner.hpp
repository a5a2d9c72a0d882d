// What the tests of learners share: data sets that a Python script makes and compares the results for, and
// what must not change a bit.
#pragma once

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <span>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <tine/mining/samples.hpp>

#include "support/worker_counts.hpp"

namespace tine::mining {

/// A folder in which a script makes data sets (`script make FOLDER`), and looks at what was learnt
/// (`script check FOLDER`).
class ScriptFolder {
 public:
  explicit ScriptFolder(std::string script) : script_(std::move(script)) {
    EXPECT_NE(mkdtemp(name_.data()), nullptr);
    run("make");
  }
  ~ScriptFolder() { std::filesystem::remove_all(name_); }
  ScriptFolder(const ScriptFolder&) = delete;
  ScriptFolder& operator=(const ScriptFolder&) = delete;

  void check() const { run("check"); }
  std::string path(const std::string& file) const { return name_ + '/' + file; }
  /// What is in cases.txt: a line for each, of words.
  std::vector<std::vector<std::string>> cases() const {
    std::vector<std::vector<std::string>> all;
    std::ifstream file(path("cases.txt"));
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      all.emplace_back(std::istream_iterator<std::string>(words),
                       std::istream_iterator<std::string>());
    }
    EXPECT_FALSE(all.empty());
    return all;
  }
  Samples samples(const PoolWith& on, const std::string& file, const Selection& what) const {
    return read_samples(on, FileSource{.name = path(file)}, {}, what);
  }
  void write(const std::string& file, const std::string& text) const {
    std::ofstream(path(file)) << text;
  }
  /// One number a line, or a row of them, with all their digits.
  void write(const std::string& file, std::span<const double> values,
             std::size_t columns = 1) const {
    std::ofstream to(path(file));
    to.precision(17);
    for (std::size_t i = 0; i < values.size(); ++i)
      to << values[i] << ((i + 1) % columns == 0 ? '\n' : ' ');
  }

 private:
  void run(const std::string& what) const {
    const std::string command = std::string(TINE_PYTHON) + ' ' + script_ + ' ' + what + ' ' + name_;
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  }

  std::string script_, name_ = "/tmp/tine-learner-XXXXXX";
};

/// Numbers for tests, fixed by the seed.
struct Noise {
  std::mt19937_64 random{7};
  double uniform() { return static_cast<double>(random() >> 11) * 0x1p-53; }
  double normal() {
    return std::sqrt(-2 * std::log(1 - uniform())) * std::cos(2 * 3.141592653589793 * uniform());
  }
};

/// Samples of such rows; all must be as long.
inline Samples samples_of_rows(Pool& pool, const std::vector<std::vector<double>>& rows) {
  auto x = pool.array<double>(rows.size(), rows.at(0).size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t j = 0; j < rows[i].size(); ++j) x(i, j) = rows[i][j];
  return samples_of(std::move(x));
}
inline Samples labelled(Pool& pool, const std::vector<std::vector<double>>& rows,
                        const std::vector<std::uint32_t>& labels, std::size_t classes) {
  Samples samples = samples_of_rows(pool, rows);
  samples.labels = pool.array_from(labels);
  for (std::size_t k = 0; k < classes; ++k)
    samples.classes.push_back(std::string(1, static_cast<char>('a' + k)));
  return samples;
}

/// That learn(pool), which gives a text, gives the same one on any number of workers, and while workers are
/// killed.
template <class Learn>
void expect_the_same_on_any_workers(Learn learn) {
  std::string expected;
  for (const unsigned workers : tine_test::worker_counts) {
    Pool pool({.workers = workers});
    const std::string text = learn(pool);
    if (expected.empty()) expected = text;
    EXPECT_EQ(text, expected) << workers << " workers";
  }
  Pool pool({.workers = 3});
  std::mt19937 random(5);
  std::size_t deaths = 0;
  for (int attempt = 0; attempt < 50 && deaths < 5; ++attempt) {
    const std::vector<int> before = pool.worker_pids();
    std::jthread killer([&before, wait = random() % 3000, victim = random() % 3] {
      usleep(static_cast<unsigned>(wait));
      if (before[victim] > 0) kill(before[victim], SIGKILL);
    });
    EXPECT_EQ(learn(pool), expected) << "with a worker killed";
    killer.join();
    deaths += pool.worker_pids() != before;
  }
  EXPECT_GT(deaths, 0u);
}

}  // namespace tine::mining
