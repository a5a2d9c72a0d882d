// Operations whose result depends on the whole image: the same bits whatever the height of the bands
// and the number of workers, on pictures that are made to go wrong at seams, and after workers died.
#include <signal.h>

#include <chrono>
#include <stop_token>
#include <thread>

#include <opencv2/imgproc.hpp>

#include <tine/image/filters.hpp>
#include <tine/image/histogram.hpp>

#include "image_test.hpp"
#include "plain_reference.hpp"

namespace tine::image {
namespace {

using namespace std::chrono_literals;

// One line that goes to and fro between left and right, or between top and bottom.
cv::Mat snake(int rows, int columns, bool upright) {
  if (upright) return snake(columns, rows, false).t();
  cv::Mat image = cv::Mat::zeros(rows, columns, CV_8U);
  for (int y = 0; y < rows; y += 2) {
    image.row(y).setTo(255);
    if (y + 2 < rows) image.at<std::uint8_t>(y + 1, y % 4 == 0 ? columns - 1 : 0) = 255;
  }
  return image;
}

// Two arms that turn around each other and never touch.
cv::Mat spiral(int rows, int columns) {
  cv::Mat image = cv::Mat::zeros(rows, columns, CV_8U);
  cv::Rect ring(0, 0, columns, rows);
  for (int turn = 0; ring.width > 0 && ring.height > 0; ++turn) {
    cv::rectangle(image, ring, 255);
    const cv::Point gap(ring.x, ring.y + 1);  // and a step inwards beside it
    if (ring.height > 4 && ring.width > 4) {
      image.at<std::uint8_t>(gap) = 0;
      image.at<std::uint8_t>(ring.y + 2, ring.x + 1) = 255;
    }
    ring = cv::Rect(ring.x + 2, ring.y + 2, ring.width - 4, ring.height - 4);
  }
  return image;
}

// A broad path, whose outline is one weak edge, with one strong place from which it goes on through the
// whole image.
cv::Mat weak_path(const cv::Mat& path, cv::Point strong) {
  cv::Mat image;
  cv::copyMakeBorder(path, image, 1, 1, 1, 1, cv::BORDER_CONSTANT);
  cv::resize(image, image, {}, 5, 5, cv::INTER_NEAREST);
  image /= 5;
  image(cv::Rect((strong + cv::Point(1, 1)) * 5, cv::Size(5, 5))) *= 5;
  return image;
}

struct Picture {
  std::string name;
  cv::Mat image;
};

// 8-bit gray.
std::vector<Picture> pictures() {
  std::vector<Picture> all;
  const int sizes[][2] = {{1, 1}, {1, 131}, {131, 1}, {2, 67}, {97, 101}, {128, 64}, {64, 129}};
  for (const auto& [rows, columns] : sizes) {
    const std::string size = ", " + std::to_string(rows) + " x " + std::to_string(columns);
    const auto add = [&](const std::string& name, const cv::Mat& image) {
      all.push_back({name + size, image});
    };
    add("blank", cv::Mat::zeros(rows, columns, CV_8U));
    add("full", cv::Mat(rows, columns, CV_8U, 255));
    add("snake", snake(rows, columns, false));
    add("upright snake", snake(rows, columns, true));
    add("spiral", spiral(rows, columns));
    add("picture", picture(rows, columns, CV_8U));
    cv::Mat noise(rows, columns, CV_8U);
    cv::randu(noise, 0, 2);
    add("noise", noise * 255);
    cv::Mat sparse(rows, columns, CV_8U);
    cv::randu(sparse, 0, 256);
    add("one zero", sparse | 1);
    all.back().image.at<std::uint8_t>(rows / 2, columns / 3) = 0;
    add("few", sparse > 240);
  }
  all.push_back({"weak snake", weak_path(snake(33, 21, false), {0, 0})});
  all.push_back({"weak upright snake", weak_path(snake(33, 21, true), {20, 32})});
  all.push_back({"weak spiral", weak_path(spiral(33, 39), {19, 16})});
  return all;
}

cv::Mat as_type(const cv::Mat& gray, int type) {
  cv::Mat image;
  gray.convertTo(image, CV_MAT_DEPTH(type), CV_MAT_DEPTH(type) == CV_16U ? 257 : 1);
  if (CV_MAT_CN(type) == 1) return image;
  cv::Mat flipped, planes[] = {image, {}, image};
  cv::flip(image, planes[1], -1);
  cv::merge(planes, 3, flipped);
  return flipped;
}

constexpr int heights[] = {1, 2, 7, 64, 100000};

void expect_at_any_height(const Chain& chain, const cv::Mat& in, const cv::Mat& expected,
                          const std::string& what) {
  for (int band : heights)
    EXPECT_TRUE(same_bits(chain(in, {.band_rows = band}), expected))
        << chain.to_string() << " of " << what << ", bands of " << band;
}

TEST(Phases, CannyFollowsEdgesThroughAllBands) {
  for (const auto& [name, gray] : pictures())
    for (int type : {CV_8UC1, CV_8UC3, CV_16UC1, CV_16UC3})
      for (int size : {3, 5, 7})
        for (Norm norm : {Norm::l1, Norm::l2}) {
          const cv::Mat in = as_type(gray, type);
          const double unit = (in.depth() == CV_8U ? 1 : 257) * (size == 3   ? 1
                                                                 : size == 5 ? 12
                                                                             : 160);
          const bool l2 = norm == Norm::l2;
          const double low = 60 * unit, high = 500 * unit;
          const cv::Mat expected = plain_canny(in, low, high, size, l2);
          if (in.depth() == CV_8U) {
            cv::Mat opencv;
            cv::Canny(in, opencv, low, high, size, l2);
            EXPECT_TRUE(same_bits(expected, opencv)) << "the plain algorithm, of " << name;
          }
          expect_at_any_height(canny(low, high, size, norm), in, expected,
                               name + " of type " + std::to_string(type));
        }
}

// The pictures are what they are meant to be: all hangs on one strong pixel.
TEST(Phases, AWeakPathIsAnEdgeFromEndToEnd) {
  const cv::Mat in = weak_path(snake(33, 21, false), {0, 0});
  const int all = cv::countNonZero(canny(60, 60)(in));
  EXPECT_GT(all, 1000);
  EXPECT_EQ(cv::countNonZero(canny(60, 500)(in, {.band_rows = 3})), all);
  EXPECT_EQ(cv::countNonZero(canny(60, 5000)(in, {.band_rows = 3})), 0);
}

TEST(Phases, ComponentsAreNumberedInRasterOrder) {
  for (const auto& [name, in] : pictures())
    for (int connectivity : {4, 8}) {
      const cv::Mat expected = plain_components(in, connectivity);
      expect_at_any_height(components(connectivity), in, expected, name);
      cv::Mat labels;
      EXPECT_EQ(count_labels(components(connectivity)(in)),
                cv::connectedComponents(in, labels, connectivity));
    }
}

TEST(Phases, DistancesReachAcrossBands) {
  for (const auto& [name, in] : pictures()) {
    cv::Mat expected;
    cv::distanceTransform(in, expected, cv::DIST_L2, cv::DIST_MASK_PRECISE);
    expect_at_any_height(distance(), in, expected, name);
    cv::distanceTransform(in, expected, cv::DIST_L1, cv::DIST_MASK_3);
    expect_at_any_height(distance(Norm::l1), in, expected, name);
  }
}

TEST(Phases, DistancesOfL1EndAt8192) {
  for (const cv::Size size : {cv::Size(2, 9000), cv::Size(9000, 2)}) {
    cv::Mat in(size, CV_8U, cv::Scalar(1)), expected;
    in.at<std::uint8_t>(0, 0) = 0;
    cv::distanceTransform(in, expected, cv::DIST_L1, cv::DIST_MASK_3);
    EXPECT_TRUE(same_bits(distance(Norm::l1)(in, {.band_rows = 100}), expected)) << size;
  }
}

TEST(Phases, IntegralsAddUp) {
  for (const auto& [name, gray] : pictures())
    for (int type : {CV_8UC1, CV_8UC3, CV_16UC1, CV_16UC3}) {
      const cv::Mat in = as_type(gray, type);
      cv::Mat expected;
      cv::integral(in, expected);
      expect_at_any_height(integral(), in, expected, name + " of type " + std::to_string(type));
    }
}

TEST(Phases, SumsOf8BitImagesGoAroundAsInOpenCv) {
  const cv::Mat in(3000, 3001, CV_8U, cv::Scalar(255));
  cv::Mat expected;
  cv::integral(in, expected);
  EXPECT_LT(expected.at<int>(3000, 3001), 0);
  EXPECT_TRUE(same_bits(integral()(in), expected));
}

TEST(Phases, OtsuAndNormalizeOfWideTypes) {
  cv::RNG random(11);
  for (int i = 0; i < 30; ++i) {
    cv::Mat in(61, 47, CV_16U);
    random.fill(in, cv::RNG::NORMAL, random.uniform(0, 65536), random.uniform(0.0, 20000.0));
    if (i % 3 == 0) in.rowRange(0, random.uniform(1, 61)).setTo(random.uniform(0, 65536));
    if (i % 10 == 0) in.setTo(i * 1000);
    cv::Mat expected;
    cv::threshold(in, expected, 0, 65535, cv::THRESH_BINARY | cv::THRESH_OTSU);
    expect_at_any_height(threshold(otsu), in, expected, "image " + std::to_string(i));
    for (int type : {CV_16UC1, CV_8UC3, CV_32FC1, CV_32FC3}) {
      const cv::Mat levels = as_type(in, type);
      const double white = levels.depth() == CV_8U ? 255 : levels.depth() == CV_16U ? 65535 : 1;
      cv::normalize(levels, expected, 0, white, cv::NORM_MINMAX);
      expect_at_any_height(normalize(), levels, expected, "image " + std::to_string(i));
    }
  }
}

const char* const all_phased[] = {
    "canny 60 500",         "components",
    "components 4",         "distance",
    "distance l1",          "integral",
    "clahe clip=3 x=5 y=7", "gaussian 1.5 | canny 20 60 norm=l2 | dilate 3 | components"};

class OnWorkers : public testing::TestWithParam<unsigned> {};

TEST_P(OnWorkers, PhasesGiveTheSameBits) {
  Pool pool({.workers = GetParam()});
  for (const char* text : all_phased)
    for (const auto& [name, in] : pictures()) {
      const Chain chain = Chain::parse(text);
      const cv::Mat expected = chain.reference(in);
      for (int band : {0, 7}) {
        cv::Mat out;
        const Report report = chain(pool, in, out, {.band_rows = band});
        EXPECT_TRUE(same_bits(out, expected)) << text << " of " << name << ", bands of " << band;
        EXPECT_EQ(report.done, report.slices);
      }
    }
}

TEST_P(OnWorkers, PhasesOfWideImages) {
  Pool pool({.workers = GetParam()});
  const cv::Mat in = picture(211, 5003, CV_8U);
  for (const char* text : all_phased) {
    const Chain chain = Chain::parse(text);
    cv::Mat out;
    chain(pool, in, out);
    EXPECT_TRUE(same_bits(out, chain.reference(in))) << text;
  }
}

TEST_P(OnWorkers, HistogramsAreThoseOfOpenCv) {
  Pool pool({.workers = GetParam()});
  for (int type : {CV_8UC1, CV_8UC3, CV_8UC4, CV_16UC1, CV_16UC3})
    for (const cv::Size size : {cv::Size(1, 1), cv::Size(61, 7), cv::Size(3, 131)}) {
      const cv::Mat in = picture(size.height, size.width, type);
      const auto counts = histogram(pool, in);
      ASSERT_EQ(counts.size(), static_cast<std::size_t>(in.channels()));
      const int levels = in.depth() == CV_8U ? 256 : 65536;
      const float range[] = {0, static_cast<float>(levels)};
      const float* ranges = range;
      for (int channel = 0; channel < in.channels(); ++channel) {
        cv::Mat expected;
        cv::calcHist(&in, 1, &channel, {}, expected, 1, &levels, &ranges);
        const auto& got = counts[static_cast<std::size_t>(channel)];
        ASSERT_EQ(got.size(), static_cast<std::size_t>(levels));
        for (int level = 0; level < levels; ++level)
          ASSERT_EQ(static_cast<float>(got[static_cast<std::size_t>(level)]),
                    expected.at<float>(level))
              << level << " of type " << type;
      }
    }
}

INSTANTIATE_TEST_SUITE_P(All, OnWorkers, testing::Values(1u, 2u, 3u, 7u));

TEST(Phases, HistogramsOfOtherImages) {
  Pool pool({.workers = 1});
  EXPECT_THROW(histogram(pool, picture(9, 9, CV_32F)), InvalidArgument);
  const auto counts = histogram(pool, cv::Mat(0, 5, CV_8UC3));
  EXPECT_EQ(counts, std::vector(3, std::vector<std::uint64_t>(256)));
}

// A slice of any phase may run twice, the second time with what the first left behind.
TEST(Phases, SameBitsWhileWorkersAreKilled) {
  Pool pool({.workers = 3});
  const cv::Mat in = picture(1500, 1501, CV_8U);
  for (const char* text : all_phased) {
    const Chain chain = Chain::parse(text);
    const cv::Mat expected = chain.reference(in);
    std::size_t deaths = 0;
    for (int run = 0; run < 300 && deaths < 3; ++run) {
      std::jthread killer([&pool](std::stop_token stop) {
        // Ever more slowly: where slices take longer than that, none would come to its end.
        auto pause = std::chrono::microseconds(4ms);
        for (unsigned i = 0; !stop.stop_requested(); ++i, pause += pause / 4) {
          std::this_thread::sleep_for(pause);
          const auto pids = pool.worker_pids();
          const int pid = pids[i % pids.size()];
          if (pid > 0) kill(pid, SIGKILL);
        }
      });
      cv::Mat out;
      const Report report = chain(pool.with({.attempts = 60}), in, out, {.band_rows = 100});
      killer.request_stop();
      killer.join();
      ASSERT_TRUE(same_bits(out, expected)) << text;
      EXPECT_EQ(report.done, report.slices);
      deaths += report.faults.size();
    }
    EXPECT_GE(deaths, 3u) << text;
  }
}

}  // namespace
}  // namespace tine::image
