#include "large_image.hpp"

#include <filesystem>
#include <string>

#include "ask_worker.hpp"
#include "interrupt.hpp"
#include "list_file.hpp"
#include "load_image.hpp"
#include "operands.hpp"
#include "shrink_on_load.hpp"
#include "worker_files.hpp"

namespace tine::app {

namespace {

constexpr std::uint64_t large = 1 << 20;  // pixels

cv::Mat mat_of(const image::Shape& shape, const std::uint8_t* data) {
  return {shape.rows, shape.columns, shape.type, const_cast<std::uint8_t*>(data)};
}

}  // namespace

bool run_large(Pool& pool, const image::Chain& all, std::vector<Task>& tasks, FileServer& files,
               const ImageOptions& options, ProgressMode progress, Losses& losses) {
  Task& task = tasks[0];
  Policy policy{.attempts = 2, .slice_deadline = options.deadline, .progress = [](const Progress&) {
                  check_interrupt();
                }};
  const PoolWith on = pool.with(policy);
  try {
    const Probed probed = probe_image(on, 0, options.limits, losses);
    if (probed.pixels < large) return false;
    files.prepare_output(0);
    const auto [reduction, chain] = options.shrink_on_load && !probed.jpeg.empty()
                                        ? shrink_on_load(all, probed.jpeg)
                                        : Decoding{1, all};
    const Loaded loaded = load_image(on, 0, options.limits, probed, reduction, losses);
    const image::Shape before{loaded.image.rows, loaded.image.cols, loaded.image.type()};
    const bool listed = is_list_file(task.output);
    image::Table table;
    image::Shape after;
    Array<std::uint8_t, 2> memory;
    const auto make_room = [&](const image::Shape& shape) {
      after = shape;
      memory = pool.array<std::uint8_t>(
          after.rows, CV_ELEM_SIZE(after.type) * static_cast<std::size_t>(after.columns));
    };
    {
      Report report;
      ProgressBar bar(progress, "bands");
      policy.report = &report;
      policy.progress = [&bar](const Progress& p) {
        bar.update(p.done, p.slices, p.faults);
        check_interrupt();
      };
      if (listed) {
        table = chain.list(pool.with(policy), loaded.image);
        make_room({table.values.rows, table.values.cols, CV_64FC1});
        table.values.copyTo(mat_of(after, memory.data()));
      } else {
        make_room(chain.output(before));
        cv::Mat result = mat_of(after, memory.peek().data());
        chain(pool.with(policy), loaded.image, result);
      }
      losses.add(report);
      policy.report = nullptr;
    }

    if (options.verify) {
      const auto text = pool.array_from(chain.to_string() + '\0');
      const auto operands = operands_of(pool, chain);
      const Answer answer = ask_worker(
          on, losses,
          [before, after, listed](Answer& a, std::span<const char> words,
                                  std::span<const image::Pixels> seconds,
                                  View<const std::uint8_t, 2> in, View<const std::uint8_t, 2> out) {
            a.equal = same(mat_of(after, out.data()), serially(chain_with(words.data(), seconds),
                                                               mat_of(before, in.data()), listed));
          },
          whole(text), whole(operands), whole(loaded.memory), whole(memory));
      if (!answer.equal) throw Failure("differs from what OpenCV computes");
    }

    const std::string extension = std::filesystem::path(task.output).extension().string();
    if (listed) {
      OutputFile output = files.open_output(0);
      write_list(table, extension, output.descriptor());
      files.publish(0, output, after.columns, after.rows);
      files.tell(tasks);
      task.warning = loaded.warning;
      return true;
    }
    const auto words = pool.array_from(extension + '\0' + loaded.warning + '\0');
    ask_worker(
        on, losses,
        [after, limits = options.limits, encoding = options.encoding,
         warning_at = extension.size() + 1](Answer&, std::span<const char> text,
                                            View<const std::uint8_t, 2> pixels) {
          const auto files_of_it = ask_for_files(0, FileRequest::want_both);
          if (!files_of_it) return;
          const Metadata metadata(read_image_file(files_of_it->input.get(), limits).bytes);
          encode_to(mat_of(after, pixels.data()), text.data(), encoding, metadata,
                    files_of_it->output.get());
          report_complete(0, after.columns, after.rows, text.data() + warning_at);
        },
        whole(words), whole(memory));
    files.settle();
    files.tell(tasks);
  } catch (...) {
    note_failure(task, losses);
  }
  return true;
}

}  // namespace tine::app
