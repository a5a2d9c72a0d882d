/// @file
/// The registry of image operations: what the C++ interface, the chains of the command line, their
/// error messages and their help are all made from.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <opencv2/core.hpp>

#include <tine/partition.hpp>

namespace tine::image {

/// A word that stands for a number.
struct Choice {
  std::string_view name;
  double value;
};

/// One number that an operation takes, or a list of them, or the name of an image file.
struct Parameter {
  enum class Kind : std::uint8_t { real, integer, odd, choice, list, file };

  std::string_view name;
  std::string_view help;
  std::string_view unit;  ///< for Kind::file: the extension of such a file
  double low;
  double high;
  double fallback;  ///< when it is not given
  Kind kind = Kind::real;
  std::span<const Choice> choices{};  ///< for Kind::choice: all its values, each with its word
};

/// The most numbers in a parameter of Kind::list, of which an operation has at most one.
inline constexpr std::size_t list_capacity = 31 * 31;

/// Rows, columns and OpenCV type of an image.
struct Shape {
  int rows = 0;
  int columns = 0;
  int type = CV_8UC1;
  friend bool operator==(const Shape&, const Shape&) = default;
};

/// Pixels that lie somewhere else.
struct Pixels {
  Shape shape{};
  const std::uint8_t* data = nullptr;
  std::size_t step = 0;  ///< bytes from one row to the next

  Pixels() = default;
  explicit Pixels(const cv::Mat& image)
      : shape{image.rows, image.cols, image.type()}, data(image.data), step(image.step[0]) {}
  bool empty() const { return data == nullptr; }
  cv::Mat mat() const {
    return {shape.rows, shape.columns, shape.type, const_cast<std::uint8_t*>(data), step};
  }
};

/// What one step takes beside its input: numbers in the order of the operation's parameters. For
/// Kind::list it is how many there are, for Kind::file it says nothing.
struct Values {
  static constexpr std::size_t capacity = 12;

  std::array<double, capacity> number{};
  /// What a global operation made of the histogram of the whole image: a value for each level.
  const std::uint8_t* table = nullptr;
  /// The numbers of a list; for kernels only.
  std::span<const double> list{};
  /// The second image, of a parameter of Kind::file, as Operation::operand has made it.
  Pixels operand{};
  /// Whether the output is too large for the caches, and should be written past them; for kernels only.
  bool streams = false;

  double operator[](std::size_t i) const { return number[i]; }
};

/// The images an operation takes, as sets of bits.
struct Accepts {
  unsigned depths = 0;    ///< bit CV_8U, CV_16U, CV_32F
  unsigned channels = 0;  ///< bit 1, 3, 4
};

/// How many pixels of an 8-bit image have each level.
struct Histogram {
  std::array<std::uint32_t, 256> count{};
};

/// Where the bands that a kernel gets lie in the whole images.
struct Place {
  Shape input, output;  ///< the whole images
  int input_row = 0;    ///< what the first row of `in` is in the whole input
  int output_row = 0;   ///< what the first row of `out` is in the whole output
};

/// What the slices of an earlier phase found out: from each of them as many bytes.
struct Records {
  const std::uint8_t* data = nullptr;
  std::size_t stride = 0;  ///< bytes from one to the next, a multiple of 64
  std::size_t count = 0;

