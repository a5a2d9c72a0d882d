#include "decompress.hpp"

#include <errno.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "exit.hpp"
#include "machine.hpp"

namespace tine::app {

namespace {

constexpr std::size_t block = 1 << 20;

/// The compressed file, from top to bottom.
class Input {
 public:
  Input(int file, const std::function<void(std::uint64_t)>& progress)
      : file_(file), progress_(progress) {}

  /// Bytes that are there and not taken; at its end none.
  std::string_view peek() {
    if (from_ < to_) return {buffer_.data() + from_, to_ - from_};
    done_ += to_;
    from_ = to_ = 0;
    progress_(done_);
    for (;;) {
      const ssize_t got = pread(file_, buffer_.data(), buffer_.size(), static_cast<off_t>(done_));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw Failure(fmt::format("cannot be read: {}", strerror(errno)));
      to_ = static_cast<std::size_t>(got);
      return {buffer_.data(), to_};
    }
  }
  void take(std::size_t bytes) { from_ += bytes; }
  std::uint64_t position() const { return done_ + from_; }

 private:
  int file_;
  const std::function<void(std::uint64_t)>& progress_;
  std::vector<char> buffer_ = std::vector<char>(block);
  std::size_t from_ = 0, to_ = 0;
  std::uint64_t done_ = 0;
};

class Output {
 public:
  Output(int file, std::uint64_t most) : file_(file), most_(most) {}

  /// An earlier attempt may have written already: at its own place, the same.
  void write(const char* data, std::size_t bytes) {
    if (bytes > most_ - size_)
      throw Failure(fmt::format(
          "holds more than {}, and there is no room for that; TMPDIR names a folder with more",
          bytes_text(static_cast<double>(most_))));
    while (bytes > 0) {
      const ssize_t put = pwrite(file_, data, bytes, static_cast<off_t>(size_));
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0)
        throw Failure(fmt::format("cannot be decompressed beyond {}: {}",
                                  bytes_text(static_cast<double>(size_)), strerror(errno)));
      data += put;
      bytes -= static_cast<std::size_t>(put);
      size_ += static_cast<std::uint64_t>(put);
    }
  }
  std::uint64_t size() const { return size_; }

 private:
  int file_;
  std::uint64_t most_, size_ = 0;
};

[[noreturn]] void fail_at(const Input& input, const std::string& why) {
  throw Failure(fmt::format("{}, near byte {} of the compressed file", why, input.position()));
}

void expand_gzip(Input& input, Output& output) {
  struct Stream : z_stream {
    Stream() : z_stream{} {
      constexpr int gzip_only = 16;
      if (inflateInit2(this, MAX_WBITS + gzip_only) != Z_OK) throw std::bad_alloc();
    }
    ~Stream() { inflateEnd(this); }
  } stream;
  std::vector<char> expanded(block);
  for (bool within = true;;) {  // a member
    const std::string_view in = input.peek();
    if (in.empty()) {
      if (within) fail_at(input, "truncated: gzip data ends before its time");
      return;
    }
    if (!within) {
      // Members may follow, or zeros, with which tapes and some programs fill their blocks.
      const std::size_t zeros = std::min(in.find_first_not_of('\0'), in.size());
      input.take(zeros);
      if (zeros > 0) continue;
      inflateReset(&stream);
      within = true;
    }
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(expanded.data());
    stream.avail_out = static_cast<uInt>(expanded.size());
    const int status = inflate(&stream, Z_NO_FLUSH);
    input.take(in.size() - stream.avail_in);
    output.write(expanded.data(), expanded.size() - stream.avail_out);
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status == Z_STREAM_END)
      within = false;
    else if (status != Z_OK && status != Z_BUF_ERROR)
      fail_at(input,
              fmt::format("corrupt gzip data ({})", stream.msg != nullptr ? stream.msg : "?"));
  }
}

void expand_zstd(Input& input, Output& output) {
  const std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(ZSTD_createDStream(),
                                                                          ZSTD_freeDStream);
  if (stream == nullptr) throw std::bad_alloc();
  std::vector<char> expanded(block);
  std::size_t wanted = 0;      // 0: between frames
  bool more_to_write = false;  // that needs no more input
  for (;;) {
    std::string_view in;
    if (!more_to_write) {
      in = input.peek();
      if (in.empty()) {
        if (wanted != 0) fail_at(input, "truncated: zstd data ends before its time");
        return;
      }
    }
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{expanded.data(), expanded.size(), 0};
    wanted = ZSTD_decompressStream(stream.get(), &to, &from);
    if (ZSTD_isError(wanted))
      fail_at(input, fmt::format("corrupt zstd data ({})", ZSTD_getErrorName(wanted)));
    input.take(from.pos);
    output.write(expanded.data(), to.pos);
    more_to_write = to.pos == to.size && wanted != 0;
  }
}

}  // namespace

std::optional<Compression> compression_of(std::string_view beginning) {
  using namespace std::string_view_literals;
  if (beginning.starts_with("\x1f\x8b"sv)) return Compression::gzip;
  if (beginning.starts_with("\x28\xb5\x2f\xfd"sv)) return Compression::zstd;
  // A frame to be skipped, as pzstd begins its files with.
  if (beginning.size() >= 4 && (beginning[0] & 0xf0) == 0x50 &&
      beginning.substr(1, 3) == "\x2a\x4d\x18"sv)
    return Compression::zstd;
  return std::nullopt;
}

std::uint64_t decompress(Compression how, int input, int output, std::uint64_t most,
                         const std::function<void(std::uint64_t)>& progress) {
  Input from(input, progress);
  Output to(output, most);
  if (how == Compression::gzip)
    expand_gzip(from, to);
  else
    expand_zstd(from, to);
  return to.size();
}

}  // namespace tine::app
