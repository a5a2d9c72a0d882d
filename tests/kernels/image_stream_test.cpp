// Chains on images of which only some rows are in memory: the same bits as on the whole image.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <tine/image/filters.hpp>
#include <tine/image/stream.hpp>

#include "image_test.hpp"
#include "second_images.hpp"

namespace tine::image {
namespace {

class MatReader : public RowReader {
 public:
  explicit MatReader(cv::Mat image) : image_(std::move(image)) {}
  Shape shape() const override { return {image_.rows, image_.cols, image_.type()}; }
  void read(cv::Mat& rows) override {
    image_.rowRange(next_, next_ + rows.rows).copyTo(rows);
    next_ += rows.rows;
    most = std::max(most, rows.rows);
  }
  void rewind() override {
    next_ = 0;
    ++passes;
  }

  int passes = 0, most = 0;

 private:
  cv::Mat image_;
  int next_ = 0;
};

class MatWriter : public RowWriter {
 public:
  void write(const cv::Mat& rows) override {
    image.push_back(rows);
    most = std::max(most, rows.rows);
  }

  cv::Mat image;
  int most = 0;
};

TEST(Stream, SameBitsAsOnTheWholeImage) {
  Pool pool({.workers = 2});
  const char* const chains[] = {
      "gaussian 2 | sobel | gray",
      "gray | threshold otsu",
      "gray | equalize | gaussian 1 | normalize | dilate 5",
      "crop x=3 y=40 width=50 height=60 | median 3",
      "flip | sharpen",
      "gray | gaussian 3 | crop y=100 | threshold otsu",
  };
  for (const char* text : chains)
    for (int type : {CV_8UC1, CV_8UC3})
      for (const std::size_t memory : {std::size_t{20000}, std::size_t{1} << 30}) {
        const Chain chain = Chain::parse(text);
        const cv::Mat image = picture(211, 97, type);
        MatReader reader(image);
        MatWriter writer;
        const Report report =
            stream(pool, chain, reader, writer, {.memory = memory, .chain = {.band_rows = 5}});
        EXPECT_TRUE(same_bits(writer.image, chain.reference(image))) << text;
        EXPECT_EQ(report.done, report.slices);
        const std::size_t held = static_cast<std::size_t>(reader.most) * 97 * image.elemSize() +
                                 static_cast<std::size_t>(writer.most) * 97;
        EXPECT_LE(held, memory) << text;
        if (memory == 20000) {
          EXPECT_LT(reader.most, 211) << text;
        }
      }
}

// Chunks of one band are the hardest: what a band is made from moves on between any two slices.
TEST(Stream, SameBitsAfterWorkersWereKilled) {
  std::mt19937 random(3);
  for (const char* text : {"gaussian 2 | sobel | gray", "gray | equalize | gaussian 1 | normalize",
                           "remap maps.npy | median 3", "resize 0.6 | sharpen"}) {
    const cv::Mat image = picture(611, 307, CV_8UC3);
    const Chain chain = with_second_images(text, image);
    const cv::Mat expected = chain.reference(image);
    for (const std::size_t memory : {std::size_t{1} << 18, std::size_t{1} << 30}) {
      if (memory < (1 << 20) && std::string(text).starts_with("remap")) continue;  // from all rows
      Pool pool({.workers = 3});
      std::size_t used = 0;
      // A kill meets a slice, or falls between two; until some have met one.
      std::size_t deaths = 0;
      for (int run = 0; run < 300 && deaths < 3; ++run) {
        std::jthread killer(
            [&pool, wait = std::chrono::microseconds(random() % 3000), victim = random() % 3] {
              std::this_thread::sleep_for(wait);
              const int pid = pool.worker_pids()[victim];
              if (pid > 0) kill(pid, SIGKILL);
            });
        MatReader reader(image);
        MatWriter writer;
        const Report report = stream(pool.with({.attempts = 5}), chain, reader, writer,
                                     {.memory = memory, .chain = {.band_rows = 4}});
        killer.join();
        EXPECT_TRUE(same_bits(writer.image, expected)) << text;
        EXPECT_EQ(report.done, report.slices);
        deaths += report.faults.size();
        if (run == 0) used = pool.arena()->stats().used;  // what the pool keeps for jobs to come
        EXPECT_EQ(pool.arena()->stats().used, used) << text;
      }
      EXPECT_GE(deaths, 1u) << text;
    }
  }
}

TEST(Stream, ReadsOnceMoreForEachGlobalOperation) {
  Pool pool({.workers = 1});
  MatReader reader(picture(50, 40, CV_8UC1));
  MatWriter writer;
  stream(pool, equalize() | gaussian(1) | threshold(otsu), reader, writer);
  EXPECT_EQ(reader.passes, 3);
}

TEST(Stream, ProgressIsOfAllPasses) {
  Pool pool({.workers = 2});
  MatReader reader(picture(100, 100, CV_8UC1));
  MatWriter writer;
  Progress last;
  Report filled;
  const Report report = stream(
      pool.with({.progress = [&](const Progress& p) { last = p; }, .report = &filled}),
      gaussian(1) | threshold(otsu), reader, writer, {.memory = 5000, .chain = {.band_rows = 10}});
  EXPECT_EQ(last.done, last.slices);
  EXPECT_EQ(report.slices, last.slices);
  EXPECT_EQ(filled.done, last.slices);
}

TEST(Stream, SaysWhichStepNeedsAllRows) {
  Pool pool({.workers = 1});
  MatReader reader(picture(50, 40, CV_8UC1));
  MatWriter writer;
  try {
    stream(pool, gaussian(1) | flip(0), reader, writer);
    ADD_FAILURE() << "was not refused";
  } catch (const InvalidArgument& error) {
    EXPECT_NE(std::string(error.what()).find("step 2 of the chain (flip)"), std::string::npos)
        << error.what();
  }
  EXPECT_TRUE(writer.image.empty());
  EXPECT_EQ(step_that_needs_all(gaussian(1) | flip(0), reader.shape()), 1);
  EXPECT_EQ(step_that_needs_all(gaussian(1) | flip(1), reader.shape()), -1);
}

TEST(Stream, SaysHowMuchMemoryItTakes) {
  Pool pool({.workers = 1});
  MatReader reader(picture(2000, 1000, CV_8UC3));
  MatWriter writer;
  try {
    stream(pool, gaussian(100), reader, writer, {.memory = 1 << 20});
    ADD_FAILURE() << "was not refused";
  } catch (const InvalidArgument& error) {
    EXPECT_NE(std::string(error.what()).find("needs at least 2 MiB"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace tine::image
