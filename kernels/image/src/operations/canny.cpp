// canny: J. Canny, A computational approach to edge detection, IEEE Trans. PAMI 8 (1986), in
// OpenCV's arithmetic, and the same on the wider gradients of 16-bit images.
//
// A pixel whose gradient is the largest across the edge is a candidate; a candidate is an edge when it
// is connected to a strong one. The first phase settles that inside each band, and numbers those
// components that stay undecided and touch the band's first or last row. The second phase joins them
// across the seams and says where an edge comes in; finish follows it from there.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numeric>
#include <type_traits>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "operations/all.hpp"
#include "operations/phases.hpp"
#include "wide.hpp"

namespace tine::image {

namespace {

constexpr Choice norms[] = {{"l1", 0}, {"l2", 1}};
constexpr Parameter canny_parameters[] = {
    {"low", "gradient above which a pixel may be part of an edge", "", 0, 1e9, 50},
    {"high", "gradient above which it begins one", "", 0, 1e9, 150},
    {"size", "side of the Sobel kernels, 7 at most", "pixels", 3, 7, 3, Parameter::Kind::odd},
    {"norm", "of the gradient: |x| + |y|, or its length", "", 0, 1, 0, Parameter::Kind::choice,
     norms},
};

// Types that hold, for pixels of type T: a filtered row before it is scaled, a derivative, and the norm
// of a gradient (or its square).
template <class T, int size, bool l2>
struct Arithmetic {
  static constexpr bool narrow = sizeof(T) == 1;
  using Sum = std::conditional_t<narrow && size <= 5, std::int16_t, std::int32_t>;
  using Derivative = std::conditional_t<narrow, std::int16_t, std::int32_t>;
  using Norm = std::conditional_t<narrow, std::conditional_t<l2, std::int32_t, std::int16_t>,
                                  std::conditional_t<l2, std::int64_t, std::int32_t>>;
};

// Pascal's triangle, and its difference.
template <int size>
constexpr std::array<int, size> smoothing = {};
template <>
constexpr std::array<int, 3> smoothing<3> = {1, 2, 1};
template <>
constexpr std::array<int, 5> smoothing<5> = {1, 4, 6, 4, 1};
template <>
constexpr std::array<int, 7> smoothing<7> = {1, 6, 15, 20, 15, 6, 1};
template <int size>
constexpr std::array<int, size> deriving = {};
template <>
constexpr std::array<int, 3> deriving<3> = {-1, 0, 1};
template <>
constexpr std::array<int, 5> deriving<5> = {-1, -2, 0, 2, 1};
template <>
constexpr std::array<int, 7> deriving<7> = {-1, -4, -5, 0, 5, 4, 1};

// One plane's gradient in one row. `rows` are the `size` rows around it; `smooth` and `slope` have room
// for size / 2 values before and after.
template <class T, int size, bool l2, class A = Arithmetic<T, size, l2>>
TINE_IMAGE_WIDE void gradient_row(const T* const* rows, int columns,
                                  typename A::Sum* __restrict smooth,
                                  typename A::Sum* __restrict slope,
                                  typename A::Derivative* __restrict dx,
                                  typename A::Derivative* __restrict dy,
                                  typename A::Norm* __restrict norm) {
  using Sum = typename A::Sum;
  using Norm = typename A::Norm;
  std::array<const T*, size> row;
  for (std::size_t k = 0; k < size; ++k) row[k] = rows[k];
  for (int x = 0; x < columns; ++x) {
    int s = 0, d = 0;
    for (std::size_t k = 0; k < size; ++k) {
      s += smoothing<size>[k] * row[k][x];
      d += deriving<size>[k] * row[k][x];
    }
    smooth[x] = static_cast<Sum>(s);
    slope[x] = static_cast<Sum>(d);
  }
  for (int k = 1; k <= size / 2; ++k) {
    smooth[-k] = smooth[0];
    slope[-k] = slope[0];
    smooth[columns - 1 + k] = smooth[columns - 1];
    slope[columns - 1 + k] = slope[columns - 1];
  }
  // The largest kernel's sums are divided by 16; halves go to even.
  const auto scaled = [](Sum sum) {
    if constexpr (size == 7)
      return static_cast<typename A::Derivative>((sum + 7 + ((sum >> 4) & 1)) >> 4);
    else
      return static_cast<typename A::Derivative>(sum);
  };
  for (int x = 0; x < columns; ++x) {
    Sum sx = 0, sy = 0;
    for (int k = 0; k < size; ++k) {
      sx = static_cast<Sum>(sx + deriving<size>[std::size_t(k)] * smooth[x + k - size / 2]);
      sy = static_cast<Sum>(sy + smoothing<size>[std::size_t(k)] * slope[x + k - size / 2]);
    }
    dx[x] = scaled(sx);
    dy[x] = scaled(sy);
  }
  for (int x = 0; x < columns; ++x) {
    const Norm gx = dx[x], gy = dy[x];
    if constexpr (l2)
      norm[x] = static_cast<Norm>(gx * gx + gy * gy);
    else
      norm[x] = static_cast<Norm>((gx < 0 ? -gx : gx) + (gy < 0 ? -gy : gy));
  }
}

// Keeps, of two planes' gradients, the one with the larger norm; the first of equals.
template <class Derivative, class Norm>
TINE_IMAGE_WIDE void keep_larger(Derivative* __restrict dx, Derivative* __restrict dy,
                                 Norm* __restrict norm, const Derivative* __restrict other_dx,
                                 const Derivative* __restrict other_dy,
                                 const Norm* __restrict other_norm, int columns) {
  for (int x = 0; x < columns; ++x) {
    // All loaded first, so that nothing is left to branch over.
    const Norm n = norm[x], m = other_norm[x];
    const Derivative ax = dx[x], ay = dy[x], bx = other_dx[x], by = other_dy[x];
    dx[x] = m > n ? bx : ax;
    dy[x] = m > n ? by : ay;
    norm[x] = m > n ? m : n;
  }
}

// Where the neighbours across the edge are, by the direction of the gradient.
enum Sector : std::int8_t { beside, above_and_below, falling, rising };

// Below 22.5 degrees y < tan(22.5) x, above 67.5 degrees y > (tan(22.5) + 2) x, with the tangent
// in 15 bits. Its odd numerator is why y < t is y <= floor(t) here, but for x = 0.
template <class Derivative>
TINE_IMAGE_WIDE void sector_row(const Derivative* __restrict dx, const Derivative* __restrict dy,
                                std::int8_t* __restrict sector, int columns) {
  constexpr int tangent = 13573;
  for (int i = 0; i < columns; ++i) {
    const Derivative gx = dx[i], gy = dy[i];
    const auto x = static_cast<Derivative>(gx < 0 ? -gx : gx);
    const auto y = static_cast<Derivative>(gy < 0 ? -gy : gy);
    Derivative bound;
    if constexpr (sizeof(Derivative) == 2)
      bound = static_cast<Derivative>((2 * x * tangent) >> 16);
    else
      bound = static_cast<Derivative>((std::int64_t{x} * tangent) >> 15);
    const bool flat = y <= bound, steep = static_cast<Derivative>(y - 2 * x) > bound;
    const bool opposite = static_cast<Derivative>(gx ^ gy) < 0;
    const std::int8_t diagonal = opposite ? rising : falling;
    const std::int8_t not_flat = steep ? std::int8_t{above_and_below} : diagonal;
    sector[i] = flat ? std::int8_t{beside} : not_flat;
  }
}

// What a pixel is in the map of a band.
enum Mark : std::uint8_t {
  none,
  candidate,
  edge,
  open,  // a candidate whose component touches the first or the last row
};

// `norm` of the rows above, at and below, each with a value before and after it.
template <class Norm>
TINE_IMAGE_WIDE void mark_row(const Norm* __restrict above, const Norm* __restrict at,
                              const Norm* __restrict below, const std::int8_t* __restrict sector,
                              Norm low, Norm high, std::uint8_t* __restrict mark, int columns) {
  for (int x = 0; x < columns; ++x) {
    const std::int8_t s = sector[x];
    const Norm a0 = above[x - 1], a1 = above[x], a2 = above[x + 1];
    const Norm c0 = at[x - 1], m = at[x], c2 = at[x + 1];
    const Norm b0 = below[x - 1], b1 = below[x], b2 = below[x + 1];
    const Norm before_diagonal = s == falling ? a0 : a2, after_diagonal = s == falling ? b2 : b0;
    const Norm before_straight = s == beside ? c0 : a1, after_straight = s == beside ? c2 : b1;
    const Norm before = s <= above_and_below ? before_straight : before_diagonal;
    // Of equals, the first is a candidate; on a diagonal, none is.
    const Norm after =
        s <= above_and_below ? static_cast<Norm>(after_straight - 1) : after_diagonal;
    const std::uint8_t strong = m > high ? edge : candidate;
    std::uint8_t result = m > low ? strong : std::uint8_t{none};
    result = m > before ? result : std::uint8_t{none};
    mark[x] = m > after ? result : std::uint8_t{none};
  }
}

// The record of a band: its map in a frame of `none`, which saves asking where it ends; and for
// each pixel of its first and its last row the number of its component if that is open, -1 if it is an
// edge, else 0.
struct BandMap {
  std::uint8_t* frame;
  std::int32_t* seams;
  std::int32_t* components;
  int columns;

