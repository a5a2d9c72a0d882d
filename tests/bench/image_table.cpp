#include "image_table.hpp"

#include <cstdio>
#include <string>
#include <string_view>

#include <tine/pool.hpp>

#include "compare.hpp"

namespace bench {

namespace {

constexpr const char* columns[] = {"1 worker", "tine",    "OpenCV, 1 thread",
                                   "OpenCV",   "libvips", "ImageMagick"};

/// The median of a side ("side" or "cpu", its CPU time); 0 when it was not measured.
double median_of(const benchmark::BenchmarkReporter::Run& run, std::string_view what,
                 std::string_view side) {
  for (const auto& [name, counter] : run.counters)
    if (name.starts_with(what) && name.substr(name.find(':') + 2) == side) return counter.value;
  return 0;
}

}  // namespace

bool ImageTable::ReportContext(const Context& context) {
  const unsigned cpus = tine::cpu_count();
  std::printf("%u CPUs we may use, load average", cpus);
  for (double load : context.cpu_info.load_avg) std::printf(" %.1f", load);
  std::printf(
      "\n\n"
      "Medians of rounds in which all sides take turns.\n"
      "speed  OpenCV's time with %u threads over tine's with %u workers\n"
      "bar    what it ought to be; higher where OpenCV is not 1.3 times as fast as with one "
      "thread\n"
      "work   OpenCV's CPU time with one thread over that of tine's %u workers\n",
      cpus, cpus, cpus);
  // By sched_autogroup_enabled, which is on with most desktops' and some servers' kernels.
  if (!context.cpu_info.load_avg.empty() && context.cpu_info.load_avg[0] > 0.5)
    std::printf(
        "\nOther programs are running. Linux may share CPUs among sessions, and each of tine's "
        "workers is one:\nthen tine's speed is overstated, and OpenCV's threads seem not to scale. "
        "work hardly depends on it.\n");
  std::printf("\n");
  std::printf("%-52s %8s %8s |%8s %8s | %5s %4s %4s | %4s |%8s %8s | %s\n", "", "tine 1",
              ("tine " + std::to_string(cpus)).c_str(), "OpenCV 1",
              ("OpenCV " + std::to_string(cpus)).c_str(), "speed", "bar", "", "work", "libvips",
              "Magick", "rounds, spread");
  return true;
}

void ImageTable::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    double speed = 0, bar = 0;
    std::string peer;
    bool hit = true;
    for (const auto& [name, counter] : run.counters) {
      const auto target = run.counters.find("target: " + name);
      if (target == run.counters.end()) continue;
      // Of several peers, the one that is hardest to beat.
      if (bar == 0 || counter.value < speed) {
        speed = counter.value;
        bar = target->second.value;
        peer = name.substr(name.find('/') + 2);
      }
      hit = hit && counter.value >= target->second.value;
    }
    ++(hit ? hits_ : misses_);
    std::string times[std::size(columns)];
    for (std::size_t c = 0; c < std::size(columns); ++c) {
      const double seconds = median_of(run, "side ", columns[c]);
      if (seconds > 0) times[c] = readable(seconds);
    }
    const double cpu = median_of(run, "cpu ", "tine");
    const double work = cpu > 0 ? median_of(run, "cpu ", "OpenCV, 1 thread") / cpu : 0;
    std::printf("%-52s %8s %8s |%8s %8s | %5.2f %4.2f %4s | %4s |%8s %8s | %2.0f, %2.0f %%%s%s\n",
                run.run_name.function_name.c_str(), times[0].c_str(), times[1].c_str(),
                times[2].c_str(), times[3].c_str(), speed, bar, hit ? "hit" : "MISS",
                work > 0 ? std::to_string(work).substr(0, 4).c_str() : "", times[4].c_str(),
                times[5].c_str(), run.counters.at("rounds").value,
                100 * run.counters.at("spread").value,
                run.counters.at("repeats").value > 0 ? ", measured again" : "",
                peer != "OpenCV" ? (", speed over " + peer).c_str() : "");
  }
  std::fflush(stdout);
}

void ImageTable::Finalize() {
  std::printf("\n%zu reach their bar, %zu do not\n", hits_, misses_);
}

}  // namespace bench
