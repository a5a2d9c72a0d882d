// distance: from each pixel to the nearest one that is zero.
//
// Along the columns first: a record says where a band's first and last zero is in each column, and from
// that follows where the nearest ones outside of each band are. Then along the rows, each by itself: for
// the Euclidean distance the lower envelope of parabolas (P. Felzenszwalb, D. Huttenlocher, Distance
// transforms of sampled functions, Theory of Computing 8 (2012)), rounded as OpenCV rounds.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "operations/all.hpp"
#include "operations/phases.hpp"
#include "wide.hpp"

namespace tine::image {

namespace {

constexpr double l1 = 1, l2 = 2;
constexpr Choice metrics[] = {{"l2", l2}, {"l1", l1}};
constexpr Parameter distance_parameters[] = {
    {"metric", "length of the straight line, or of the way along rows and columns", "", 1, 2, l2,
     Parameter::Kind::choice, metrics},
};

// Rows to the nearest zero in a column that has none: more than any, and still room to count on.
constexpr std::int32_t far = std::numeric_limits<std::int32_t>::max() / 2;
// The largest distance that OpenCV's fixed-point arithmetic for L1 has.
constexpr std::int32_t longest_l1 = 8192;

std::size_t columns_of(const PhaseInput& input) {
  return static_cast<std::size_t>(input.image.cols);
}

// Distance in rows from the nearest zero above (or below), given that of the next row.
TINE_IMAGE_WIDE void count_row(const std::uint8_t* __restrict row,
                               const std::int32_t* __restrict next, std::int32_t* __restrict to,
                               int columns) {
  for (int x = 0; x < columns; ++x) {
    const std::int32_t further = next[x] < far ? next[x] + 1 : far;
    to[x] = row[x] == 0 ? 0 : further;
  }
}

TINE_IMAGE_WIDE void nearer_row(std::int32_t* __restrict to, const std::int32_t* __restrict other,
                                int columns) {
  for (int x = 0; x < columns; ++x) to[x] = std::min(to[x], other[x]);
}

TINE_IMAGE_WIDE void find_row(const std::uint8_t* __restrict row, std::int32_t from_first,
                              std::int32_t from_last, std::int32_t* __restrict first,
                              std::int32_t* __restrict last, int columns) {
  for (int x = 0; x < columns; ++x) {
    first[x] = std::min(first[x], row[x] == 0 ? from_first : far);
    last[x] = row[x] == 0 ? from_last : last[x];
  }
}

// The record of a band: for each column, how far its first zero is from the band's first row, and its
// last zero from the last row.
void find_zeros(const PhaseInput& input, std::size_t slice, std::uint8_t* record) {
  const Slice band = input.bands.slice(slice);
  const int columns = input.image.cols, rows = static_cast<int>(band.size());
  auto* first = reinterpret_cast<std::int32_t*>(record);
  std::int32_t* last = first + columns;
  std::fill_n(first, 2 * columns, far);
  for (int y = 0; y < rows; ++y)
    find_row(input.image.ptr(static_cast<int>(band.begin) + y), y, rows - 1 - y, first, last,
             columns);
}

// The second phase's record: for each band and column, how far the nearest zero above the band is from
// the row above it; and the nearest one below from the row below it.
void reach_out(const PhaseInput& input, std::size_t, std::uint8_t* record) {
  const std::size_t n = columns_of(input), bands = input.bands.size();
  auto* table = reinterpret_cast<std::int32_t*>(record);
  const auto found = [&](std::size_t b, bool from_below) {
    return input.found[0].of<std::int32_t>(b) + (from_below ? n : 0);
  };
  // Seen from the next band, what a band has, or else what lies beyond it.
  const auto beyond = [&](std::size_t b, bool from_below, std::int32_t* to,
                          const std::int32_t* further) {
    const auto rows = static_cast<std::int32_t>(input.bands.slice(b).size());
    const std::int32_t* own = found(b, from_below);
    for (std::size_t x = 0; x < n; ++x)
      to[x] = own[x] < far ? own[x] : std::min(further[x] + rows, far);
  };
  std::fill_n(table, n, far);
  for (std::size_t b = 1; b < bands; ++b)
    beyond(b - 1, true, table + 2 * b * n, table + 2 * (b - 1) * n);
  std::fill_n(table + (2 * bands - 1) * n, n, far);
  for (std::size_t b = bands - 1; b > 0; --b)
    beyond(b, false, table + (2 * b - 1) * n, table + (2 * b + 1) * n);
}

// The lower envelope of a row's parabolas.
class Envelope {
 public:
  explicit Envelope(std::size_t columns)
      : square_(columns),
        half_inverse_(columns),
        height_(columns),
        apex_(columns),
        from_(columns + 1) {
    for (std::size_t i = 1; i < columns; ++i) {
      square_[i] = square(static_cast<std::int32_t>(i));
      half_inverse_[i] = static_cast<float>(0.5 / static_cast<double>(i));
    }
  }

