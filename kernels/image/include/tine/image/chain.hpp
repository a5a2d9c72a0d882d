/// @file
/// Operations one after another, run as few passes over the image as they allow.
#pragma once

#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <opencv2/core.hpp>

#include <tine/image/operation.hpp>
#include <tine/opencv.hpp>
#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::image {

/// One operation of a chain and what it takes beside its input.
struct Step {
  const Operation* operation = nullptr;
  Values values;
  std::vector<double> list{};  ///< for an operation with a parameter of Kind::list
  std::string file{};          ///< for one of Kind::file: its name, if the chain comes from text
  cv::Mat operand{};           ///< the image of that file; `values.operand` are its pixels
};

/// How a chain is to be cut.
struct ChainOptions {
  /// Rows in a band; 0: chosen from the image's width, the chain and the size of a core's L2
  /// cache, and so that all workers have enough of them. The result does not depend on it; what
  /// is given up as a whole when a policy says quarantine does.
  int band_rows = 0;
};

/// A sequence of image operations, made from text or composed:
///
/// @code
/// using namespace tine::image;
/// const Chain edges = gaussian(2.0) | sobel() | threshold(otsu);     // filters.hpp
/// const Chain same = Chain::parse("gaussian sigma=2 | sobel | threshold otsu");
/// edges(pool, photo, out);
/// @endcode
///
/// Local operations run fused: full-width bands of the image go through all of them while they are
/// in a core's cache, each band with as many rows around it as the operations together look at. A
/// global operation (threshold otsu, equalize) begins a new pass over the image; its histogram is
/// taken in the pass before. The result is bit for bit that of the same OpenCV calls one after
/// another on the whole image, on any number of workers, with any height of the bands, and after
/// workers died.
///
/// A Chain is an ordinary value; const member functions may be called from any thread.
class Chain {
 public:
  /// The identity.
  Chain() = default;

  /// One operation; parameters that are not given have their defaults. Throws InvalidArgument for
  /// a name that is not there or a value out of range. A parameter of Kind::list takes its numbers from
  /// `list`, whatever its value, and one of Kind::file its name from `file`.
  static Chain of(std::string_view name, std::span<const double> values,
                  std::span<const double> list = {}, std::string_view file = {});
  static Chain of(std::string_view name, std::initializer_list<double> values = {}) {
    return of(name, std::span(values.begin(), values.size()));
  }

  /// A chain from text: operations separated by `|`, each a name followed by its parameters as
  /// `name=value`, or as values alone in their order. What is in double quotes is one word, so that a
  /// file may have any name. No file is opened: see with_operands(). Throws InvalidArgument that says
  /// which word is wrong and what could have been meant.
  static Chain parse(std::string_view text);

  /// The same chain, in which each step that takes a second image has the one that `load` returns for it:
  ///
  /// @code
  /// Chain::parse("match template=logo.png").with_operands([](const Step& step) {
  ///   return cv::imread(step.file, cv::IMREAD_UNCHANGED);
  /// })
  /// @endcode
  ///
  /// The pixels are not copied. Throws InvalidArgument for an image that is of no use to the step, and
  /// what `load` throws.
  Chain with_operands(const std::function<cv::Mat(const Step&)>& load) const;

  /// The text that parse() makes this chain from; it names the files of second images, if they have
  /// one.
  std::string to_string() const;

  const std::vector<Step>& steps() const noexcept { return steps_; }

  /// `count` of its steps from the given one on, or as many as there are.
  Chain part(std::size_t first, std::size_t count = std::string::npos) const {
    Chain result;
    for (; first < steps_.size() && count > 0; ++first, --count)
      result.steps_.push_back(steps_[first]);
    return result;
  }

  /// What the chain makes of an image of this shape. Throws InvalidArgument when one of its
  /// operations does not take it.
  Shape output(const Shape& input) const;

  /// Runs the chain in the pool's workers. `in` and `out` may be any Mats: those that lie in the
  /// pool's arena (as_mat() of an Array, or made with a MatAllocator) are used in place, others are
  /// copied once. `out` gets the right size and type if it has another, as in OpenCV; it may be
  /// `in`. An image without pixels gives one without pixels.
  ///
  /// @returns the reports of all passes as one; slices of later passes are numbered on
  /// @throws InvalidArgument  an image that an operation does not take
  /// @throws KernelError      an error in OpenCV; and what for_each_slice() throws
  Report operator()(const PoolWith& on, const cv::Mat& in, cv::Mat& out,
                    const ChainOptions& options = {}) const;

  /// The same between arrays. Throws InvalidArgument too when `out` has another shape or type than
  /// the result.
  template <class T, std::size_t N, class U, std::size_t M>
  Report operator()(const PoolWith& on, const Array<T, N>& in, Array<U, M>& out,
                    const ChainOptions& options = {}) const {
    cv::Mat result = as_mat(out.peek());
    const cv::Mat input = as_mat(in.view());
    if (output({input.rows, input.cols, input.type()}) !=
        Shape{result.rows, result.cols, result.type()})
      throw InvalidArgument("tine::image: the output array of \"" + to_string() +
                            "\" has not the extents or the type of its result");
    return (*this)(on, input, result, options);
  }

  /// Runs the chain in the calling process, band by band: the way to process many small images at
  /// once, one in each worker.
  cv::Mat operator()(const cv::Mat& in, const ChainOptions& options = {}) const;

  /// Whether the last operation finds something that is no image: points, counts.
  bool lists() const { return !steps_.empty() && steps_.back().operation->list != nullptr; }

  /// What the last operation finds, in place of the image that it makes. Throws as the chain itself, and
  /// InvalidArgument when there is no list; of an image without pixels it is empty.
  Table list(const PoolWith& on, const cv::Mat& in, const ChainOptions& options = {}) const;
  Table list(const cv::Mat& in, const ChainOptions& options = {}) const;

  /// The OpenCV calls that define the result, one after another on the whole image.
  cv::Mat reference(const cv::Mat& in) const;

  /// `left | right`: first left, then right.
  friend Chain operator|(Chain left, const Chain& right) {
    left.steps_.insert(left.steps_.end(), right.steps_.begin(), right.steps_.end());
    return left;
  }

 private:
  std::vector<Step> steps_;
};

}  // namespace tine::image
