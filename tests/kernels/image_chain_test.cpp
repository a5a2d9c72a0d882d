// Chains in the workers of a pool: the same bits as OpenCV on any number of workers, with any
// height of the bands, and after workers died.
#include <signal.h>

#include <chrono>
#include <stop_token>
#include <thread>

#include <tine/image/filters.hpp>

#include "image_test.hpp"

namespace tine::image {
namespace {

using namespace std::chrono_literals;

const char* const chains[] = {
    "gaussian sigma=2 | sobel | threshold otsu",
    "gray | equalize | gaussian 2 | sobel | threshold otsu | dilate 3",
    "bilateral d=5 | sharpen amount=0.8",
    "nlmeans 5 | gaussian 1 | median 3",
    "erode 5 | dilate 5 | resize 0.5 | gray | threshold otsu | invert",
    "gray | threshold otsu",
    "resize 0.7 | resize width=90 | gaussian 1",
};

class OnWorkers : public testing::TestWithParam<unsigned> {};

TEST_P(OnWorkers, SameBitsAsOpenCv) {
  Pool pool({.workers = GetParam()});
  const int sizes[][2] = {{1, 1}, {1, 7}, {7, 1}, {13, 17}, {127, 61}, {300, 257}};
  for (const char* text : chains)
    for (const auto& [rows, columns] : sizes) {
      const Chain chain = Chain::parse(text);
      const cv::Mat in = picture(rows, columns, CV_8UC3);
      const cv::Mat expected = chain.reference(in);
      for (int band : {0, 7, 64}) {
        cv::Mat out;
        const Report report = chain(pool, in, out, {.band_rows = band});
        EXPECT_TRUE(same_bits(out, expected))
            << text << ", " << rows << " x " << columns << ", bands of " << band;
        EXPECT_EQ(report.done, report.slices);
        EXPECT_TRUE(report.faults.empty()) << report.to_string();
      }
    }
}

TEST_P(OnWorkers, OtherTypes) {
  Pool pool({.workers = GetParam()});
  const Chain chain = gaussian(1.5) | sharpen() | sobel() | invert();
  for (int type : {CV_8UC1, CV_8UC4, CV_16UC1, CV_16UC3, CV_32FC1, CV_32FC4}) {
    const cv::Mat in = picture(141, 93, type);
    cv::Mat out;
    chain(pool, in, out, {.band_rows = 10});
    EXPECT_TRUE(same_bits(out, chain.reference(in))) << type;
  }
}

INSTANTIATE_TEST_SUITE_P(All, OnWorkers, testing::Values(1u, 2u, 3u, 7u));

TEST(Chain, ArraysWithoutCopies) {
  Pool pool({.workers = 2});
  auto in = pool.array<std::uint8_t>(200, 150, 3);
  auto out = pool.array<std::uint8_t>(200, 150);
  const cv::Mat image = picture(200, 150, CV_8UC3);
  image.copyTo(as_mat(in.view()));
  const Chain edges = gaussian(2.0) | sobel() | threshold(otsu);
  edges(pool, in, out);
  EXPECT_TRUE(same_bits(as_mat(out.view()), edges.reference(image)));

  auto wrong = pool.array<std::uint8_t>(200, 150, 3);
  EXPECT_THROW(edges(pool, in, wrong), InvalidArgument);
}

TEST(Chain, MatsInTheArenaAreUsedInPlace) {
  Pool pool({.workers = 2});
  MatAllocator shared(pool);
  cv::Mat in, out;
  in.allocator = out.allocator = &shared;
  picture(120, 80, CV_8UC1).copyTo(in);
  EXPECT_TRUE(pool.arena()->contains(in.data));
  const Chain chain = gaussian(1) | sobel();
  const cv::Mat before = in.clone();
  chain(pool, in, out);
  EXPECT_TRUE(pool.arena()->contains(out.data));
  EXPECT_TRUE(same_bits(out, chain.reference(before)));
  const std::uint8_t* place = out.data;
  chain(pool, in, out);
  EXPECT_EQ(out.data, place);
  EXPECT_TRUE(same_bits(in, before));
}

TEST(Chain, InPlace) {
  Pool pool({.workers = 2});
  for (bool in_arena : {false, true}) {
    MatAllocator shared(pool);
    cv::Mat image;
    if (in_arena) image.allocator = &shared;
    picture(97, 80, CV_8UC3).copyTo(image);
    const Chain chain = gaussian(1) | sobel() | threshold(otsu);
    const cv::Mat expected = chain.reference(image);
    chain(pool, image, image);
    EXPECT_TRUE(same_bits(image, expected));
  }
}

TEST(Chain, PartsOfImages) {
  Pool pool({.workers = 2});
  const cv::Mat large = picture(100, 120, CV_8UC3);
  const cv::Mat region = large(cv::Rect(10, 20, 77, 66));
  cv::Mat frame(100, 120, CV_8UC1, cv::Scalar(9));
  cv::Mat out = frame(cv::Rect(3, 4, 77, 66));
  const Chain chain = gaussian(1) | sobel();
  chain(pool, region, out, {.band_rows = 9});
  EXPECT_TRUE(same_bits(out, chain.reference(region.clone())));
  EXPECT_EQ(out.data, frame.ptr(4, 3));
  EXPECT_EQ(frame.at<std::uint8_t>(3, 3), 9);
}

TEST(Chain, WithoutPixelsOrSteps) {
  Pool pool({.workers = 1});
  const cv::Mat none(0, 5, CV_8UC3);
  cv::Mat out;
  (gaussian(1) | sobel())(pool, none, out);
  EXPECT_TRUE(out.empty());
  EXPECT_TRUE(gaussian(1)(none).empty());
  EXPECT_TRUE(gaussian(1).reference(none).empty());
  const cv::Mat image = picture(20, 30, CV_8UC1);
  Chain()(pool, image, out);
  EXPECT_TRUE(same_bits(out, image));
  EXPECT_TRUE(same_bits(Chain()(image), image));
  EXPECT_TRUE(same_bits(Chain().reference(image), image));
}

TEST(Chain, LongChainsAreCutIntoPasses) {
  Pool pool({.workers = 2});
  Chain chain;
  for (int i = 0; i < 40; ++i) chain = chain | (i % 2 ? erode(3) : dilate(3));
  const cv::Mat image = picture(120, 50, CV_8UC1);
  cv::Mat out;
  chain(pool, image, out, {.band_rows = 20});
  EXPECT_TRUE(same_bits(out, chain.reference(image)));
}

TEST(Chain, RefusesWhatAnOperationDoesNotTake) {
  Pool pool({.workers = 1});
  cv::Mat out;
  EXPECT_THROW(threshold(otsu)(pool, picture(9, 9, CV_8UC3), out), InvalidArgument);
  EXPECT_THROW(threshold(otsu)(picture(9, 9, CV_8UC3)), InvalidArgument);
  EXPECT_THROW(threshold(otsu).reference(picture(9, 9, CV_8UC3)), InvalidArgument);
}

TEST(Chain, ReportAndProgressAreOfAllPasses) {
  Pool pool({.workers = 2});
  const cv::Mat image = picture(100, 100, CV_8UC1);
  cv::Mat out;
  Progress last;
  Report filled;
  const Report report = (gaussian(1) | threshold(otsu))(
      pool.with({.progress = [&](const Progress& p) { last = p; }, .report = &filled}), image, out,
      {.band_rows = 10});
  EXPECT_EQ(report.slices, 20u);
  EXPECT_EQ(report.done, 20u);
  EXPECT_EQ(filled.done, 20u);
  EXPECT_EQ(last.done, 20u);
  EXPECT_EQ(last.slices, 20u);
}

// Kills workers all the while; the job must not notice.
TEST(Chain, SameBitsWhileWorkersAreKilled) {
  Pool pool({.workers = 3});
  const Chain chain = bilateral(9, 50, 5) | gaussian(2) | gray() | threshold(otsu);
  const cv::Mat image = picture(1500, 900, CV_8UC3);
  const cv::Mat expected = chain.reference(image);
  std::size_t deaths = 0;
  for (int run = 0; run < 100 && deaths < 5; ++run) {
    std::jthread killer([&pool](std::stop_token stop) {
      for (unsigned i = 0; !stop.stop_requested(); ++i) {
        std::this_thread::sleep_for(50ms);
        const auto pids = pool.worker_pids();
        const int pid = pids[i % pids.size()];
        if (pid > 0) kill(pid, SIGKILL);
      }
    });
    cv::Mat out;
    const Report report =
        chain(pool.with({.attempts = 60}), image, out, {.band_rows = run % 2 ? 40 : 16});
    killer.request_stop();
    killer.join();
    EXPECT_TRUE(same_bits(out, expected));
    EXPECT_EQ(report.done, report.slices);
    deaths += report.faults.size();
  }
  EXPECT_GE(deaths, 5u);
}

}  // namespace
}  // namespace tine::image
