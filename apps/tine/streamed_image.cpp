#include "streamed_image.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include <tine/image/stream.hpp>

#include "ask_worker.hpp"
#include "interrupt.hpp"
#include "machine.hpp"
#include "row_file.hpp"
#include "worker_files.hpp"

namespace tine::app {

namespace {

std::uint64_t bytes_of(const image::Shape& shape) {
  return static_cast<std::uint64_t>(shape.rows) * static_cast<std::uint64_t>(shape.columns) *
         CV_ELEM_SIZE(shape.type);
}

// Opens the input anew each time: any worker may be the one that is asked.
std::unique_ptr<RowFile> open_rows(Descriptor& input) {
  auto files = ask_for_files(0, FileRequest::want_input);
  if (!files) throw Failure("is done with already");
  input = std::move(files->input);
  return open_row_file(input.get());
}

// Reads in a worker, straight into the memory where the rows are wanted.
class WorkerReader : public image::RowReader {
 public:
  WorkerReader(const PoolWith& on, const image::Shape& shape, Losses& losses)
      : on_(on), shape_(shape), losses_(losses) {}

  image::Shape shape() const override { return shape_; }
  void rewind() override { next_ = 0; }
  void read(cv::Mat& rows) override {
    if (!rows.isContinuous()) throw Failure("is to be read into rows that are apart");
    const std::size_t bytes = rows.total() * rows.elemSize();
    const View<std::uint8_t, 2> place(rows.data, {1, bytes}, {bytes, 1});
    ask_worker(
        on_, losses_,
        [first = next_, count = rows.rows, shape = shape_](Answer&, View<std::uint8_t, 2> into) {
          Descriptor input;
          const auto file = open_rows(input);
          if (!file || file->shape() != shape) throw Failure("was changed meanwhile");
          cv::Mat wanted(count, shape.columns, shape.type, into.data());
          file->read(first, wanted);
        },
        out(place));
    next_ += rows.rows;
  }

 private:
  const PoolWith& on_;
  image::Shape shape_;
  Losses& losses_;
  int next_ = 0;
};

class FileWriter : public image::RowWriter {
 public:
  explicit FileWriter(RowSink& sink) : sink_(sink) {}
  void write(const cv::Mat& rows) override { sink_.write(rows); }

 private:
  RowSink& sink_;
};

void stream(Pool& pool, const image::Chain& chain, Task& task, FileServer& files,
            const ImageOptions& options, const image::Shape& before, std::uint64_t memory,
            std::uint64_t needs, ProgressMode progress, Losses& losses) {
  const std::string extension = lower_extension(task.output);
  const image::Shape after = chain.output(before);
  const std::string too_large =
      fmt::format("would take {} of memory, and may take {} (--memory)",
                  bytes_text(static_cast<double>(needs)), bytes_text(static_cast<double>(memory)));
  if (const int step = image::step_that_needs_all(chain, before); step >= 0)
    throw Failure(fmt::format(
        "{}; it cannot be streamed, because step {} ({}) needs all of the image at once", too_large,
        step + 1, chain.steps()[static_cast<std::size_t>(step)].operation->name));
  if (options.verify) throw Failure(fmt::format("{}; --verify needs all of it at once", too_large));
  if (!can_write_rows(extension))
    throw Failure(
        fmt::format("{}; a {} file cannot be written row by row, .tif, .ppm, .pgm and .npy can",
                    too_large, extension));
  check_holds(extension, after.type);
  files.prepare_output(0);
  fmt::print(stderr, "tine: {}: {}: its rows are streamed, without metadata\n", task.input,
             too_large);

  Policy policy{.attempts = 2, .slice_deadline = options.deadline, .progress = [](const Progress&) {
                  check_interrupt();
                }};
  const PoolWith reading = pool.with(policy);
  WorkerReader reader(reading, before, losses);
  OutputFile output = files.open_output(0);
  const auto sink = make_row_sink(extension, output.descriptor(), after);
  FileWriter writer(*sink);
  ProgressBar bar(progress, "bands");
  policy.progress = [&bar](const Progress& p) {
    bar.update(p.done, p.slices, p.faults);
    check_interrupt();
  };
  losses.add(image::stream(pool.with(policy), chain, reader, writer,
                           {.memory = std::min<std::uint64_t>(memory / 2, 256 << 20)}));
  sink->finish();
  files.publish(0, output, after.columns, after.rows);
}

}  // namespace

bool run_streamed(Pool& pool, const image::Chain& chain, std::vector<Task>& tasks,
                  FileServer& files, const ImageOptions& options, std::uint64_t memory,
                  ProgressMode progress, Losses& losses) {
  Task& task = tasks[0];
  try {
    const Answer answer = ask_worker(
        pool.with({.attempts = 2, .slice_deadline = options.deadline}), losses,
        [limits = options.limits](Answer& a) {
          Descriptor input;
          const auto file = open_rows(input);
          if (!file) return;
          const image::Shape shape = file->shape();
          struct stat about {};
          fstat(input.get(), &about);
          a.rows = shape.rows;
          a.columns = shape.columns;
          a.type = shape.type;
          a.bytes = static_cast<std::uint64_t>(about.st_size);
          if (static_cast<std::uint64_t>(shape.columns) >
              limits.pixels / static_cast<std::uint64_t>(shape.rows))
            throw Failure(fmt::format("claims {} x {} pixels; the limit is {} (--max-pixels)",
                                      shape.columns, shape.rows, limits.pixels));
        });
    if (answer.rows == 0) return false;
    const image::Shape before{answer.rows, answer.columns, answer.type};
    const image::Shape after = chain.output(before);
    // The file and its pixels, twice, since between passes there is one more image; and the result.
    const std::uint64_t needs = answer.bytes + 2 * bytes_of(before) + 2 * bytes_of(after);
    if (needs <= memory && answer.bytes < INT32_MAX) return false;
    stream(pool, chain, task, files, options, before, memory, needs, progress, losses);
    files.tell(tasks);
  } catch (...) {
    note_failure(task, losses);
  }
  return true;
}

}  // namespace tine::app
