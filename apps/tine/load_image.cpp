#include "load_image.hpp"

#include "ask_worker.hpp"
#include "worker_files.hpp"

namespace tine::app {

namespace {

ImageFile read_input(std::size_t task, const Limits& limits) {
  const auto files = ask_for_files(task, FileRequest::want_input);
  if (!files) throw Failure("is done with already");
  return read_image_file(files->input.get(), limits);
}

}  // namespace

Probed probe_image(const PoolWith& on, std::size_t task, const Limits& limits, Losses& losses) {
  const Answer answer = ask_worker(on, losses, [task, limits](Answer& a) {
    const ImageFile f = read_input(task, limits);
    a.pixels = f.pixels;
    a.bytes = f.decoded_bytes;
    if (f.format == "JPEG") {
      const cv::Size size = upright_size(f, Metadata(f.bytes));
      a.rows = size.height;
      a.columns = size.width;
    }
  });
  return {answer.pixels, answer.bytes, {answer.columns, answer.rows}};
}

Loaded load_image(const PoolWith& on, std::size_t task, const Limits& limits, const Probed& probed,
                  int reduction, Losses& losses) {
  Loaded loaded{on.pool.array<std::uint8_t>(1, probed.bytes), {}, {}};
  const Answer answer = ask_worker(
      on, losses,
      [task, limits, reduction](Answer& a, View<std::uint8_t, 2> room) {
        std::string warning;
        const ImageFile file = read_input(task, limits);
        const cv::Mat image = decode(file, Metadata(file.bytes), warning, reduction);
        const std::size_t bytes = image.total() * image.elemSize();
        if (bytes > room.size()) throw Failure("has more pixels than it says");
        cv::Mat place(image.rows, image.cols, image.type(), room.data());
        image.copyTo(place);
        a.rows = image.rows;
        a.columns = image.cols;
        a.type = image.type();
        a.text = warning;
      },
      out(loaded.memory));
  loaded.image = cv::Mat(answer.rows, answer.columns, answer.type, loaded.memory.data());
  loaded.warning = answer.text.str();
  return loaded;
}

}  // namespace tine::app
