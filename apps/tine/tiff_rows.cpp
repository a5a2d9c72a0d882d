// TIFF by libtiff (TIFF 6.0; BigTIFF).
#include <tiffio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "exit.hpp"
#include "output_bytes.hpp"
#include "row_formats.hpp"

namespace tine::app {

namespace {

// A strip or a row of tiles is decoded as a whole.
constexpr tmsize_t largest_piece = tmsize_t{256} << 20;

// What libtiff has to say, for a Failure.
int note(TIFF*, void* text, const char*, const char* format, va_list values) {
  char line[300];
  vsnprintf(line, sizeof line, format, values);
  auto& said = *static_cast<std::string*>(text);
  if (said.empty()) said = line;
  return 1;
}
int ignore(TIFF*, void*, const char*, const char*, va_list) {
  return 1;
}

class Tiff {
 public:
  Tiff(int descriptor, const char* mode) {
    TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
    TIFFOpenOptionsSetErrorHandlerExtR(options, note, &said_);
    TIFFOpenOptionsSetWarningHandlerExtR(options, ignore, nullptr);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, 2 * largest_piece);
    const int own = dup(descriptor);  // which libtiff closes
    if (own >= 0) tiff_ = TIFFFdOpenExt(own, "image", mode, options);
    if (tiff_ == nullptr && own >= 0) close(own);
    TIFFOpenOptionsFree(options);
    if (tiff_ == nullptr) throw failure("cannot be decoded");
  }
  ~Tiff() {
    if (tiff_ != nullptr) TIFFClose(tiff_);
  }
  Tiff(const Tiff&) = delete;
  Tiff& operator=(const Tiff&) = delete;

  TIFF* get() const { return tiff_; }
  Failure failure(const char* what) const {
    return Failure(said_.empty() ? std::string(what) : fmt::format("{}: {}", what, said_));
  }
  template <class T>
  T tag(std::uint32_t which, T otherwise) const {
    T value = otherwise;
    return TIFFGetFieldDefaulted(tiff_, which, &value) == 1 ? value : otherwise;
  }

