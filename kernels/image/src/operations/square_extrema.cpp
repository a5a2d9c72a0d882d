// First the extrema of columns, then those of rows of these. Neighbouring squares share most of their
// rows, whose extrema are taken once for several rows of the output. Along a row, the extrema of few pixels
// make those of up to three times as many, and so on. What opens or closes keeps only the rows
// between its two steps that the second one still needs.
#include "operations/square_extrema.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "streaming.hpp"
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
#pragma GCC unroll 8
  for (int k = 1; k < together; ++k) {
    load(rows[size + k - 1] + i, below[k]);
    if (k > 1) Pick::pick(below[k], below[k - 1]);
  }
#pragma GCC unroll 8
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

// Of each value in a row and those `near` and `far` behind it. `to` may be `from`. The row that is needed
// next is fetched meanwhile.
template <class Pick, class T>
TINE_IMAGE_WIDE void extrema_of_three(const T* from, std::ptrdiff_t near, std::ptrdiff_t far, T* to,
                                      std::ptrdiff_t values, const T* next) {
  std::ptrdiff_t i = 0;
  for (; i + lanes<T> <= values; i += lanes<T>) {
    __builtin_prefetch(next + i);
    extremum_of_three<Lanes<T>, Pick>(from + i, near, far, to + i);
  }
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

// The largest that is not above n.
int power_of_two_in(int n) {
  return static_cast<int>(std::bit_floor(static_cast<unsigned>(n)));
}

// So many rows are made at once, if squares have as many.
constexpr int most_together = 8;

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
        around_(static_cast<std::size_t>(squares.size + 2 * most_together)) {
    stride_ = apart<T>(squares.values() + squares.size * squares.channels);
    wide_.resize(static_cast<std::size_t>(stride_ * most_together));
    for (int x = 0; x < squares.radius(); ++x)
      for (int column : {-1 - x, squares.columns + x})
        beyond_.push_back({column, cv::borderInterpolate(column, squares.columns, squares.border)});
  }

  // Makes rows y to y + count - 1 of the whole image, from `row_at(y)`. `count` is a power of two, and
  // at most together().
  // Each is written to what `to(y, own)` returns, which may be `own`, and then is given to `done(y, row)`.
  template <class RowAt, class To, class Done>
  void make(int y, int count, RowAt row_at, To to, Done done) {
    const int above = y - squares_.radius();
    for (int k = 0; k < squares_.size - 1 + 2 * count; ++k) {  // these, and the next ones
      const int row = cv::borderInterpolate(above + k, squares_.rows, squares_.border);
      around_[static_cast<std::size_t>(k)] = row >= 0 ? row_at(row) : nothing_.data();
    }
    switch (count) {
      case 8:
        return make<8>(y, to, done);
      case 4:
        return make<4>(y, to, done);
      case 2:
        return make<2>(y, to, done);
      default:
        return make<1>(y, to, done);
    }
  }
  int together() const { return std::min(most_together, power_of_two_in(squares_.size)); }

 private:
  struct Beyond {
    int column, same_as;  // that one; -1: nothing
  };

  template <int together, class To, class Done>
  void make(int y, To to, Done done) {
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
      const T* next = around_[static_cast<std::size_t>(size - 1 + together + k)];
      int have = 1;  // pixels of which it has the extrema
      for (; 3 * have < size; have *= 3)
        extrema_of_three<Pick>(row, have * channels, 2 * have * channels, row,
                               values + (size - 3 * have) * channels, next);
      const int rest = size - have;
      T* const result = to(y + k, row);
      extrema_of_three<Pick>(row, std::min(have, rest) * channels, rest * channels, result, values,
                             next);
      done(y + k, result);
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
  Band(const cv::Mat& in, cv::Mat& out, int size, int border, bool streams)
      : in_(in), out_(out), output_(streams), streams_(streams) {
    cv::Size whole;
    cv::Point offset;
    in.locateROI(whole, offset);
    first_ = offset.y;
    squares_ = {in.cols, in.channels(), size, border, whole.height};
  }

  void run(cv::MorphTypes type) const {
    const auto nothing = [](int, T*) {};
    const auto less_in = [this](int y, T* row) { subtract(row, in(y), row, squares_.values()); };
    const auto in_less = [this](int y, T* row) { subtract(in(y), row, row, squares_.values()); };
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
        return twice<Least, Greatest>(in_less);
      case cv::MORPH_BLACKHAT:
        return twice<Greatest, Least>(less_in);
      default:
        return gradient();
    }
  }

 private:
  int begin() const { return first_; }
  int end() const { return first_ + in_.rows; }
  const T* in(int y) const {
    return reinterpret_cast<const T*>(in_.data +
                                      (y - first_) * static_cast<std::ptrdiff_t>(in_.step[0]));
  }
  auto input() const {
    return [this](int y) { return in(y); };
  }
  // Where row y of the output is made: what is streamed is made elsewhere.
  auto place() const {
    return [this](int y, T* own) { return streams_ ? own : out_.ptr<T>(y - first_); };
  }
  void put(int y, const T* row) const {
    if (streams_)
      output_.copy(reinterpret_cast<const std::uint8_t*>(row), out_.ptr(y - first_),
                   static_cast<std::size_t>(squares_.values()) * sizeof(T));
  }

  template <class Pick>
  void once() const {
    Filter<Pick, T> filter(squares_);
    for (int y = begin(), count; y < end(); y += count) {
      count = power_of_two_in(std::min(filter.together(), end() - y));
      filter.make(y, count, input(), place(), [this](int at, const T* row) { put(at, row); });
    }
  }

  // Calls finish(y, row) on each row.
  template <class First, class Second, class Finish>
  void twice(Finish finish) const {
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
      count = power_of_two_in(std::min(together, end() - y));
      for (int now; made < std::min(last, y + count + radius); made += now) {
        now = power_of_two_in(std::min(together, last - made));
        first.make(
            made, now, input(), [&](int at, T*) { return between(at); }, [](int, T*) {});
      }
      second.make(y, count, between, place(), [&](int at, T* row) {
        finish(at, row);
        put(at, row);
      });
    }
  }

  void gradient() const {
    Filter<Least, T> erode(squares_);
    Filter<Greatest, T> dilate(squares_);
    const int together = erode.together();
    const std::ptrdiff_t values = squares_.values(), stride = apart<T>(values);
    std::vector<T> memory(static_cast<std::size_t>(together * stride));
    const auto eroded = [&](int y) { return memory.data() + y % together * stride; };
    for (int y = begin(), count; y < end(); y += count) {
      count = power_of_two_in(std::min(together, end() - y));
      erode.make(
          y, count, input(), [&](int at, T*) { return eroded(at); }, [](int, T*) {});
      dilate.make(y, count, input(), place(), [&](int at, T* row) {
        subtract(row, eroded(at), row, values);
        put(at, row);
      });
    }
  }

 private:
  const cv::Mat& in_;
  cv::Mat& out_;
  const RowOutput output_;
  const bool streams_;
  int first_;  // of its rows in the whole image
  Squares squares_;
};

}  // namespace

void morphology_of_squares(const cv::Mat& in, cv::Mat& out, cv::MorphTypes type, int size,
                           int border, bool streams) {
  if (in.depth() == CV_8U)
    Band<std::uint8_t>(in, out, size, border, streams).run(type);
  else
    Band<std::uint16_t>(in, out, size, border, streams).run(type);
}

}  // namespace tine::image
