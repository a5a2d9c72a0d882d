// Operations and chains on large images, and a batch of files, beside OpenCV, libvips and ImageMagick.
//
//   image_bench [--quick] [--benchmark_filter=WORD...]
//
// --quick takes smaller images, fewer files and five rounds: for a look, not for figures.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <opencv2/core.hpp>

#include <tine/image/chain.hpp>
#include <tine/tine.hpp>

#include "compare.hpp"
#include "image_batch.hpp"
#include "image_operations_table.hpp"
#include "image_peers.hpp"
#include "image_pictures.hpp"
#include "image_table.hpp"

namespace {

using bench::Entry;
using bench::Goal;
using bench::Side;
using tine::image::Chain;

/// An image and a result in a pool's arena, so that no copy is measured.
struct InArena {
  tine::Pool& pool;
  Chain chain;
  cv::Mat in, result;
  tine::Report operator()() { return chain(pool, in, result); }
};

std::shared_ptr<InArena> in_arena(tine::Pool& pool, cv::MatAllocator& memory, const Chain& chain,
                                  const cv::Mat& image) {
  // Second images, too.
  const Chain here = chain.with_operands([&memory](const tine::image::Step& step) {
    cv::Mat copy;
    copy.allocator = &memory;
    step.operand.copyTo(copy);
    return copy;
  });
  auto work = std::make_shared<InArena>(pool, here);
  work->in.allocator = work->result.allocator = &memory;
  image.copyTo(work->in);
  return work;
}

bool same_bits(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && a.isContinuous() && b.isContinuous() &&
         std::memcmp(a.data, b.data, a.total() * a.elemSize()) == 0;
}

/// Whether labels stand for the same regions: OpenCV numbers them in another order.
bool same_regions(const cv::Mat& a, const cv::Mat& b) {
  if (a.size() != b.size() || a.type() != CV_32SC1 || b.type() != CV_32SC1) return false;
  std::unordered_map<int, int> b_of_a, a_of_b;
  for (int y = 0; y < a.rows; ++y) {
    const int *p = a.ptr<int>(y), *q = b.ptr<int>(y);
    for (int x = 0; x < a.cols; ++x)
      if (b_of_a.try_emplace(p[x], q[x]).first->second != q[x] ||
          a_of_b.try_emplace(q[x], p[x]).first->second != p[x])
        return false;
  }
  return true;
}

/// Of all threads of a process, or of this one for 0.
double cpu_time(pid_t process) {
  clockid_t clock;
  timespec time{};
  if (clock_getcpuclockid(process, &clock) == 0) clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double cpu_time(const tine::Pool& pool) {
  double sum = 0;
  for (const int worker : pool.worker_pids()) sum += cpu_time(worker);
  return sum;
}

/// The second image of an operation: a part of the picture, or maps that bend it.
cv::Mat second_image(const tine::image::Step& step, const cv::Mat& image) {
  if (step.operation->name == "match")
    return image({image.cols / 2, image.rows / 3, 64, 64}).clone();
  cv::Mat maps(image.size(), CV_32FC2);
  for (int y = 0; y < maps.rows; ++y)
    for (int x = 0; x < maps.cols; ++x)
      maps.at<cv::Vec2f>(y, x) = {float(x + 9 * std::sin(y * 0.01)),
                                  float(y + 9 * std::sin(x * 0.01))};
  return maps;
}

class Bench {
 public:
  explicit Bench(bool quick) : pictures_(quick) {}

  /// Runs every side once, and compares, before any time is taken.
  std::vector<Side> sides(const Entry& entry) {
    const cv::Mat& image = pictures_[entry.picture];
    const Chain chain = Chain::parse(entry.chain).with_operands([&](const tine::image::Step& step) {
      return second_image(step, image);
    });
    const auto with_all = in_arena(all_, all_memory_, chain, image);
    const auto with_one = in_arena(one_, one_memory_, chain, image);
    const auto opencv = std::make_shared<bench::OpenCv>(chain, image);
    const int cpus = static_cast<int>(all_.workers());
    std::vector<Side> result{
        {"tine", [=] { (*with_all)(); }, {}, [this] { return cpu_time(all_); }},
        {"1 worker", [=] { (*with_one)(); }, {}, [this] { return cpu_time(one_); }},
        {"OpenCV", [=] { (*opencv)(cpus); }, {}, [] { return cpu_time(0); }},
        {"OpenCV, 1 thread", [=] { (*opencv)(1); }, {}, [] { return cpu_time(0); }}};
    const auto same = chain.steps()[0].operation->name == "components" ? same_regions : same_bits;
    for (const Side& side : result) {
      side.run();
      if (side.name.starts_with("OpenCV"))
        bench::require(
            same(with_all->result, opencv->result()) && same(with_one->result, opencv->result()),
            entry.chain.c_str());
    }
    const cv::Size size = opencv->result().size();
    if (auto side = bench::libvips(entry.vips, image, size)) result.push_back(*side);
    if (auto side = bench::image_magick(entry.magick, image, size)) result.push_back(*side);
    return result;
  }

 private:
  bench::Pictures pictures_;
  // Made before a peer starts a thread.
  tine::Pool all_, one_{{.workers = 1}};
  tine::MatAllocator all_memory_{all_}, one_memory_{one_};
};

void require_all_operations() {
  std::string missing;
  for (const tine::image::Operation* operation : tine::image::operations())
    if (std::ranges::none_of(bench::operation_entries, [&](const Entry& entry) {
          return Chain::parse(entry.chain).steps()[0].operation == operation;
        }))
      missing += " \"" + std::string(operation->name) + "\"";
  if (!missing.empty())
    bench::fail("tests/bench/image_operations_table.hpp needs an entry for:" + missing);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<char*> arguments(argv, argv + argc);
  if (argc > 1 && std::string(argv[1]) == "--opencv-batch")
    return bench::run_opencv_batch({argv + 2, argv + argc});
  const bool quick =
      std::erase_if(arguments, [](const char* a) { return std::strcmp(a, "--quick") == 0; }) > 0;
  require_all_operations();

  Bench bench(quick);
  bench::keep_memory();

  const bench::How how{
      .rounds = quick ? 5u : 10u, .slow_rounds = 5, .repeats = quick ? 0 : 1, .warm_up = false};
  const std::vector<Goal> alone{{Goal::What::speed, 1.0, "OpenCV", "OpenCV, 1 thread", 1.9}},
      fused{{Goal::What::speed, 2.2, "OpenCV"}};
  for (const Entry& entry : bench::operation_entries)
    bench::compare(entry.chain + std::string(bench::suffix(entry.picture)), how, alone,
                   [&bench, &entry] { return bench.sides(entry); });
  for (const Entry& entry : bench::chain_entries)
    bench::compare(entry.chain + std::string(bench::suffix(entry.picture)), how, fused,
                   [&bench, &entry] { return bench.sides(entry); });
#ifdef BENCH_TINE
  bench::register_batch(BENCH_TINE, quick ? 20 : 200, how);
#endif

  std::vector<std::string> missing = bench::missing_packages();
  std::ranges::copy(bench::missing_batch_packages(), std::back_inserter(missing));
  if (bench::photographs().empty()) missing.emplace_back("lomiri-wallpapers-16.04");
  for (const std::string& package : missing)
    std::printf("not compared with, or not made from, what is not here: apt install %s\n",
                package.c_str());
  bench::ImageTable table;
  return bench::run("image", static_cast<int>(arguments.size()), arguments.data(), &table);
}
