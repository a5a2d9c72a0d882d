#include "large_image.hpp"

#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>

#include "ask_worker.hpp"
#include "encode.hpp"
#include "interrupt.hpp"
#include "load_image.hpp"

namespace tine::app {

namespace {

constexpr std::uint64_t large = 1 << 20;  // pixels

cv::Mat mat_of(const image::Shape& shape, const std::uint8_t* data) {
  return {shape.rows, shape.columns, shape.type, const_cast<std::uint8_t*>(data)};
}

}  // namespace

bool run_large(Pool& pool, const image::Chain& chain, Task& task, OutputFiles& outputs,
               const ImageOptions& options, ProgressMode progress, Losses& losses) {
  Policy policy{.attempts = 2, .slice_deadline = options.deadline, .progress = [](const Progress&) {
                  check_interrupt();
                }};
  const PoolWith on = pool.with(policy);
  try {
    const Probed probed = probe_image(on, task.input, options.limits, losses);
    if (probed.pixels < large) return false;
    const std::string prefix = outputs.prepare(task.output);
    const Loaded loaded = load_image(on, task.input, options.limits, probed, losses);
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
    const auto names = pool.array_from(prefix + '\0' + extension + '\0');
    const Answer answer = ask_worker(
        on, losses,
        [after](Answer& a, std::span<const char> words, View<const std::uint8_t, 2> pixels) {
          const char* name = words.data();
          a.pid = getpid();
          encode_to(mat_of(after, pixels.data()), name + std::strlen(name) + 1,
                    temporary_name(name, a.pid));
        },
        whole(names), whole(memory));
    outputs.publish(temporary_name(prefix, answer.pid), task.output);
    task.written = true;
    task.warning = loaded.warning;
    task.columns = after.columns;
    task.rows = after.rows;
  } catch (const SliceFailed& error) {
    losses.add(error.report());
    task.failure = reason_of(error.report(), error.slice());
  } catch (const std::exception& error) {
    task.failure = error.what();
  }
  return true;
}

}  // namespace tine::app
