// First the extrema of columns, then those of rows of these. Neighbouring squares share most of their
// rows, whose extrema are taken once for several rows of the output. Along a row, the extrema of few pixels
// make those of up to three times as many, and so on. What opens or closes keeps only the rows
// between its two steps that the second one still needs.
#include "operations/square_extrema.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "wide.hpp"

namespace tine::image {

namespace {

// Of numbers and of vectors; each with what never is picked, unless there is nothing else.
struct Least {
  template <class T>
  static constexpr T nothing = std::numeric_limits<T>::max();
  template <class V>
  [[gnu::always_inline]] static void pick(V& a, const V& b) {
    a = b < a ? b : a;
  }
};
struct Greatest {
  template <class T>
  static constexpr T nothing = std::numeric_limits<T>::min();
  template <class V>
  [[gnu::always_inline]] static void pick(V& a, const V& b) {
    a = a < b ? b : a;
  }
};

template <class T>
struct LanesOf {
  using type [[gnu::vector_size(32)]] = T;
};
template <class T>
using Lanes = typename LanesOf<T>::type;
template <class T>
constexpr std::ptrdiff_t lanes = sizeof(Lanes<T>) / sizeof(T);

template <class V, class T>
[[gnu::always_inline]] inline void load(const T* from, V& to) {
  std::memcpy(&to, from, sizeof to);
}

// Takes value i of a row, or as many from there on as V has.
template <class V, class Pick, int together, class T>
[[gnu::always_inline]] inline void column_extrema(const T* const* rows, int size, std::ptrdiff_t i,
                                                  T* const* out) {
  V next, result;
  V shared;
  load(rows[together - 1] + i, shared);
  for (int k = together; k < size; ++k) {
    load(rows[k] + i, next);
    Pick::pick(shared, next);
  }
  V below[together];  // [k]: the extremum of k rows below those
#pragma GCC unroll 4
  for (int k = 1; k < together; ++k) {
    load(rows[size + k - 1] + i, below[k]);
    if (k > 1) Pick::pick(below[k], below[k - 1]);
  }
#pragma GCC unroll 4
  for (int k = together - 1; k >= 0; --k) {
    result = shared;
    if (k > 0) Pick::pick(result, below[k]);
    std::memcpy(out[k] + i, &result, sizeof result);
    if (k == 0) break;
    load(rows[k - 1] + i, next);
    Pick::pick(shared, next);
  }
}

// The extrema of rows k to k + size - 1, for k from 0 to together - 1; size is at least `together`.
template <class Pick, int together, class T>
TINE_IMAGE_WIDE void extrema_of_columns(const T* const* rows, int size, std::ptrdiff_t values,
                                        T* const* out) {
  std::ptrdiff_t i = 0;
  for (; i + lanes<T> <= values; i += lanes<T>)
    column_extrema<Lanes<T>, Pick, together>(rows, size, i, out);
  for (; i < values; ++i) column_extrema<T, Pick, together>(rows, size, i, out);
}

template <class V, class Pick, class T>
[[gnu::always_inline]] inline void extremum_of_three(const T* from, std::ptrdiff_t near,
                                                     std::ptrdiff_t far, T* to) {
  V result, next;
  load(from, result);
  load(from + near, next);
  Pick::pick(result, next);
  load(from + far, next);
  Pick::pick(result, next);
  std::memcpy(to, &result, sizeof result);
}

// Of each value in a row and those `near` and `far` behind it. `to` may be `from`.
template <class Pick, class T>
TINE_IMAGE_WIDE void extrema_of_three(const T* from, std::ptrdiff_t near, std::ptrdiff_t far, T* to,
                                      std::ptrdiff_t values) {
  std::ptrdiff_t i = 0;
  for (; i + lanes<T> <= values; i += lanes<T>)
    extremum_of_three<Lanes<T>, Pick>(from + i, near, far, to + i);
  for (; i < values; ++i) extremum_of_three<T, Pick>(from + i, near, far, to + i);
}

// to = max(a - b, 0); `to` is a or b.
template <class T>
TINE_IMAGE_WIDE void subtract(const T* a, const T* b, T* to, std::ptrdiff_t values) {
  for (std::ptrdiff_t i = 0; i < values; ++i) to[i] = static_cast<T>(a[i] > b[i] ? a[i] - b[i] : 0);
}

struct Squares {
  int columns, channels, size, border;
  int rows;  // of the whole image

