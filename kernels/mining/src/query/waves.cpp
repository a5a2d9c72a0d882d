#include "waves.hpp"

#include <algorithm>
#include <optional>

#include <tine/for_each_slice.hpp>

namespace tine::mining {

namespace {

// A scan without one of its slices is wrong as a whole.
PoolWith for_scans(PoolWith on, const Source& source, const ScanOptions& options) {
  on.policy.on_failure = OnFailure::fail;
  const auto progress = on.policy.progress;
  if (options.progress)
    on.policy.progress = [progress, &source, &options](const Progress& p) {
      const double part = static_cast<double>(p.done) /
                          static_cast<double>(std::max<std::size_t>(1, source.slices()));
      options.progress(
          static_cast<std::uint64_t>(std::min(1.0, part) * static_cast<double>(source.size())),
          source.size());
      if (progress) progress(p);
    };
  return on;
}

}  // namespace

Waves::Waves(PoolWith on, Source& source, const Plan& plan, const ScanOptions& options)
    : source_(source),
      options_(options),
      pool_(on.pool),
      jobs_(for_scans(std::move(on), source, options), source.slices()),
      plan_(pool_.array_from(for_workers(plan, source))) {}

std::size_t Waves::at_a_time() const {
  constexpr std::size_t most = 256;
  if (done_ == 0) return 16;  // they tell how much the others will need
  std::uint64_t bytes = 256 << 20;
  if (options_.memory > 0) bytes = std::min(bytes, options_.memory / 4);
  return std::clamp<std::size_t>(bytes / capacity_, 1, most);
}

bool Waves::run(const Take& take) {
  while (done_ < source_.slices()) {
    const std::size_t count = std::min(at_a_time(), source_.slices() - done_);
    if (!read(done_, count)) return false;
    done_ += count;
    if (!take(results_)) break;
  }
  jobs_.finish();
  return true;
}

// Those that were read from the wrong state are read again: after that all states are known.
bool Waves::read(std::size_t first, std::size_t count) {
  results_.assign(count, {});
  regions_.clear();
  std::vector<SliceTask> tasks;
  for (std::size_t i = first; i < first + count; ++i)
    tasks.push_back({.slice = i, .quoted = source_.starts_quoted(i)});
  std::optional<std::string> error;  // of the first slice that has one
  std::uint64_t failed = 0;
  while (!tasks.empty()) {
    const std::vector<Found> found = read(tasks);
    std::vector<SliceTask> again;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const SliceResult& about = found[i].about;
      BlobReader report(found[i].bytes);
      const auto result = report.bytes(about.result_bytes);
      switch (source_.accept(tasks[i].slice, report)) {
        case Source::Outcome::retyped:
          return false;
        case Source::Outcome::again:
          again.push_back(
              {.slice = tasks[i].slice, .quoted = source_.starts_quoted(tasks[i].slice)});
          continue;
        case Source::Outcome::good:
          break;
      }
      if (about.failed && (!error || tasks[i].slice < failed)) {
        error = std::string(BlobReader(result).text());
        failed = tasks[i].slice;
      }
      results_[tasks[i].slice - first] = result;
      rows_read_ += about.rows;
      rows_selected_ += about.selected;
    }
    tasks = std::move(again);
  }
  if (error) throw Error(*error);
  return true;
}

// Regions that were too small are tried again with larger ones.
std::vector<Waves::Found> Waves::read(std::vector<SliceTask> tasks) {
  std::vector<Found> found(tasks.size());
  std::vector<std::size_t> places(tasks.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
  while (!tasks.empty()) {
    const std::size_t capacity = capacity_;
    const auto shared = pool_.array_from(tasks);
    auto results = pool_.array<SliceResult>(tasks.size());
    auto regions = pool_.array<std::byte>(tasks.size(), capacity);
    post(capacity, shared, results, regions);
    std::vector<SliceTask> again;
    std::vector<std::size_t> their_places;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const SliceResult about = results[i];
      if (about.bytes > capacity) {
        capacity_ = std::max(capacity_, about.bytes + about.bytes / 4);
        again.push_back(tasks[i]);
        their_places.push_back(places[i]);
      } else {
        found[places[i]] = {about, {regions.peek().data() + i * capacity, about.bytes}};
      }
    }
    regions_.push_back(std::move(regions));
    tasks = std::move(again);
    places = std::move(their_places);
  }
  return found;
}

void Waves::post(std::size_t capacity, const Array<SliceTask>& tasks, Array<SliceResult>& results,
                 Array<std::byte, 2>& regions) {
  const auto all = regions.peek();
  // What a kernel throws is about the file. It is that of the first slice, whichever threw first.
  std::optional<std::string> why;
  for (std::size_t n = tasks.size(); n > 0;) {
    try {
      jobs_.run([&](const PoolWith& on) {
        return for_each_slice(
            on, {.n = n},
            [](const Slice&, std::span<const SliceTask> task, std::span<SliceResult> result,
               const View<std::byte, 2>& region, std::span<const std::byte> plan) {
              run_slice(plan, task[0], result[0], {region.data(), region.extent(1)});
            },
            in(tasks.peek().part(0, 0, n)), out(results.peek().part(0, 0, n)),
            out(View<std::byte, 2>(all.data(), {n, capacity})), whole(plan_));
      });
      if (!why) return;
      break;
    } catch (const KernelError& error) {
      why = error.message();
      n = error.slice();
    }
  }
  throw FileError(*why);
}

}  // namespace tine::mining
