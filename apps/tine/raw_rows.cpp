#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cstring>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "exit.hpp"
#include "output_bytes.hpp"
#include "row_formats.hpp"

namespace tine::app {

namespace {

std::size_t row_bytes(const image::Shape& shape) {
  return static_cast<std::size_t>(shape.columns) * CV_ELEM_SIZE(shape.type);
}

class RawFile : public RowFile {
 public:
  RawFile(int descriptor, const RawRows& rows) : file_(descriptor), rows_(rows) {}
  image::Shape shape() const override { return rows_.shape; }

  void read(int first, cv::Mat& rows) override {
    const std::size_t bytes = row_bytes(rows_.shape);
    for (int y = 0; y < rows.rows; ++y) {
      const auto at = rows_.offset + static_cast<std::uint64_t>(first + y) * bytes;
      for (std::size_t have = 0; have < bytes;) {
        const ssize_t got =
            pread(file_, rows.ptr(y) + have, bytes - have, static_cast<off_t>(at + have));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw Failure(fmt::format("cannot be read: {}", strerror(errno)));
        if (got == 0) throw Failure("truncated: fewer bytes than pixels");
        have += static_cast<std::size_t>(got);
      }
    }
    to_byte_order(rows, rows_.big_endian);
    swap_red_and_blue(rows);
  }

 private:
  int file_;
  RawRows rows_;
};

class RawSink : public RowSink {
 public:
  RawSink(int descriptor, const std::string& header, bool big_endian)
      : file_(descriptor), big_endian_(big_endian) {
    write_bytes(file_, header.data(), header.size());
  }

  void write(const cv::Mat& rows) override {
    // Some at a time: what is swapped is a copy.
    for (int y = 0; y < rows.rows; y += 64) {
      cv::Mat part = rows.rowRange(y, std::min(y + 64, rows.rows)).clone();
      swap_red_and_blue(part);
      to_byte_order(part, big_endian_);
      write_bytes(file_, part.data, part.total() * part.elemSize());
    }
  }
  void finish() override { sync_output(file_); }

 private:
  int file_;
  bool big_endian_;
};

}  // namespace

image::Shape image_shape(std::uint64_t rows, std::uint64_t columns, int type) {
  constexpr std::uint64_t most = 1 << 30;  // of rows; the bytes of a row have to fit an int
  const std::uint64_t most_columns = INT32_MAX / CV_ELEM_SIZE(type);
  if (rows == 0 || columns == 0) throw Failure("the image has no pixels");
  if (rows > most || columns > most_columns)
    throw Failure(fmt::format("claims {} x {} pixels; at most {} x {} can be done", columns, rows,
                              most_columns, most));
  return {static_cast<int>(rows), static_cast<int>(columns), type};
}

std::unique_ptr<RowFile> open_raw_rows(int descriptor, const RawRows& rows) {
  struct stat about;
  if (fstat(descriptor, &about) != 0)
    throw Failure(fmt::format("cannot be read: {}", strerror(errno)));
  if (static_cast<std::uint64_t>(about.st_size) <
      rows.offset + static_cast<std::uint64_t>(rows.shape.rows) * row_bytes(rows.shape))
    throw Failure("truncated: fewer bytes than pixels");
  return std::make_unique<RawFile>(descriptor, rows);
}

std::unique_ptr<RowSink> write_raw_rows(int descriptor, const std::string& header,
                                        bool big_endian) {
  return std::make_unique<RawSink>(descriptor, header, big_endian);
}

void swap_red_and_blue(cv::Mat& rows) {
  if (rows.channels() > 1 && (rows.depth() == CV_32S || rows.depth() == CV_64F)) {
    cv::Mat blue, red;  // cvtColor() takes neither of these types
    cv::extractChannel(rows, blue, 0);
    cv::extractChannel(rows, red, 2);
    cv::insertChannel(red, rows, 0);
    cv::insertChannel(blue, rows, 2);
    return;
  }
  if (rows.channels() == 3) cv::cvtColor(rows, rows, cv::COLOR_BGR2RGB);
  if (rows.channels() == 4) cv::cvtColor(rows, rows, cv::COLOR_BGRA2RGBA);
}

void to_byte_order(cv::Mat& rows, bool big_endian) {
  if (big_endian == (std::endian::native == std::endian::big)) return;
  const std::size_t values = static_cast<std::size_t>(rows.cols) * rows.channels();
  for (int y = 0; y < rows.rows && rows.depth() != CV_8U; ++y)
    if (rows.depth() == CV_16U)
      for (auto *v = rows.ptr<std::uint16_t>(y), *end = v + values; v != end; ++v)
        *v = __builtin_bswap16(*v);
    else
      for (auto *v = rows.ptr<std::uint32_t>(y), *end = v + values; v != end; ++v)
        *v = __builtin_bswap32(*v);
}

}  // namespace tine::app