  BandMap(const PhaseInput& input, const std::uint8_t* record) : columns(input.image.cols) {
    auto* bytes = const_cast<std::uint8_t*>(record);
    components = reinterpret_cast<std::int32_t*>(bytes);
    seams = reinterpret_cast<std::int32_t*>(bytes + record_alignment);
    frame = bytes + record_alignment + aligned(2 * sizeof(std::int32_t) * std::size_t(columns));
  }

  static std::size_t bytes(const PhaseInput& input) {
    const auto columns = static_cast<std::size_t>(input.image.cols);
    const std::size_t rows = std::min(input.bands.grain, input.bands.n);
    // Eight bytes more, since whole words are read.
    return record_alignment + aligned(2 * sizeof(std::int32_t) * columns) +
           (rows + 2) * (columns + 2) + 8;
  }

  std::ptrdiff_t stride() const { return columns + 2; }
  std::uint8_t* row(int y) const { return frame + (y + 1) * stride() + 1; }
  std::int32_t* seam(int which) const { return seams + std::ptrdiff_t{which} * columns; }
};

template <class Word>
Word word_at(const std::uint8_t* p) {
  Word word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

// Gives all pixels of one mark that are connected to `start` another one, and calls visit() for each of
// them and for `start`.
template <class Visit>
void flood(std::uint8_t* start, std::ptrdiff_t stride, Mark from, Mark to,
           std::vector<std::uint8_t*>& stack, Visit visit) {
  stack.push_back(start);
  while (!stack.empty()) {
    std::uint8_t* p = stack.back();
    stack.pop_back();
    visit(p);
    for (const std::ptrdiff_t row : {-stride, std::ptrdiff_t{0}, stride})
      for (std::uint8_t* q = p + row - 1; q <= p + row + 1; ++q)
        if (*q == from) {
          *q = to;
          stack.push_back(q);
        }
  }
}

// Hysteresis inside the band.
void connect(const BandMap& map, int rows) {
  std::vector<std::uint8_t*> stack;
  const std::ptrdiff_t stride = map.stride();
  constexpr std::uint64_t any_edge = 0x0101010101010101 * edge;
  constexpr std::uint32_t any_candidate = 0x010101 * candidate;
  for (int y = 0; y < rows; ++y) {
    std::uint8_t* row = map.row(y);
    for (int begin = 0; begin < map.columns; begin += 8) {
      if ((word_at<std::uint64_t>(row + begin) & any_edge) == 0) continue;
      const int end = std::min(begin + 8, map.columns);
      for (int x = begin; x < end; ++x) {
        if (row[x] != edge) continue;
        const std::uint8_t* p = row + x - 1;
        const auto around = word_at<std::uint32_t>(p - stride) | word_at<std::uint32_t>(p) |
                            word_at<std::uint32_t>(p + stride);
        if ((around & any_candidate) != 0)
          flood(row + x, stride, candidate, edge, stack, [](const std::uint8_t*) {});
      }
    }
  }

  // What is still undecided is open where it touches a seam, and else is no edge.
  std::int32_t components = 0;
  const std::array<int, 2> seams{0, rows - 1};
  for (int which : {0, 1}) {
    const std::uint8_t* row = map.row(seams[std::size_t(which)]);
    for (int x = 0; x < map.columns; ++x)
      if (row[x] == edge) map.seam(which)[x] = -1;
  }
  const auto number = [&](const std::uint8_t* p) {
    const std::ptrdiff_t at = p - map.row(0);
    const std::ptrdiff_t y = at / stride, x = at % stride;
    if (y == 0) map.seam(0)[x] = components;
    if (y == rows - 1) map.seam(1)[x] = components;
  };
  for (int which : {0, 1}) {
    std::uint8_t* row = map.row(seams[std::size_t(which)]);
    for (int x = 0; x < map.columns; ++x) {
      if (row[x] != candidate) continue;
      ++components;
      row[x] = open;
      flood(row + x, stride, candidate, open, stack, number);
    }
  }
  *map.components = components;
}

// The source's rows as planes, so that all inner loops go along a row of one channel. Keeps as many rows
// as a kernel looks at.
template <class T, int size>
class Planes {
 public:
  Planes(const cv::Mat& image, int first) : image_(image), next_(std::max(first, 0)) {
    if (image.channels() > 1)
      memory_.create(size * image.channels(), image.cols, gray_type(image.type()));
  }

  // The rows around row y, those beyond the edges being the edge again; y must not go down.
  std::array<const T*, size> around(int y, int plane) {
    const int channels = image_.channels();
    if (channels > 1)
      for (; next_ <= std::min(y + size / 2, image_.rows - 1); ++next_) {
        std::array<cv::Mat, 4> rows;
        for (int c = 0; c < channels; ++c)
          rows[std::size_t(c)] = memory_.row(next_ % size * channels + c);
        cv::split(image_.row(next_), rows.data());
      }
    std::array<const T*, size> result;
    for (int k = 0; k < size; ++k) {
      const int at = std::clamp(y + k - size / 2, 0, image_.rows - 1);
      result[std::size_t(k)] =
          channels > 1 ? memory_.ptr<T>(at % size * channels + plane) : image_.ptr<T>(at);
    }
    return result;
  }

 private:
  const cv::Mat& image_;
  cv::Mat memory_;
  int next_;
};

struct Thresholds {
  double low, high;
};

// As cv::Canny makes them from its arguments.
Thresholds thresholds(const Values& v) {
  double low = std::min(v[0], v[1]), high = std::max(v[0], v[1]);
  if (v[2] == 7) {
    low /= 16;
    high /= 16;
  }
  if (v[3] != 0) {
    low *= low;
    high *= high;
  }
  return {std::floor(low), std::floor(high)};
}

template <class T, int size, bool l2>
void mark_band(const PhaseInput& input, const Slice& band, const BandMap& map) {
  using A = Arithmetic<T, size, l2>;
  using Sum = typename A::Sum;
  using Derivative = typename A::Derivative;
  using Norm = typename A::Norm;
  const cv::Mat& image = input.image;
  const int columns = image.cols, radius = size / 2;
  const int begin = static_cast<int>(band.begin), end = static_cast<int>(band.end);
  const auto n = static_cast<std::size_t>(columns);

  const auto [low, high] = thresholds(input.values);
  constexpr double most = static_cast<double>(std::numeric_limits<Norm>::max());
  const Norm low_norm = static_cast<Norm>(std::min(low, most));
  const Norm high_norm = static_cast<Norm>(std::min(high, most));

  Planes<T, size> planes(image, begin - 1 - radius);
  std::vector<Sum> sums(2 * (n + 2 * std::size_t(radius)));
  Sum* smooth = sums.data() + radius;
  Sum* slope = smooth + n + 2 * std::size_t(radius);
  std::vector<Derivative> derivatives(4 * n);
  Derivative* dx = derivatives.data();
  std::vector<Norm> norm_memory(4 * (n + 2));
  std::array<Norm*, 3> norm;  // of the rows y - 2, y - 1 and y
  for (std::size_t k = 0; k < 3; ++k) norm[k] = norm_memory.data() + k * (n + 2) + 1;
  Norm* other_norm = norm_memory.data() + 3 * (n + 2) + 1;
  std::vector<std::int8_t> sector_memory(2 * n);
  std::array<std::int8_t*, 2> sector{sector_memory.data(), sector_memory.data() + n};

  for (int y = begin - 1; y <= end; ++y) {
    std::rotate(norm.begin(), norm.begin() + 1, norm.end());
    std::swap(sector[0], sector[1]);
    if (y < 0 || y >= image.rows) {
      std::fill_n(norm[2], n, Norm{0});
    } else {
      for (int c = 0; c < image.channels(); ++c) {
        const auto rows = planes.around(y, c);
        Derivative* to = c == 0 ? dx : dx + 2 * n;
        gradient_row<T, size, l2>(rows.data(), columns, smooth, slope, to, to + n,
                                  c == 0 ? norm[2] : other_norm);
        if (c > 0) keep_larger(dx, dx + n, norm[2], to, to + n, other_norm, columns);
      }
      sector_row(dx, dx + n, sector[1], columns);
    }
    if (y > begin)
      mark_row(norm[0], norm[1], norm[2], sector[0], low_norm, high_norm, map.row(y - 1 - begin),
               columns);
  }
  connect(map, end - begin);
}

template <class T, int size>
void mark_band(const PhaseInput& input, const Slice& band, const BandMap& map) {
  input.values[3] != 0 ? mark_band<T, size, true>(input, band, map)
                       : mark_band<T, size, false>(input, band, map);
}

template <class T>
void mark_band(const PhaseInput& input, const Slice& band, const BandMap& map) {
  switch (int(input.values[2])) {
    case 3:
      return mark_band<T, 3>(input, band, map);
    case 5:
      return mark_band<T, 5>(input, band, map);
    default:
      return mark_band<T, 7>(input, band, map);
  }
}

void mark(const PhaseInput& input, std::size_t slice, std::uint8_t* record) {
  const BandMap map(input, record);
  const Slice band = input.bands.slice(slice);
  if (input.image.depth() == CV_8U)
    mark_band<std::uint8_t>(input, band, map);
  else
    mark_band<std::uint16_t>(input, band, map);
}

// The second phase's record: for each pixel of each band's first and last row, whether an edge comes in
// there that the band did not know of.
std::size_t entry_bytes(const PhaseInput& input) {
  return input.bands.size() * 2 * static_cast<std::size_t>(input.image.cols);
}

void join(const PhaseInput& input, std::size_t, std::uint8_t* record) {
  const std::size_t bands = input.bands.size();
  const int columns = input.image.cols;
  const auto map = [&](std::size_t band) {
    return BandMap(input, input.found[0].of<std::uint8_t>(band));
  };
  std::vector<std::int32_t> offset(bands +
                                   1);  // component i of a band is node offset + i; 0: edges
  for (std::size_t b = 0; b < bands; ++b) offset[b + 1] = offset[b] + *map(b).components;
  std::vector<std::int32_t> parent(static_cast<std::size_t>(offset[bands]) + 1);
  std::iota(parent.begin(), parent.end(), 0);
  const auto find = [&](std::int32_t node) {
    while (parent[std::size_t(node)] != node)
      node = parent[std::size_t(node)] = parent[std::size_t(parent[std::size_t(node)])];
    return node;
  };
  const auto node = [&](std::size_t band, std::int32_t component) {
    return component < 0 ? 0 : offset[band] + component;
  };
  for (std::size_t b = 0; b + 1 < bands; ++b) {
    const std::int32_t* last = map(b).seam(1);
    const std::int32_t* first = map(b + 1).seam(0);
    for (int x = 0; x < columns; ++x) {
      if (last[x] == 0) continue;
      for (int at = std::max(x - 1, 0); at <= std::min(x + 1, columns - 1); ++at) {
        if (first[at] == 0 || (last[x] < 0 && first[at] < 0)) continue;
        const std::int32_t a = find(node(b, last[x])), c = find(node(b + 1, first[at]));
        parent[std::size_t(std::max(a, c))] = std::min(a, c);
      }
    }
  }
  for (std::size_t b = 0; b < bands; ++b) {
    if (*map(b).components == 0) continue;
    for (int i = 0; i < 2 * columns; ++i) {
      const std::int32_t component = map(b).seams[i];
      if (component > 0 && find(node(b, component)) == 0)
        record[b * 2 * std::size_t(columns) + std::size_t(i)] = 1;
    }
  }
}

void draw(const PhaseInput& input, Range rows, cv::Mat& out) {
  const std::size_t band = rows.begin / input.bands.grain;
  const BandMap map(input, input.found[0].of<std::uint8_t>(band));
  const int columns = out.cols;
  for (int y = 0; y < out.rows; ++y)
    std::transform(map.row(y), map.row(y) + columns, out.ptr(y), [](std::uint8_t mark) {
      return static_cast<std::uint8_t>(mark == edge ? 255 : 0);
    });
  if (*map.components == 0) return;

  // The map is another slice's record and stays as it is: where the edge has been is seen in `out`.
  const std::uint8_t* entries =
      input.found[1].of<std::uint8_t>(0) + band * 2 * static_cast<std::size_t>(columns);
  std::vector<cv::Point> stack;
  const auto visit = [&](int x, int y) {
    if (map.row(y)[x] != open || out.ptr(y)[x] != 0) return;
    out.ptr(y)[x] = 255;
    stack.emplace_back(x, y);
  };
  for (int which : {0, 1})
    for (int x = 0; x < columns; ++x) {
      if (entries[std::ptrdiff_t{which} * columns + x] == 0) continue;
      visit(x, which == 0 ? 0 : out.rows - 1);
      while (!stack.empty()) {
        const cv::Point p = stack.back();
        stack.pop_back();
        for (int dy : {-1, 0, 1})
          for (int dx : {-1, 0, 1}) visit(p.x + dx, p.y + dy);
      }
    }
}

constexpr Phase canny_phases[] = {
    {.bytes = BandMap::bytes, .run = mark},
    {.slices = one_slice, .bytes = entry_bytes, .run = join},
};

}  // namespace

constinit const Operation canny_operation{
    .name = "canny",
    .help = "edges as lines: where the gradient is largest, connected to where it is strong",
    .parameters = canny_parameters,
    .scope = Operation::Scope::phased,
    .accepts = always<depth_8 | depth_16, gray_or_colour>,
    .output_type = [](int) { return CV_8UC1; },
    .phases = canny_phases,
    .finish = draw,
    .reference =
        [](const cv::Mat& in, cv::Mat& out, const Values& v) {
          if (in.depth() == CV_8U)
            cv::Canny(in, out, v[0], v[1], int(v[2]), v[3] != 0);
          else
            in_one_band(canny_operation, in, out, v);
        },
};

}  // namespace tine::image