  int radius() const { return size / 2; }
  std::ptrdiff_t values() const { return static_cast<std::ptrdiff_t>(columns) * channels; }
};

// So many rows are made at once; not of squares of 3 x 3 pixels, whose rows are two then.
constexpr int most_together = 4;

// From one row to the next: rows at multiples of 4 KiB would want the same lines of the L1 cache.
template <class T>
std::ptrdiff_t apart(std::ptrdiff_t values) {
  constexpr std::ptrdiff_t page = 4096 / sizeof(T), line = 64 / sizeof(T);
  return (values + page - 1) / page * page + 5 * line;
}

// Makes rows of extrema.
template <class Pick, class T>
class Filter {
 public:
  explicit Filter(const Squares& squares)
      : squares_(squares),
        nothing_(static_cast<std::size_t>(squares.values()), Pick::template nothing<T>),
        around_(static_cast<std::size_t>(squares.size + most_together)) {
    stride_ = apart<T>(squares.values() + squares.size * squares.channels);
    wide_.resize(static_cast<std::size_t>(stride_ * most_together));
    for (int x = 0; x < squares.radius(); ++x)
      for (int column : {-1 - x, squares.columns + x})
        beyond_.push_back({column, cv::borderInterpolate(column, squares.columns, squares.border)});
  }

  // Makes rows y to y + count - 1 of the whole image, at most as many as together(), from `row_at`
  // and to `to`, which take their numbers.
  template <class RowAt, class To>
  void make(int y, int count, RowAt row_at, To to) {
    const int above = y - squares_.radius();
    for (int k = 0; k < count + squares_.size - 1; ++k) {
      const int row = cv::borderInterpolate(above + k, squares_.rows, squares_.border);
      around_[static_cast<std::size_t>(k)] = row >= 0 ? row_at(row) : nothing_.data();
    }
    switch (count) {
      case 4:
        return make<4>(y, to);
      case 2:
        return make<2>(y, to);
      default:
        for (int k = 0; k < count; ++k) {
          make<1>(y + k, to);
          std::rotate(around_.begin(), around_.begin() + 1, around_.end());
        }
    }
  }
  int together() const { return squares_.size > 3 ? 4 : 2; }

 private:
  struct Beyond {
    int column, same_as;  // that one; -1: nothing
  };

  template <int together, class To>
  void make(int y, To to) {
    const int channels = squares_.channels, size = squares_.size;
    const std::ptrdiff_t values = squares_.values();
    const std::ptrdiff_t left = static_cast<std::ptrdiff_t>(squares_.radius()) * channels;
    std::array<T*, together> wide;
    for (int k = 0; k < together; ++k)
      wide[static_cast<std::size_t>(k)] = wide_.data() + k * stride_ + left;
    extrema_of_columns<Pick, together>(around_.data(), size, values, wide.data());
    for (int k = 0; k < together; ++k) {
      T* row = wide[static_cast<std::size_t>(k)];
      for (const auto& [column, same_as] : beyond_)
        std::copy_n(same_as >= 0 ? row + same_as * channels : nothing_.data(), channels,
                    row + column * channels);
      row -= left;
      int have = 1;  // pixels of which it has the extrema
      for (; 3 * have < size; have *= 3)
        extrema_of_three<Pick>(row, have * channels, 2 * have * channels, row,
                               values + (size - 3 * have) * channels);
      const int rest = size - have;
      extrema_of_three<Pick>(row, std::min(have, rest) * channels, rest * channels, to(y + k),
                             values);
    }
  }