  template <class T>
  const T* of(std::size_t slice) const {
    return reinterpret_cast<const T*>(data + slice * stride);
  }
};

/// What a phase sees.
struct PhaseInput {
  cv::Mat image;    ///< the whole input
  Partition bands;  ///< how its rows are cut; depends on sizes alone
  Values values;
  std::array<Records, 2> found{};  ///< by the phases before this one
};

/// What has been found in an image: columns of numbers.
struct Table {
  std::vector<std::string> names;  ///< of the columns
  cv::Mat_<double> values;
};

/// A step on the way to a result that depends on the whole image. Its slices run in any order, on
/// any process, and may be run again; each writes its own record, and may read those of earlier phases.
struct Phase {
  /// How many slices there are; nullptr: one for each band.
  std::size_t (*slices)(const PhaseInput& input) = nullptr;
  /// Bytes of a record.
  std::size_t (*bytes)(const PhaseInput& input);
  /// Fills the record of a slice; it comes zeroed and aligned to 64 bytes.
  void (*run)(const PhaseInput& input, std::size_t slice, std::uint8_t* record);
};

/// An operation on images: its description, and a kernel on one cv::Mat that knows nothing of
/// processes and jobs.
struct Operation {
  enum class Scope : std::uint8_t {
    local,   ///< a pixel depends on the rows within `halo` of it
    mapped,  ///< rows of the output depend on some rows of the input: `source_rows`
    global,  ///< first the histogram of the whole image, then a local operation
    phased,  ///< `phases`, one after another, each on all bands; then `finish` on all bands
    whole,   ///< needs the whole image at once; runs as one slice
  };
  using Kernel = void (*)(const cv::Mat& in, cv::Mat& out, const Values& values);

  std::string_view name;  ///< as in a chain; may be two words
  std::string_view help;  ///< one line
  std::span<const Parameter> parameters{};
  Scope scope = Scope::local;

  /// The operation that does its work on images of a type which need another way to the result;
  /// nullptr, or what returns nullptr: itself. Name, parameters and `accepts` are this one's.
  const Operation* (*variant)(const Values& values, int type) = nullptr;
  /// For Scope::global: the operation in phases that is faster where the whole image is in memory.
  const Operation* in_phases = nullptr;

  /// For a parameter of Kind::file, of which an operation has at most one: what the kernel gets of its
  /// image. Throws InvalidArgument for an image that is of no use.
  cv::Mat (*operand)(const cv::Mat& image) = nullptr;

  /// The images it takes.
  Accepts (*accepts)(const Values& values);
  /// The OpenCV type of its output for an input of an accepted type; nullptr: the input's.
  int (*output_type)(int type) = nullptr;
  /// Rows above and below a row that its output depends on; nullptr: 0.
  int (*halo)(const Values& values, int type) = nullptr;
  /// The size of the output; nullptr: the input's. Not for Scope::local and Scope::global.
  cv::Size (*output_size)(const Values& values, cv::Size size) = nullptr;
  /// Throws InvalidArgument where values, each in its range, do not make sense together.
  void (*validate)(const Values& values) = nullptr;

  /// The kernel. `out` has its size and type already.
  Kernel run = nullptr;
  /// Whether, given a few rows of a larger Mat, the kernel looks at the rows around them. Else it
  /// gets those as a part of its image, and what it makes of them is thrown away.
  bool reads_around = false;

  /// For Scope::mapped: the input rows that rows `want` of the output are made from, at least one.
  Range (*source_rows)(const Values& values, const Place& whole, Range want) = nullptr;
  /// For Scope::mapped, in place of `run`: makes rows of the output from rows of the input.
  void (*run_at)(const cv::Mat& in, cv::Mat& out, const Place& place,
                 const Values& values) = nullptr;

  /// For Scope::global: the numbers and the table (256 values) for `run`.
  Values (*resolve)(const Values& values, const Histogram& histogram,
                    std::uint8_t* table) = nullptr;

  /// For Scope::phased: at most two, and what then makes rows `rows` of the output, a band (the
  /// bands of the output have as many rows as those of the input).
  std::span<const Phase> phases{};
  void (*finish)(const PhaseInput& input, Range rows, cv::Mat& out) = nullptr;

  /// For Scope::phased: what the phases have found, as a table; nullptr where only the image counts.
  /// Stands any bytes in their records, which processes may have written that are not to be trusted.
  Table (*list)(const PhaseInput& input) = nullptr;

  /// The OpenCV calls that define the result, on a whole image; nullptr when they are `run` itself.
  Kernel reference = nullptr;
};

/// All operations, by name.
std::span<const Operation* const> operations();

/// The operation of this name; nullptr when there is none.
const Operation* find_operation(std::string_view name);

/// What an operation takes, for messages and help: "8-bit or 16-bit images with 1 or 3 channels".
std::string to_string(const Accepts& accepts);

}  // namespace tine::image
