/// @file
/// OpenCV images in shared memory, without copies. The includer brings OpenCV; tine::core itself
/// does not need it.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>

#include <opencv2/core.hpp>

#include <tine/error.hpp>
#include <tine/pool.hpp>
#include <tine/view.hpp>

namespace tine {

namespace detail {

template <class T>
cv::Mat mat_over(const View<T, 2>& rows, int type) {
  constexpr std::size_t limit = std::numeric_limits<int>::max();
  if (rows.extent(0) > limit || rows.extent(1) > limit)
    throw InvalidArgument(
        "tine::as_mat: OpenCV counts rows and columns in int; this view is larger");
  auto* data = const_cast<std::remove_const_t<T>*>(rows.data());
  // OpenCV refuses a step that is shorter than a row, which a view of one row may well have.
  std::size_t step = cv::Mat::AUTO_STEP;
  if (rows.extent(0) > 1) step = rows.stride(0) * sizeof(T);
  return cv::Mat(static_cast<int>(rows.extent(0)), static_cast<int>(rows.extent(1)), type, data,
                 step);
}

}  // namespace detail

/// A cv::Mat of one channel (or of cv::Vec elements) on the memory of a view: nothing is copied,
/// and nothing keeps the memory alive.
///
/// The Mat is built from raw memory, so OpenCV takes it for a whole image: filters apply their
/// border mode at its edges and do not look at what lies around it. That is what makes a band of
/// an image, seen with enough rows above and below, come out bit for bit like the whole image.
///
/// OpenCV has no images of constant elements: a Mat on a view of constants must not be written.
/// Throws InvalidArgument when an extent does not fit an int.
template <class T>
cv::Mat as_mat(const View<T, 2>& view) {
  if (view.extent(1) > 1 && view.stride(1) != 1)
    throw InvalidArgument("tine::as_mat: the elements of a row must lie side by side");
  return detail::mat_over(view, cv::traits::Type<std::remove_const_t<T>>::value);
}

/// The same of rows x columns x channels. At most CV_CN_MAX (512) channels, side by side.
template <class T>
cv::Mat as_mat(const View<T, 3>& view) {
  const std::size_t channels = view.extent(2);
  if (channels < 1 || channels > CV_CN_MAX)
    throw InvalidArgument("tine::as_mat: the third extent is the channels, 1 to 512");
  if ((channels > 1 && view.stride(2) != 1) || (view.extent(1) > 1 && view.stride(1) != channels))
    throw InvalidArgument(
        "tine::as_mat: the pixels of a row, and their channels, must lie side by side");
  View<T, 2> rows(view.data(), {view.extent(0), view.extent(1)}, {view.stride(0), 1});
  constexpr int depth = cv::traits::Depth<std::remove_const_t<T>>::value;
  return detail::mat_over(rows, CV_MAKETYPE(depth, static_cast<int>(channels)));
}

/// The view of a two-dimensional Mat: of its pixels for N = 2 (`as_view<float>`,
/// `as_view<cv::Vec3b>`), of rows x columns x channels for N = 3. For a job, the Mat's memory must
/// lie in the arena of the job's pool: made by as_mat() or with a MatAllocator.
///
/// The view does not keep the Mat alive. Throws InvalidArgument when T is not the Mat's type, or
/// its rows do not begin at multiples of an element's size.
template <class T, std::size_t N = 2>
View<T, N> as_view(const cv::Mat& mat) {
  static_assert(N == 2 || N == 3, "an image has rows, columns and perhaps channels");
  using Element = std::remove_const_t<T>;
  const bool same = N == 2 ? mat.type() == cv::traits::Type<Element>::value
                           : mat.depth() == cv::traits::Depth<Element>::value;
  if (mat.dims > 2 || !same)
    throw InvalidArgument(
        "tine::as_view: the Mat is not two-dimensional with elements of this type");
  const auto rows = static_cast<std::size_t>(mat.rows),
             columns = static_cast<std::size_t>(mat.cols);
  if (mat.rows > 1 && mat.step[0] % sizeof(T) != 0)
    throw InvalidArgument("tine::as_view: the Mat's rows are padded by a part of an element");
  const std::size_t step = mat.empty() ? columns : mat.step[0] / sizeof(T);
  T* data = reinterpret_cast<T*>(mat.data);
  if constexpr (N == 2) {
    return {data, {rows, columns}, {step, 1}};
  } else {
    const auto channels = static_cast<std::size_t>(mat.channels());
    return {data, {rows, columns, channels}, {step, channels, 1}};
  }
}

/// Puts the pixels of cv::Mat into a pool's arena, so that jobs read and write them where they are:
///
/// @code
/// tine::Pool pool;
/// tine::MatAllocator shared(pool);
/// cv::Mat photo;
/// photo.allocator = &shared;                     // this one, or
/// cv::Mat::setDefaultAllocator(&shared);         // every Mat that is made from now on
/// @endcode
///
/// It must outlive the Mats it made. May be used from any thread of the process that made the
/// pool; in a worker it hands out ordinary private memory. When the arena is full, a Mat that
/// names this allocator gets private memory, and with this as the default, tine::OutOfMemory is
/// thrown.
class MatAllocator : public cv::MatAllocator {
 public:
  explicit MatAllocator(const Pool& pool) : arena_(pool.arena()) {}
  MatAllocator(const MatAllocator&) = delete;
  MatAllocator& operator=(const MatAllocator&) = delete;
  /// If it is the default allocator, OpenCV's own becomes the default again.
  ~MatAllocator() override {
    if (cv::Mat::getDefaultAllocator() == this)
      cv::Mat::setDefaultAllocator(cv::Mat::getStdAllocator());
  }

  cv::UMatData* allocate(int dims, const int* sizes, int type, void* data, std::size_t* step,
                         cv::AccessFlag flags, cv::UMatUsageFlags usage) const override {
    if (data != nullptr || in_worker())
      return cv::Mat::getStdAllocator()->allocate(dims, sizes, type, data, step, flags, usage);
    std::size_t bytes = CV_ELEM_SIZE(type);
    for (int d = dims; d-- > 0;) {
      if (step != nullptr) step[d] = bytes;
      bytes *= static_cast<std::size_t>(sizes[d]);
    }
    auto description = std::make_unique<cv::UMatData>(this);
    detail::Run* run = arena_->allocate(bytes);
    run->stale = false;  // a Mat starts with any bytes; a job must not zero what is put there
    description->data = description->origdata = reinterpret_cast<uchar*>(run->data);
    description->size = bytes;
    description->handle = run;
    return description.release();
  }
  bool allocate(cv::UMatData* data, cv::AccessFlag, cv::UMatUsageFlags) const override {
    return data != nullptr;
  }
  void deallocate(cv::UMatData* description) const override {
    if (description == nullptr) return;
    arena_->release(static_cast<detail::Run*>(description->handle));
    delete description;
  }

 private:
  std::shared_ptr<Arena> arena_;
};

}  // namespace tine
