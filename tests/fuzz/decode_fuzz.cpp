// Image files, decoded in a worker as `tine image` does it: in its sandbox, from a descriptor that
// the file server passes.
//
// What the master does is to serve the file and to look at the answer. A fault of the worker, a
// deadline that it misses, and an image other than the one that the first look promised are
// findings. The fuzzer is guided by what the worker ran, and by what decoders, which are not ours
// and not instrumented, have said.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include <tine/error.hpp>
#include <tine/for_each_slice.hpp>

#include "decode.hpp"
#include "file_server.hpp"
#include "require.hpp"
#include "sniff.hpp"
#include "worker_coverage.hpp"
#include "worker_files.hpp"
#include "worker_setup.hpp"

using namespace std::chrono_literals;
namespace app = tine::app;

namespace {

constexpr app::Limits limits{.pixels = 1 << 18};
constexpr std::uint64_t largest_pixel = 32;  // four doubles

/// What the worker says of a file.
struct Answer {
  bool decoded = false;
  std::uint64_t largest = 0;  // bytes of the largest cv::Mat that was made
  std::int32_t rows = 0, columns = 0, type = 0;
  char message[300] = {};
};

/// OpenCV's allocator; it notes how large the Mats are that it makes.
class Allocator : public cv::MatAllocator {
 public:
  mutable std::uint64_t largest = 0;

  cv::UMatData* allocate(int dimensions, const int* sizes, int type, void* data, std::size_t* step,
                         cv::AccessFlag access, cv::UMatUsageFlags usage) const override {
    std::uint64_t bytes = CV_ELEM_SIZE(type);
    for (int i = 0; i < dimensions; ++i) bytes *= static_cast<std::uint64_t>(sizes[i]);
    largest = std::max(largest, data == nullptr ? bytes : 0);
    return cv::Mat::getStdAllocator()->allocate(dimensions, sizes, type, data, step, access, usage);
  }
  bool allocate(cv::UMatData* data, cv::AccessFlag access,
                cv::UMatUsageFlags usage) const override {
    return cv::Mat::getStdAllocator()->allocate(data, access, usage);
  }
  void deallocate(cv::UMatData* data) const override {
    cv::Mat::getStdAllocator()->deallocate(data);
  }
} allocator;

app::ImageFile read_input() {
  const auto files = app::ask_for_files(0, app::FileRequest::want_input);
  return app::read_image_file(files->input.get(), limits);
}

struct Decoder {
  app::WorkerSetup setup = app::prepare_workers(true);
  tine::Pool pool{{.workers = 1, .reserve = 64 << 20, .worker_start = app::start_worker}};
  int file = memfd_create("input", MFD_CLOEXEC);
  app::FileServer server{std::move(setup.door), {task()}, false};
  tine::Array<Answer> answer = pool.array<Answer>(1);
  tine::Array<std::uint8_t, 2> edges = pool.array<std::uint8_t>(1, edge_counters().size() + 1);

  app::Task task() const {
    app::Task only;
    only.input = "/proc/self/fd/" + std::to_string(file);
    return only;
  }
  void ask(std::span<const std::uint8_t> bytes);
};

void Decoder::ask(std::span<const std::uint8_t> bytes) {
  require(ftruncate(file, static_cast<off_t>(bytes.size())) == 0 &&
              pwrite(file, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()),
          "the input could not be handed over");
  tine::for_each_slice(
      pool.with({.attempts = 1, .slice_deadline = 20s}), tine::slices(1),
      [](const tine::Slice&, std::span<Answer> says, tine::View<std::uint8_t, 2> ran) {
        Answer a;
        allocator.largest = 0;
        cv::Mat::setDefaultAllocator(&allocator);
        std::string message;
        const auto counters = edge_counters();
        if (!counters.empty()) std::memset(counters.data(), 0, counters.size());
        try {
          const app::ImageFile file = read_input();
          const cv::Mat image = app::decode(file, app::Metadata(file.bytes), message);
          a.decoded = true;
          a.rows = image.rows;
          a.columns = image.cols;
          a.type = image.type();
        } catch (const std::exception& error) {
          message = error.what();
        }
        a.largest = allocator.largest;
        if (!counters.empty()) std::memcpy(ran.data(), counters.data(), counters.size());
        std::memcpy(a.message, message.data(), std::min(message.size(), sizeof a.message - 1));
        says[0] = a;
      },
      tine::out(answer), tine::out(edges));
}

/// Something new has happened when a decoder says something new, numbers apart, or makes another
/// kind of image.
__attribute__((section("__libfuzzer_extra_counters"))) std::uint8_t outcomes[1 << 12];
void note_outcome(const Answer& a) {
  std::string text = a.message;
  std::erase_if(text, [](unsigned char c) { return std::isdigit(c); });
  outcomes[std::hash<std::string>{}(text + char('A' + a.type)) % std::size(outcomes)] = 1;
}

Decoder* decoder = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  decoder = new Decoder;
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(data, size);
  try {
    decoder->ask(bytes);
  } catch (const tine::JobError& error) {
    std::fprintf(stderr, "%s\n%s", error.what(), error.report().to_string().c_str());
    require(false, "the worker did not come back with an answer");
  }
  const app::Sniffed s = app::sniff(bytes);
  const Answer& a = decoder->answer[0];
  // What the worker ran takes the place of what this process did.
  const auto counters = edge_counters();
  if (!counters.empty()) std::memcpy(counters.data(), decoder->edges.data(), counters.size());
  note_outcome(a);

  require(a.largest <= limits.pixels * largest_pixel, "more memory than the limit allows");
  if (!a.decoded) {
    require(a.message[0] != '\0', "refused without a reason");
    return 0;
  }
  const auto rows = static_cast<std::uint64_t>(a.rows),
             columns = static_cast<std::uint64_t>(a.columns);
  require(s.trouble.empty(), "decoded against the first look");
  require(a.rows > 0 && a.columns > 0, "decoded to nothing");
  require(rows * columns <= limits.pixels, "more pixels than the limit");
  const bool as_is = columns == s.width && rows == s.height;
  const bool turned =
      (s.format == "JPEG" || s.format == "TIFF") && columns == s.height && rows == s.width;
  require(as_is || turned, "other dimensions than the first look promised");
  require(static_cast<std::size_t>(CV_ELEM_SIZE(a.type)) <= s.pixel_bytes,
          "larger pixels than the first look promised");
  return 0;
}
