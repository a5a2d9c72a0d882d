#include "batch.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <new>
#include <string_view>

#include <fmt/format.h>

#include <tine/error.hpp>
#include <tine/for_each_slice.hpp>

#include "encode.hpp"
#include "exit.hpp"
#include "interrupt.hpp"

namespace tine::app {

namespace {

constexpr unsigned attempts = 2;  // a file that kills a decoder does it every time

// Where a file's names are in the shared text.
struct Names {
  std::size_t input = 0, prefix = 0, extension = 0;
};

// What a worker says about a file. A new attempt starts from zeros.
struct Outcome {
  // Set last: then all else is there, and the temporary file is whole. No other attempt touches
  // that file, since its name has the worker's process number.
  std::uint32_t state = 0;
  std::int32_t pid = 0;
  std::int32_t columns = 0, rows = 0;
  char message[300] = {};
};
enum State : std::uint32_t { unknown, complete, failed };

void finish(Outcome& outcome, State state, std::string_view message) {
  const std::size_t n = std::min(message.size(), sizeof outcome.message - 1);
  std::memcpy(outcome.message, message.data(), n);
  outcome.message[n] = '\0';
  std::atomic_ref(outcome.state).store(state, std::memory_order_release);
}

// Everything about one file, in a worker.
void process(const char* input, const char* prefix, const char* extension, const char* chain_text,
             const Limits& limits, bool verify, Outcome& outcome) {
  try {
    std::string warning;
    const cv::Mat image = decode(read_image_file(input, limits), warning);
    const image::Chain chain = image::Chain::parse(chain_text);
    const cv::Mat result = chain(image);
    if (verify && cv::norm(result, chain.reference(image), cv::NORM_INF) != 0)
      throw Failure("differs from what OpenCV computes");
    const int pid = getpid();
    encode_to(result, extension, temporary_name(prefix, pid));
    outcome.pid = pid;
    outcome.columns = result.cols;
    outcome.rows = result.rows;
    finish(outcome, complete, warning);
  } catch (const std::bad_alloc&) {
    finish(outcome, failed, "needs more memory than there is");
  } catch (const std::exception& error) {
    finish(outcome, failed, error.what());
  }
}

class Batch {
 public:
  Batch(Pool& pool, const image::Chain& chain, std::vector<Task>& tasks, OutputFiles& outputs,
        const ImageOptions& options, ProgressBar& bar)
      : pool_(pool),
        chain_(chain.to_string()),
        tasks_(tasks),
        outputs_(outputs),
        options_(options),
        bar_(bar),
        prefixes_(tasks.size()) {}

  Losses run() {
    std::vector<std::size_t> waiting;
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      Task& task = tasks_[i];
      if (!task.failure.empty()) continue;
      try {
        prefixes_[i] = outputs_.prepare(task.output);
        waiting.push_back(i);
      } catch (const Failure& failure) {
        task.failure = failure.what();
      }
    }
    // One job is enough, unless so many files in a row kill their workers that it is given up: then
    // the rest goes on without those.
    while (!waiting.empty()) {
      const std::size_t before = waiting.size();
      post(waiting);
      std::erase_if(waiting, [this](std::size_t i) {
        return tasks_[i].written || !tasks_[i].failure.empty();
      });
      if (waiting.size() == before)
        for (const std::size_t i : std::exchange(waiting, {}))
          tasks_[i].failure = "was not processed: the workers died again and again";
    }
    return losses_;
  }

 private:
  void post(const std::vector<std::size_t>& files) {
    std::string text;
    const auto add = [&text](std::string_view word) {
      const std::size_t at = text.size();
      text.append(word).push_back('\0');
      return at;
    };
    add(chain_);  // at 0
    auto names = pool_.array<Names>(files.size());
    for (std::size_t i = 0; i < files.size(); ++i)
      names[i] = {add(tasks_[files[i]].input), add(prefixes_[files[i]]),
                  add(std::filesystem::path(tasks_[files[i]].output).extension().string())};
    auto words = pool_.array_from(text);
    auto outcomes = pool_.array<Outcome>(files.size());

    Report report;
    const auto collect = [&, seen = outcomes.data()] { publish(files, seen); };
    Policy policy{.attempts = attempts,
                  .slice_deadline = options_.deadline,
                  .on_failure = OnFailure::quarantine,
                  .schedule = Schedule::dynamic,
                  .progress =
                      [&](const Progress&) {
                        collect();
                        check_interrupt();
                      },
                  .report = &report};
    try {
      for_each_slice(
          pool_.with(policy), slices(files.size(), 1),
          [limits = options_.limits, verify = options_.verify](
              const Slice& s, std::span<const Names> all_names, std::span<const char> all_words,
              std::span<Outcome> mine) {
            const Names& name = all_names[s.begin];
            const char* word = all_words.data();
            process(word + name.input, word + name.prefix, word + name.extension, word, limits,
                    verify, mine[0]);
          },
          whole(names), whole(words), out(outcomes));
    } catch (const WorkersLost& lost) {
      report = lost.report();
    }
    collect();
    losses_.add(report);
    for (const Fault& fault : report.faults)
      if (fault.slice < files.size()) {
        Task& task = tasks_[files[fault.slice]];
        if (!task.written && task.failure.empty() && fault.attempt >= attempts)
          task.failure = reason_of(report, fault.slice);
      }
    for (const SliceRange& range : report.quarantined)
      for (std::size_t i = range.begin; i < range.end; ++i)
        if (Task& task = tasks_[files[i]]; !task.written && task.failure.empty())
          task.failure = reason_of(report, i);
  }

  // Takes over what workers have finished so far.
  void publish(const std::vector<std::size_t>& files, Outcome* outcomes) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      Task& task = tasks_[files[i]];
      Outcome& outcome = outcomes[i];
      if (task.written || !task.failure.empty()) continue;
      const auto state = std::atomic_ref(outcome.state).load(std::memory_order_acquire);
      if (state == failed) task.failure = outcome.message;
      if (state != complete) continue;
      try {
        outputs_.publish(temporary_name(prefixes_[files[i]], outcome.pid), task.output);
        task.written = true;
        task.warning = outcome.message;
        task.columns = outcome.columns;
        task.rows = outcome.rows;
      } catch (const Failure& failure) {
        task.failure = failure.what();
      }
    }
    const auto bad =
        std::ranges::count_if(tasks_, [](const Task& t) { return !t.failure.empty(); });
    const auto written = std::ranges::count_if(tasks_, &Task::written);
    bar_.update(static_cast<std::size_t>(bad + written), tasks_.size(),
                static_cast<std::size_t>(bad));
  }

  Pool& pool_;
  std::string chain_;
  std::vector<Task>& tasks_;
  OutputFiles& outputs_;
  const ImageOptions& options_;
  ProgressBar& bar_;
  std::vector<std::string> prefixes_;
  Losses losses_;
};

}  // namespace

Losses run_batch(Pool& pool, const image::Chain& chain, std::vector<Task>& tasks,
                 OutputFiles& outputs, const ImageOptions& options, ProgressBar& bar) {
  return Batch(pool, chain, tasks, outputs, options, bar).run();
}

}  // namespace tine::app