  const Squares squares_;
  const std::vector<T> nothing_;
  std::vector<const T*> around_;
  std::vector<T> wide_;  // rows with what is beyond
  std::ptrdiff_t stride_;
  std::vector<Beyond> beyond_;
};

// A band of a larger image, of which `in` is a part.
template <class T>
class Band {
 public:
  Band(const cv::Mat& in, cv::Mat& out, int size, int border) : in_(in), out_(out) {
    cv::Size whole;
    cv::Point offset;
    in.locateROI(whole, offset);
    first_ = offset.y;
    squares_ = {in.cols, in.channels(), size, border, whole.height};
  }

  const Squares& squares() const { return squares_; }
  int begin() const { return first_; }
  int end() const { return first_ + in_.rows; }
  const T* in(int y) const {
    return reinterpret_cast<const T*>(in_.data +
                                      (y - first_) * static_cast<std::ptrdiff_t>(in_.step[0]));
  }
  T* out(int y) const { return out_.ptr<T>(y - first_); }

  template <class Pick>
  void once() const {
    Filter<Pick, T> filter(squares_);
    for (int y = begin(), count; y < end(); y += count) {
      count = std::min(filter.together(), end() - y);
      filter.make(
          y, count, [&](int row) { return in(row); }, [&](int row) { return out(row); });
    }
  }

  // Calls done(y) after each row.
  template <class First, class Second, class Done>
  void twice(Done done) const {
    Filter<First, T> first(squares_);
    Filter<Second, T> second(squares_);
    const int radius = squares_.radius(), together = first.together();
    const int kept = squares_.size + 2 * together;
    const std::ptrdiff_t stride = apart<T>(squares_.values());
    std::vector<T> memory(static_cast<std::size_t>(kept * stride));
    const auto between = [&](int y) { return memory.data() + y % kept * stride; };
    int made = std::max(0, begin() - radius);
    const int last = std::min(squares_.rows, end() + radius);
    for (int y = begin(), count; y < end(); y += count) {
      count = std::min(together, end() - y);
      for (int now; made < std::min(last, y + count + radius); made += now) {
        now = std::min(together, last - made);
        first.make(
            made, now, [&](int row) { return in(row); }, between);
      }
      second.make(y, count, between, [&](int row) { return out(row); });
      for (int k = 0; k < count; ++k) done(y + k);
    }
  }

  void gradient() const {
    Filter<Least, T> erode(squares_);
    Filter<Greatest, T> dilate(squares_);
    const int together = erode.together();
    std::vector<T> memory(static_cast<std::size_t>(together * squares_.values()));
    const auto eroded = [&](int y) { return memory.data() + y % together * squares_.values(); };
    const auto from = [&](int row) { return in(row); };
    for (int y = begin(), count; y < end(); y += count) {
      count = std::min(together, end() - y);
      erode.make(y, count, from, eroded);
      dilate.make(y, count, from, [&](int row) { return out(row); });
      for (int k = y; k < y + count; ++k) subtract(out(k), eroded(k), out(k), squares_.values());
    }
  }

  void run(cv::MorphTypes type) const {
    const auto nothing = [](int) {};
    switch (type) {
      case cv::MORPH_ERODE:
        return once<Least>();
      case cv::MORPH_DILATE:
        return once<Greatest>();
      case cv::MORPH_OPEN:
        return twice<Least, Greatest>(nothing);
      case cv::MORPH_CLOSE:
        return twice<Greatest, Least>(nothing);
      case cv::MORPH_TOPHAT:
        return twice<Least, Greatest>(
            [&](int y) { subtract(in(y), out(y), out(y), squares_.values()); });
      case cv::MORPH_BLACKHAT:
        return twice<Greatest, Least>(
            [&](int y) { subtract(out(y), in(y), out(y), squares_.values()); });
      default:
        return gradient();
    }
  }

 private:
  const cv::Mat& in_;
  cv::Mat& out_;
  int first_;  // of its rows in the whole image
  Squares squares_;
};

}  // namespace

void morphology_of_squares(const cv::Mat& in, cv::Mat& out, cv::MorphTypes type, int size,
                           int border) {
  if (in.depth() == CV_8U)
    Band<std::uint8_t>(in, out, size, border).run(type);
  else
    Band<std::uint16_t>(in, out, size, border).run(type);
}

}  // namespace tine::image
