// tine demo: the main job on real photographs, beside OpenCV on the same CPUs, and once more while
// workers are killed.
#include <malloc.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include <tine/image/chain.hpp>

#include "commands.hpp"
#include "exit.hpp"
#include "file_server.hpp"
#include "interrupt.hpp"
#include "load_image.hpp"
#include "progress_bar.hpp"
#include "worker_setup.hpp"

namespace tine::app {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

struct Settings {
  std::vector<std::string> photos;
  std::string out = "tine-demo";
  unsigned workers = 0;
  int rounds = 5;
  ProgressMode progress = ProgressMode::automatic;
};

struct Work {
  const char* name;  // in the names of the pictures
  const char* chain;
};
constexpr Work works[] = {
    {"edges", "gaussian sigma=2 | sobel | threshold otsu"},
    {"smooth", "bilateral d=9 sigma_color=60 sigma_space=6 | sharpen amount=0.8 sigma=1.5"},
};

struct Photo {
  std::string name;
  Loaded loaded;  // in the arena of the pool with all workers
  cv::Mat copy;   // in that of the pool with one
  const cv::Mat& image() const { return loaded.image; }
};

double megapixels(const std::vector<Photo>& photos) {
  double sum = 0;
  for (const Photo& photo : photos) sum += double(photo.image().total()) / 1e6;
  return sum;
}

bool same_bits(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && cv::norm(a, b, cv::NORM_INF) == 0;
}

/// What the kills of one round did.
struct Toll {
  std::size_t kills = 0;
  std::size_t again = 0;     // slices
  std::size_t replaced = 0;  // workers
};

/// Kills one worker of a pool with SIGKILL, once, after a while.
class Killer {
 public:
  Killer(Pool& pool, unsigned which, std::chrono::nanoseconds after)
      : thread_([&pool, which, after, this](std::stop_token stop) {
          std::this_thread::sleep_for(after);
          if (stop.stop_requested()) return;
          const auto pids = pool.worker_pids();
          const int pid = pids[which % pids.size()];
          if (pid > 0 && kill(pid, SIGKILL) == 0) killed_ = true;
        }) {}
  bool killed() {
    thread_.request_stop();
    thread_.join();
    return killed_;
  }

 private:
  std::atomic<bool> killed_ = false;
  std::jthread thread_;
};

class Demo {
 public:
  explicit Demo(const Settings& settings)
      : settings_(settings),
        // Both pools before anything else: workers are forked from what the program is now, and
        // OpenCV's threads, started further down, do not survive a fork.
        setup_(prepare_workers(true)),
        all_({.workers = settings.workers, .worker_start = start_worker}),
        one_({.workers = 1, .worker_start = start_worker}),
        shared_(all_),
        shared_one_(one_) {
    // OpenCV's results come from malloc. Without this each new one would be fresh memory, and most
    // of its time page faults.
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, INT32_MAX);
  }

  int run() {
    load();
    if (photos_.empty()) return nothing_done;
    cv::setNumThreads(static_cast<int>(all_.workers()));
    fmt::print("{} photograph{}, {:.1f} megapixels; {} workers; OpenCV {} with {} threads\n",
               photos_.size(), photos_.size() == 1 ? "" : "s", megapixels(photos_), all_.workers(),
               CV_VERSION, cv::getNumThreads());
    bool good = true;
    for (const Work& work : works) good = show(work) && good;
    fmt::print("\npictures, before and after: {}\n", fs::absolute(settings_.out).string());
    return !good ? nothing_done : failed_ > 0 ? some_failed : all_good;
  }

