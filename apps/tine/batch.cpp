#include "batch.hpp"

#include <algorithm>
#include <filesystem>
#include <new>
#include <string>
#include <utility>

#include <tine/error.hpp>
#include <tine/for_each_slice.hpp>

#include "exit.hpp"
#include "interrupt.hpp"
#include "list_file.hpp"
#include "operands.hpp"
#include "shrink_on_load.hpp"
#include "worker_files.hpp"

namespace tine::app {

namespace {

constexpr unsigned attempts = 2;  // a file that kills a decoder does it every time

// A file in a job: its number among the tasks, and where its output's extension is in the text.
struct File {
  std::size_t task = 0, extension = 0;
};

// Everything about one file, in a worker.
void process(std::size_t task, const char* extension, const char* chain_text,
             std::span<const image::Pixels> operands, const ImageOptions& options) {
  try {
    const auto files = ask_for_files(task, FileRequest::want_both);
    if (!files) return;
    std::string warning;
    const ImageFile file = read_image_file(files->input.get(), options.limits);
    const Metadata metadata(file.bytes);
    const image::Chain all = chain_with(chain_text, operands);
    const auto [reduction, chain] = options.shrink_on_load && file.format == "JPEG"
                                        ? shrink_on_load(all, upright_size(file, metadata))
                                        : Decoding{1, all};
    const cv::Mat image = decode(file, metadata, warning, reduction);
    const bool listed = is_list_file(extension);
    const image::Table table = listed ? chain.list(image) : image::Table{};
    const cv::Mat result = listed ? cv::Mat(table.values) : chain(image);
    if (options.verify && !same(result, serially(chain, image, listed)))
      throw Failure("differs from what OpenCV computes");
    if (listed)
      write_list(table, extension, files->output.get());
    else
      encode_to(result, extension, options.encoding, metadata, files->output.get());
    report_complete(task, result.cols, result.rows, warning);
  } catch (const std::bad_alloc&) {
    report_failed(task, "needs more memory than there is");
  } catch (const std::exception& error) {
    report_failed(task, error.what());
  }
}

class Batch {
 public:
  Batch(Pool& pool, const image::Chain& chain, std::vector<Task>& tasks, FileServer& files,
        const ImageOptions& options, ProgressBar& bar)
      : pool_(pool),
        chain_(chain.to_string()),
        operands_(operands_of(pool, chain)),
        tasks_(tasks),
        files_(files),
        options_(options),
        bar_(bar) {}

  Losses run() {
    std::vector<std::size_t> waiting;
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      Task& task = tasks_[i];
      if (task.is_over()) continue;
      try {
        files_.prepare_output(i);
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
      std::erase_if(waiting, [this](std::size_t i) { return tasks_[i].is_over(); });
      if (waiting.size() == before)
        for (const std::size_t i : std::exchange(waiting, {}))
          tasks_[i].failure = "was not processed: the workers died again and again";
    }
    return losses_;
  }

 private:
  void post(const std::vector<std::size_t>& waiting) {
    std::string text = chain_ + '\0';
    auto files = pool_.array<File>(waiting.size());
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      files[i] = {waiting[i], text.size()};
      text += std::filesystem::path(tasks_[waiting[i]].output).extension().string() + '\0';
    }
    auto words = pool_.array_from(text);

    const auto failed_before =
        static_cast<std::size_t>(
            std::ranges::count_if(tasks_, [](const Task& task) { return !task.failure.empty(); })) -
        files_.count().failed;
    Report report;
    Policy policy{.attempts = attempts,
                  .slice_deadline = options_.deadline,
                  .on_failure = OnFailure::quarantine,
                  .schedule = Schedule::dynamic,
                  .progress =
                      [&](const Progress&) {
                        const auto [written, failed] = files_.count();
                        const std::size_t bad = failed_before + failed;
                        bar_.update(bad + written, tasks_.size(), bad);
                        check_interrupt();
                      },
                  .report = &report};
    try {
      for_each_slice(
          pool_.with(policy), slices(waiting.size(), 1),
          [options = options_](const Slice& s, std::span<const File> all,
                               std::span<const char> text_of_all,
                               std::span<const image::Pixels> operands) {
            const File& file = all[s.begin];
            const char* word = text_of_all.data();
            process(file.task, word + file.extension, word, operands, options);
          },
          whole(files), whole(words), whole(operands_));
    } catch (const WorkersLost& lost) {
      report = lost.report();
    }
    files_.settle();
    files_.tell(tasks_);
    losses_.add(report);
    for (const Fault& fault : report.faults)
      if (fault.slice < waiting.size() && fault.attempt >= attempts)
        give_up(waiting[fault.slice], report, fault.slice);
    for (const SliceRange& range : report.quarantined)
      for (std::size_t i = range.begin; i < range.end; ++i) give_up(waiting[i], report, i);
  }

  void give_up(std::size_t task, const Report& report, std::size_t slice) {
    if (!tasks_[task].is_over()) tasks_[task].failure = reason_of(report, slice);
  }

  Pool& pool_;
  std::string chain_;
  Array<image::Pixels, 1> operands_;
  std::vector<Task>& tasks_;
  FileServer& files_;
  const ImageOptions& options_;
  ProgressBar& bar_;
  Losses losses_;
};

}  // namespace

Losses run_batch(Pool& pool, const image::Chain& chain, std::vector<Task>& tasks, FileServer& files,
                 const ImageOptions& options, ProgressBar& bar) {
  return Batch(pool, chain, tasks, files, options, bar).run();
}

}  // namespace tine::app