  static float square(std::int32_t n) { return static_cast<float>(std::int64_t{n} * n); }

  void distances(const std::int32_t* rows, float* to) {
    constexpr float infinite = 1e15f;
    const auto n = static_cast<std::int32_t>(height_.size());
    for (std::int32_t x = 0; x < n; ++x)
      height_[std::size_t(x)] = rows[x] < far ? square(rows[x]) : infinite;
    // Parabola k is the lowest from from_[k] on.
    const float* height = height_.data();
    const float* squares = square_.data();
    std::int32_t* apex = apex_.data();
    float* from = from_.data();
    std::ptrdiff_t last = 0;
    apex[0] = 0;
    from[0] = -infinite;
    from[1] = infinite;
    for (std::int32_t q = 1; q < n; ++q)
      for (;; --last) {
        const std::int32_t p = apex[last];
        const float meet =
            (height[q] + squares[q] - height[p] - squares[p]) * half_inverse_[std::size_t(q - p)];
        if (meet > from[last]) {
          ++last;
          apex[last] = q;
          from[last] = meet;
          from[last + 1] = infinite;
          break;
        }
      }
    std::ptrdiff_t k = 0;
    for (std::int32_t q = 0; q < n; ++q) {
      while (from[k + 1] < static_cast<float>(q)) ++k;
      to[q] = std::sqrt(squares[std::abs(q - apex[k])] + height[apex[k]]);
    }
  }

 private:
  std::vector<float> square_, half_inverse_, height_;
  std::vector<std::int32_t> apex_;
  std::vector<float> from_;
};

void walk_row(std::int32_t* rows, float* to, int columns) {
  for (int x = 1; x < columns; ++x) rows[x] = std::min(rows[x], rows[x - 1] + 1);
  for (int x = columns - 1; x > 0; --x) rows[x - 1] = std::min(rows[x - 1], rows[x] + 1);
  for (int x = 0; x < columns; ++x) to[x] = static_cast<float>(std::min(rows[x], longest_l1));
}

void measure(const PhaseInput& input, Range band, cv::Mat& out) {
  const std::size_t n = columns_of(input), index = band.begin / input.bands.grain;
  const int columns = input.image.cols, rows = out.rows, begin = static_cast<int>(band.begin);
  const std::int32_t* outside = input.found[1].of<std::int32_t>(0) + 2 * index * n;
  // The distances along the columns, of all rows from the lowest up, then row by row from the top down.
  std::vector<std::int32_t> memory((static_cast<std::size_t>(rows) + 3) * n);
  const auto below = [&](int y) { return memory.data() + static_cast<std::size_t>(y) * n; };
  std::int32_t* above = below(rows + 1);
  std::int32_t* here = below(rows + 2);
  std::copy_n(outside, n, above);
  std::copy_n(outside + n, n, below(rows));
  for (int y = rows - 1; y >= 0; --y)
    count_row(input.image.ptr(begin + y), below(y + 1), below(y), columns);
  Envelope envelope(input.values[0] == l2 ? n : 1);
  for (int y = 0; y < rows; ++y) {
    count_row(input.image.ptr(begin + y), above, here, columns);
    std::swap(above, here);
    nearer_row(below(y), above, columns);
    if (input.values[0] == l2)
      envelope.distances(below(y), out.ptr<float>(y));
    else
      walk_row(below(y), out.ptr<float>(y), columns);
  }
}

constexpr Phase distance_phases[] = {
    {.bytes = [](const PhaseInput& input) { return 2 * sizeof(std::int32_t) * columns_of(input); },
     .run = find_zeros},
    {.slices = one_slice,
     .bytes =
         [](const PhaseInput& input) {
           return 2 * sizeof(std::int32_t) * columns_of(input) * input.bands.size();
         },
     .run = reach_out},
};

}  // namespace

constinit const Operation distance_operation{
    .name = "distance",
    .help = "how far each pixel is from the nearest one that is zero",
    .parameters = distance_parameters,
    .scope = Operation::Scope::phased,
    .accepts = always<depth_8, gray_only>,
    .output_type = [](int) { return CV_32FC1; },
    .phases = distance_phases,
    .finish = measure,
    .reference =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          if (v[0] == l2)
            cv::distanceTransform(in, out, cv::DIST_L2, cv::DIST_MASK_PRECISE);
          else
            cv::distanceTransform(in, out, cv::DIST_L1, cv::DIST_MASK_3);
        },
};

}  // namespace tine::image