 private:
  void load() {
    std::vector<Task> inputs;
    for (const std::string& path : settings_.photos) inputs.emplace_back().input = path;
    files_.emplace(std::move(setup_.door), inputs, false);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const std::string& path = inputs[i].input;
      check_interrupt();
      try {
        Losses losses;
        const Probed probed = probe_image(all_, i, {}, losses);
        Photo photo{fs::path(path).stem().string(), load_image(all_, i, {}, probed, 1, losses), {}};
        for (const Work& work : works) {
          const cv::Mat& image = photo.image();
          image::Chain::parse(work.chain).output({image.rows, image.cols, image.type()});
        }
        photo.copy.allocator = &shared_one_;
        photo.image().copyTo(photo.copy);
        photos_.push_back(std::move(photo));
      } catch (const InvalidArgument& error) {
        fmt::print(stderr, "tine: {}: {}\n", path, error.what());
        ++failed_;
      } catch (const Failure& failure) {
        fmt::print(stderr, "tine: {}: {}\n", path, failure.what());
        ++failed_;
      }
    }
  }

  // Runs f for every photograph and returns how long that took.
  template <class F>
  double timed(F f) {
    double seconds = 0;
    for (std::size_t i = 0; i < photos_.size(); ++i) {
      const auto start = Clock::now();
      f(i);
      seconds += Seconds(Clock::now() - start).count();
      check_interrupt();
      bar_->update(++steps_, total_steps_);
    }
    return seconds;
  }

  bool show(const Work& work) {
    const image::Chain chain = image::Chain::parse(work.chain);
    const std::size_t n = photos_.size();
    std::vector<cv::Mat> expected(n), results(n), results_one(n), after_kill(n);
    for (std::size_t i = 0; i < n; ++i) {
      results[i].allocator = after_kill[i].allocator = &shared_;
      results_one[i].allocator = &shared_one_;
    }
    bar_.emplace(settings_.progress, "steps");
    steps_ = 0;
    total_steps_ = n * (4 * static_cast<std::size_t>(settings_.rounds) + 1);

    // The first round warms everything up; the others are measured in turns, so that whatever else
    // the machine does hits all alike.
    double opencv = 1e9, one = 1e9, all = 1e9;
    std::size_t slices = 0;
    std::vector<double> job_seconds(n, 1e9);
    double killed = 1e9;
    Toll best_toll;
    std::vector<bool> same_after(n, true);
    for (int round = 0; round < settings_.rounds; ++round) {
      opencv = std::min(
          opencv, timed([&](std::size_t i) { expected[i] = chain.reference(photos_[i].image()); }));
      one = std::min(one,
                     timed([&](std::size_t i) { chain(one_, photos_[i].copy, results_one[i]); }));
      slices = 0;
      all = std::min(all, timed([&](std::size_t i) {
                       const Report report = chain(all_, photos_[i].image(), results[i]);
                       slices += report.slices;
                       job_seconds[i] = std::min(job_seconds[i], Seconds(report.wall).count());
                     }));
      // The same, and in the middle of each photograph one worker is killed.
      Toll toll;
      const double seconds = timed([&](std::size_t i) {
        Killer killer(
            all_, static_cast<unsigned>(i),
            std::chrono::duration_cast<std::chrono::nanoseconds>(Seconds(job_seconds[i] * 0.4)));
        const Report report = chain(all_, photos_[i].image(), after_kill[i]);
        toll.kills += killer.killed();
        toll.again += report.attempts - report.slices;
        toll.replaced += report.restarts;
      });
      if (seconds < killed) {
        killed = seconds;
        best_toll = toll;
      }
      for (std::size_t i = 0; i < n; ++i)
        same_after[i] = same_after[i] && same_bits(after_kill[i], expected[i]);
    }

    std::size_t same = 0;
    timed([&](std::size_t i) {
      same += same_bits(results[i], expected[i]) && same_bits(results_one[i], expected[i]);
      picture(work, photos_[i], results[i]);
    });
    bar_.reset();

    const double mega = megapixels(photos_);
    const auto line = [&](const std::string& what, double seconds, const std::string& remark) {
      fmt::print("  {:<34}{:>9.1f} ms {:>8.0f} Mpixel/s   {}\n", what, seconds * 1e3,
                 mega / seconds, remark);
    };
    fmt::print("\n{}\n", work.chain);
    line(fmt::format("OpenCV, {} threads", cv::getNumThreads()), opencv, "");
    line("tine, 1 worker", one, fmt::format("{:.2f}x OpenCV", opencv / one));
    line(fmt::format("tine, {} workers, {} slices", all_.workers(), slices), all,
         fmt::format("{:.2f}x OpenCV, {:.2f}x one worker", opencv / all, one / all));
    line(fmt::format("tine, {} killed in mid-job", best_toll.kills), killed,
         fmt::format("{:+.1f} ms; {} slice{} run again, {} worker{} replaced", (killed - all) * 1e3,
                     best_toll.again, best_toll.again == 1 ? "" : "s", best_toll.replaced,
                     best_toll.replaced == 1 ? "" : "s"));
    const auto still = static_cast<std::size_t>(std::ranges::count(same_after, true));
    fmt::print("  same bits as OpenCV on the whole image: {} of {}; after the kills: {} of {}\n",
               same, n, still, n);
    return same == n && still == n;
  }

  // Before on the left, after on the right, small enough to look at.
  void picture(const Work& work, const Photo& photo, const cv::Mat& result) {
    fs::create_directories(settings_.out);
    const double scale = std::min(1.0, 900.0 / photo.image().rows);
    cv::Mat before, after, both;
    cv::resize(photo.image(), before, {}, scale, scale, cv::INTER_AREA);
    cv::resize(result, after, {}, scale, scale, cv::INTER_AREA);
    for (cv::Mat* m : {&before, &after}) {
      if (m->channels() == 1) cv::cvtColor(*m, *m, cv::COLOR_GRAY2BGR);
      if (m->channels() == 4) cv::cvtColor(*m, *m, cv::COLOR_BGRA2BGR);
    }
    cv::hconcat(before, after, both);
    const fs::path file = fs::path(settings_.out) / fmt::format("{}-{}.jpg", photo.name, work.name);
    if (!cv::imwrite(file.string(), both))
      throw Failure(fmt::format("{} cannot be written", file.string()));
  }

  const Settings& settings_;
  WorkerSetup setup_;
  Pool all_, one_;
  std::optional<FileServer> files_;  // as long as the pools: replaced workers announce themselves
  MatAllocator shared_, shared_one_;
  std::vector<Photo> photos_;
  std::size_t failed_ = 0;
  std::optional<ProgressBar> bar_;
  std::size_t steps_ = 0, total_steps_ = 0;
};

}  // namespace

Run add_demo_command(CLI::App& app) {
  auto settings = std::make_shared<Settings>();
  CLI::App& command = *app.add_subcommand(
      "demo",
      "Filters photographs in bands on all CPUs, beside OpenCV, and while workers are killed");
  command.add_option("PHOTO", settings->photos, "8-bit photographs")->required();
  command.add_option("-o,--output", settings->out, "Folder for pictures of before and after")
      ->capture_default_str();
  command
      .add_option("-j,--workers", settings->workers,
                  "Worker processes [default: the CPUs we may use]")
      ->check(CLI::Range(1u, 1023u));
  command.add_option("--rounds", settings->rounds, "How often each is measured; the best counts")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  add_progress_option(command, settings->progress);
  command.footer(
      "Examples:\n"
      "  tine demo photo.jpg\n"
      "  tine demo *.jpg -o /tmp/pictures --rounds 10\n\n"
      "OpenCV is given as many threads as there are workers, and the same calls one after "
      "another.\n");
  return [settings] {
    remember_interrupts();
    return Demo(*settings).run();
  };
}

}  // namespace tine::app
