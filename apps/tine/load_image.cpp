#include "load_image.hpp"

#include <string_view>

#include "ask_worker.hpp"

namespace tine::app {

namespace {

Array<char> shared_path(Pool& pool, const std::string& path) {
  return pool.array_from(std::string_view(path.c_str(), path.size() + 1));
}

}  // namespace

Probed probe_image(const PoolWith& on, const std::string& path, const Limits& limits,
                   Losses& losses) {
  const auto name = shared_path(on.pool, path);
  const Answer answer = ask_worker(
      on, losses,
      [limits](Answer& a, std::span<const char> file) {
        const ImageFile f = read_image_file(file.data(), limits);
        a.pixels = f.pixels;
        a.bytes = f.decoded_bytes;
      },
      whole(name));
  return {answer.pixels, answer.bytes};
}

Loaded load_image(const PoolWith& on, const std::string& path, const Limits& limits,
                  const Probed& probed, Losses& losses) {
  const auto name = shared_path(on.pool, path);
  Loaded loaded{on.pool.array<std::uint8_t>(1, probed.bytes), {}, {}};
  const Answer answer = ask_worker(
      on, losses,
      [limits](Answer& a, std::span<const char> file, View<std::uint8_t, 2> room) {
        std::string warning;
        const cv::Mat image = decode(read_image_file(file.data(), limits), warning);
        const std::size_t bytes = image.total() * image.elemSize();
        if (bytes > room.size()) throw Failure("has more pixels than it says");
        std::memcpy(room.data(), image.data, bytes);
        a.rows = image.rows;
        a.columns = image.cols;
        a.type = image.type();
        a.set_message(warning);
      },
      whole(name), out(loaded.memory));
  loaded.image = cv::Mat(answer.rows, answer.columns, answer.type, loaded.memory.data());
  loaded.warning = answer.message;
  return loaded;
}

}  // namespace tine::app
