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

#include <opencv2/core.hpp>

namespace tine::image {

/// A word that stands for a number.
struct Choice {
  std::string_view name;
  double value;
};

/// One number that an operation takes.
struct Parameter {
  enum class Kind : std::uint8_t { real, integer, odd, choice };

  std::string_view name;
  std::string_view help;
  std::string_view unit;
  double low;
  double high;
  double fallback;  ///< when it is not given
  Kind kind = Kind::real;
  std::span<const Choice> choices{};  ///< for Kind::choice: all its values, each with its word
};

/// The numbers of one step, in the order of the operation's parameters.
struct Values {
  static constexpr std::size_t capacity = 12;

  std::array<double, capacity> number{};
  /// What a global operation made of the histogram of the whole image: a value for each level.
  const std::uint8_t* table = nullptr;

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

/// An operation on images: its description, and a kernel on one cv::Mat that knows nothing of
/// processes, bands and jobs.
struct Operation {
  enum class Scope : std::uint8_t {
    local,   ///< a pixel depends on the rows within `halo` of it
    global,  ///< first the histogram of the whole image, then a local operation
    whole,   ///< needs the whole image at once; runs as one slice
  };
  using Kernel = void (*)(const cv::Mat& in, cv::Mat& out, const Values& values);

  std::string_view name;  ///< as in a chain; may be two words
  std::string_view help;  ///< one line
  std::span<const Parameter> parameters{};
  Scope scope = Scope::local;

  /// The images it takes.
  Accepts (*accepts)(const Values& values);
  /// The OpenCV type of its output for an input of an accepted type; nullptr: the input's.
  int (*output_type)(int type) = nullptr;
  /// Rows above and below a row that its output depends on; nullptr: 0.
  int (*halo)(const Values& values, int type) = nullptr;
  /// For Scope::whole: the size of the output; nullptr: the input's.
  cv::Size (*output_size)(const Values& values, cv::Size size) = nullptr;
  /// Throws InvalidArgument where values, each in its range, do not make sense together.
  void (*validate)(const Values& values) = nullptr;

  /// The kernel. `out` has its size and type already.
  Kernel run = nullptr;
  /// Whether, given a few rows of a larger Mat, the kernel looks at the rows around them. Else it
  /// gets those as a part of its image, and what it makes of them is thrown away.
  bool reads_around = false;
  /// For Scope::global: the numbers and the table (256 values) for `run`.
  Values (*resolve)(const Values& values, const Histogram& histogram,
                    std::uint8_t* table) = nullptr;
  /// The OpenCV calls that define the result, on a whole image. For Scope::local and Scope::whole,
  /// nullptr when they are `run` itself.
  Kernel reference = nullptr;
};

/// All operations, by name.
std::span<const Operation* const> operations();

/// The operation of this name; nullptr when there is none.
const Operation* find_operation(std::string_view name);

/// What an operation takes, for messages and help: "8-bit or 16-bit images with 1 or 3 channels".
std::string to_string(const Accepts& accepts);

}  // namespace tine::image
