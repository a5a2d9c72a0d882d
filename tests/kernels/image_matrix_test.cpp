// Every operation that there is, on every type that it takes, on any number of workers, with any
// height of the bands, at sizes that are odd or larger than pages, and after workers were killed: the
// bits of the OpenCV calls on the whole image. That those calls are the right ones is what the tests
// of operations prove.
#include <signal.h>

#include <chrono>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <tine/image/filters.hpp>

#include "image_test.hpp"
#include "second_images.hpp"
#include "support/worker_counts.hpp"

namespace tine::image {
namespace {

using namespace std::chrono_literals;

// What to try besides the operation with its defaults, or in place of them where they do nothing.
std::vector<std::string> chains_of(std::string_view operation) {
  static const std::map<std::string_view, std::vector<std::string>> chains{
      {"resize",
       {"resize 0.5", "resize 0.37", "resize 1.3", "resize width=40 height=300",
        "resize 0.6 method=linear", "resize 1.4 method=lanczos4", "resize 0.7 method=nearest"}},
      {"crop", {"crop x=0 y=0 width=1 height=1"}},
      {"rotate", {"rotate", "rotate 180", "rotate 270", "rotate 17"}},
      {"flip", {"flip", "flip vertical", "flip both"}},
      {"affine", {"affine 0.9 0.2 3 -0.1 1.1 2 interpolation=cubic border=reflect"}},
      {"perspective", {"perspective 0.9 0.1 3 -0.1 1.1 2 0.0005 0.0002 border=replicate"}},
      {"lens", {"lens -0.1"}},
      {"gamma", {"gamma 0.5"}},
      {"levels", {"levels 0.1 0.9"}},
      {"filter2d", {"filter2d 1 2 1 0 0 0 -1 -2 -1"}},
      {"gaussian", {"gaussian 1", "gaussian 6"}},
      {"match", {"match part.png", "match part.png method=sqdiff"}},
      {"median", {"median 3", "median 5", "median 9"}},
      {"nlmeans", {"nlmeans 12"}},
      {"orb", {"orb tile=64 levels=3 features=20"}},
      {"remap", {"remap maps.npy", "remap maps.npy cubic reflect"}},
  };
  const auto found = chains.find(operation);
  return found != chains.end() ? found->second : std::vector{std::string(operation)};
}

std::vector<int> types_of(const Chain& chain) {
  std::vector<int> types;
  const Step& step = chain.steps()[0];
  const Accepts accepts = step.operation->accepts(step.values);
  for (int depth : {CV_8U, CV_16U, CV_32F})
    for (int channels : {1, 3, 4})
      if ((accepts.depths >> depth & 1) && (accepts.channels >> channels & 1))
        types.push_back(CV_MAKETYPE(depth, channels));
  return types;
}

class Matrix : public testing::TestWithParam<const Operation*> {};

TEST_P(Matrix, SameBitsOnAnyWorkersInAnyBands) {
  for (const std::string& text : chains_of(GetParam()->name)) {
    for (const int type : types_of(Chain::parse(text))) {
      const int sizes[][2] = {{1, 1}, {1, 4099}, {1031, 1}, {2, 2}, {97, 61}, {31, 4111}};
      for (const auto& [rows, columns] : sizes) {
        const cv::Mat in = picture(rows, columns, type);
        const Chain chain = with_second_images(text, in);
        const cv::Mat expected = chain.reference(in);
        for (const unsigned workers : tine_test::worker_counts) {
          static std::map<unsigned, Pool> pools;
          Pool& pool = pools.try_emplace(workers, PoolOptions{.workers = workers}).first->second;
          cv::Mat out;
          const int band = workers == 1 ? 0 : workers == 2 ? 1 + rows / 40 : workers == 3 ? 13 : 64;
          const Report report = chain(pool, in, out, {.band_rows = band});
          EXPECT_TRUE(same_bits(out, expected))
              << text << ": " << rows << " x " << columns << " of type " << type << " on "
              << workers << " workers in bands of " << band;
          EXPECT_EQ(report.done, report.slices);
        }
      }
    }
  }
}

TEST_P(Matrix, SameBitsAfterAWorkerWasKilled) {
  std::mt19937 random(5);
  for (const std::string& text : chains_of(GetParam()->name)) {
    const auto types = types_of(Chain::parse(text));
    const cv::Mat in = picture(509, 307, types[random() % types.size()]);
    const Chain chain = with_second_images(text, in);
    const cv::Mat expected = chain.reference(in);
    Pool pool({.workers = 3});
    // A kill meets a slice, or falls between two; until one has met one.
    std::size_t deaths = 0;
    for (int run = 0; run < 300 && deaths == 0; ++run) {
      const auto wait = std::chrono::microseconds(random() % 2000);
      std::jthread killer([&pool, wait, victim = random() % 3] {
        std::this_thread::sleep_for(wait);
        const int pid = pool.worker_pids()[victim];
        if (pid > 0) kill(pid, SIGKILL);
      });
      cv::Mat out;
      const Report report = chain(pool.with({.attempts = 5}), in, out, {.band_rows = 4});
      killer.join();
      EXPECT_TRUE(same_bits(out, expected)) << text << " of type " << in.type();
      EXPECT_EQ(report.done, report.slices);
      deaths += report.faults.size();
    }
    EXPECT_GE(deaths, 1u) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Matrix, testing::ValuesIn(operations().begin(), operations().end()),
                         [](const auto& operation) {
                           std::string name(operation.param->name);
                           for (char& c : name) c = c == ' ' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace tine::image