 private:
  std::string said_;
  TIFF* tiff_ = nullptr;
};

class TiffFile : public RowFile {
 public:
  // "m": no mapping, which a file that shrinks would make a SIGBUS.
  explicit TiffFile(int descriptor) : tiff_(descriptor, "rm") {
    const auto bits = tiff_.tag<std::uint16_t>(TIFFTAG_BITSPERSAMPLE, 1);
    const auto channels = tiff_.tag<std::uint16_t>(TIFFTAG_SAMPLESPERPIXEL, 1);
    const auto kind = tiff_.tag<std::uint16_t>(TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    const auto colours = tiff_.tag<std::uint16_t>(TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
    const bool floats = bits == 32 && kind == SAMPLEFORMAT_IEEEFP;
    const bool numbers = (bits == 8 || bits == 16) && kind == SAMPLEFORMAT_UINT;
    const bool known = channels == 1
                           ? colours == PHOTOMETRIC_MINISBLACK
                           : colours == PHOTOMETRIC_RGB && (channels == 3 || channels == 4);
    supported_ = (floats || numbers) && known &&
                 (channels == 1 || tiff_.tag<std::uint16_t>(TIFFTAG_PLANARCONFIG, 1) == 1) &&
                 tiff_.tag<std::uint16_t>(TIFFTAG_ORIENTATION, 1) == 1;
    if (!supported_) return;
    shape_ = image_shape(tiff_.tag<std::uint32_t>(TIFFTAG_IMAGELENGTH, 0),
                         tiff_.tag<std::uint32_t>(TIFFTAG_IMAGEWIDTH, 0),
                         CV_MAKETYPE(floats       ? CV_32F
                                     : bits == 16 ? CV_16U
                                                  : CV_8U,
                                     channels));
    tiled_ = TIFFIsTiled(tiff_.get()) != 0;
    piece_rows_ = tiled_ ? tiff_.tag<std::uint32_t>(TIFFTAG_TILELENGTH, 0)
                         : tiff_.tag<std::uint32_t>(TIFFTAG_ROWSPERSTRIP, 1);
    piece_columns_ = tiled_ ? tiff_.tag<std::uint32_t>(TIFFTAG_TILEWIDTH, 0)
                            : static_cast<std::uint32_t>(shape_.columns);
    piece_rows_ = std::min(piece_rows_, static_cast<std::uint32_t>(shape_.rows));
    piece_bytes_ = tiled_ ? TIFFTileSize(tiff_.get()) : TIFFStripSize(tiff_.get());
    if (piece_rows_ == 0 || piece_columns_ == 0 || piece_bytes_ <= 0)
      throw tiff_.failure("cannot be decoded");
    if (piece_bytes_ > largest_piece)
      throw Failure(fmt::format("has {} of {} MiB; at most {} can be done",
                                tiled_ ? "tiles" : "strips", piece_bytes_ >> 20,
                                largest_piece >> 20));
  }

  bool supported() const { return supported_; }
  image::Shape shape() const override { return shape_; }

  void read(int first, cv::Mat& rows) override {
    piece_.resize(static_cast<std::size_t>(piece_bytes_));
    const auto begin = static_cast<std::uint32_t>(first);
    const std::uint32_t end = begin + static_cast<std::uint32_t>(rows.rows);
    for (std::uint32_t y = begin / piece_rows_ * piece_rows_; y < end; y += piece_rows_)
      for (std::uint32_t x = 0; x < static_cast<std::uint32_t>(shape_.columns); x += piece_columns_)
        read_piece(x, y, begin, end, rows);
    swap_red_and_blue(rows);
  }

 private:
  // The part of a strip or a tile that is among the rows from `begin` to `end`.
  void read_piece(std::uint32_t x, std::uint32_t y, std::uint32_t begin, std::uint32_t end,
                  cv::Mat& rows) {
    const std::size_t pixel = CV_ELEM_SIZE(shape_.type), stride = piece_columns_ * pixel;
    const std::uint32_t from = std::max(y, begin),
                        to = std::min(
                            {y + piece_rows_, end, static_cast<std::uint32_t>(shape_.rows)});
    const tmsize_t got =
        tiled_ ? TIFFReadEncodedTile(tiff_.get(), TIFFComputeTile(tiff_.get(), x, y, 0, 0),
                                     piece_.data(), piece_bytes_)
               : TIFFReadEncodedStrip(tiff_.get(), TIFFComputeStrip(tiff_.get(), y, 0),
                                      piece_.data(), piece_bytes_);
    if (got < static_cast<tmsize_t>((to - y) * stride)) throw tiff_.failure("is damaged");
    const std::size_t bytes =
        pixel *
        std::min<std::size_t>(piece_columns_, static_cast<std::uint32_t>(shape_.columns) - x);
    for (std::uint32_t row = from; row < to; ++row)
      std::memcpy(rows.ptr(static_cast<int>(row - begin)) + x * pixel,
                  piece_.data() + (row - y) * stride, bytes);
  }

  Tiff tiff_;
  bool supported_ = false, tiled_ = false;
  image::Shape shape_;
  std::uint32_t piece_rows_ = 0, piece_columns_ = 0;
  tmsize_t piece_bytes_ = 0;
  std::vector<std::uint8_t> piece_;
};

class TiffSink : public RowSink {
 public:
  // Without compression: it would be one process's work.
  TiffSink(int descriptor, const image::Shape& shape)
      : file_(descriptor),
        tiff_(descriptor, bytes_of(shape) > (std::uint64_t{4000} << 20) ? "w8" : "w") {
    const int depth = CV_MAT_DEPTH(shape.type), channels = CV_MAT_CN(shape.type);
    TIFF* tiff = tiff_.get();
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(shape.columns));
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(shape.rows));
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, depth == CV_8U ? 8 : depth == CV_16U ? 16 : 32);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, channels);
    TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT,
                 depth == CV_32F ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC,
                 channels == 1 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, TIFFDefaultStripSize(tiff, 0));
  }

  void write(const cv::Mat& rows) override {
    for (int y = 0; y < rows.rows; ++y) {
      cv::Mat row = rows.row(y).clone();
      swap_red_and_blue(row);
      if (TIFFWriteScanline(tiff_.get(), row.data, next_++, 0) != 1)
        throw tiff_.failure("the output cannot be written");
    }
  }
  void finish() override {
    if (TIFFFlush(tiff_.get()) != 1) throw tiff_.failure("the output cannot be written");
    sync_output(file_);
  }

 private:
  static std::uint64_t bytes_of(const image::Shape& shape) {
    return static_cast<std::uint64_t>(shape.rows) * static_cast<std::uint64_t>(shape.columns) *
           CV_ELEM_SIZE(shape.type);
  }

  int file_;
  Tiff tiff_;
  std::uint32_t next_ = 0;
};

}  // namespace

std::unique_ptr<RowFile> open_tiff_rows(int descriptor, std::span<const std::uint8_t> head) {
  if (head.size() < 8 ||
      (std::memcmp(head.data(), "II", 2) != 0 && std::memcmp(head.data(), "MM", 2) != 0))
    return nullptr;
  auto file = std::make_unique<TiffFile>(descriptor);
  if (!file->supported()) return nullptr;
  return file;
}

std::unique_ptr<RowSink> write_tiff_rows(int descriptor, const image::Shape& shape) {
  return std::make_unique<TiffSink>(descriptor, shape);
}

}  // namespace tine::app
