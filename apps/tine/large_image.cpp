#include "large_image.hpp"

#include <filesystem>
#include <string>

#include "ask_worker.hpp"
#include "interrupt.hpp"
#include "load_image.hpp"
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
    const image::Shape after = chain.output(before);
    auto memory = pool.array<std::uint8_t>(
        after.rows, CV_ELEM_SIZE(after.type) * static_cast<std::size_t>(after.columns));
    cv::Mat result = mat_of(after, memory.peek().data());
    {
      ProgressBar bar(progress, "bands");
      policy.progress = [&bar](const Progress& p) {
        bar.update(p.done, p.slices, p.faults);
        check_interrupt();
      };
      losses.add(chain(pool.with(policy), loaded.image, result));
    }

    if (options.verify) {
      const auto text = pool.array_from(chain.to_string() + '\0');
      const Answer answer = ask_worker(
          on, losses,
          [before, after](Answer& a, std::span<const char> words, View<const std::uint8_t, 2> in,
                          View<const std::uint8_t, 2> out) {
            const cv::Mat expected =
                image::Chain::parse(words.data()).reference(mat_of(before, in.data()));
            a.equal = cv::norm(mat_of(after, out.data()), expected, cv::NORM_INF) == 0;
          },
          whole(text), whole(loaded.memory), whole(memory));
      if (!answer.equal) throw Failure("differs from what OpenCV computes");
    }

    const std::string extension = std::filesystem::path(task.output).extension().string();
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
