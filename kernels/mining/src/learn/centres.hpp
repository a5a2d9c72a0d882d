// Which of some centres is nearest to each of some rows.
//
// The answer is that of sums of squared differences in doubles, feature by feature, ties going to the first
// centre: the same bits with any instructions. Nearly all of the work is done in floats, though, where a sum is
// |c|^2 / 2 - x.c, which has fewer operations: with a bound of all its errors, which tells whether the nearest
// centre there is the nearest one. Rows for which it does not are looked at again in doubles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::mining {

/// Where floats have many digits left: numbers become scale * x - offset. It decides how many rows are looked at
/// again, and no result.
struct Frame {
  double scale = 1;  ///< a power of two
  std::vector<double> offset;

  /// For points around `middle` that are about so far from it.
  static Frame around(std::vector<double> middle, double radius);
};

/// What workers see of centres.
struct CentresView {
  /// Of what Centres has in the arena.
  CentresView(std::size_t clusters, std::size_t features, const double* numbers,
              const float* screen);

  std::size_t count, dimensions;
  double scale;
  const double *offset, *values;  ///< dimensions; count x dimensions
  /// Of the points in the frame, in which `values` are in groups of four, feature by feature. What pads the last
  /// group is never nearest.
  const float *half, *error, *norm, *groups;
  /// For products and half squares in floats, and for sums of squares in doubles: what an error is at most,
  /// relative to the sum of the lengths.
  float float_error, double_error;

  static constexpr std::size_t group = 4;
};

/// Centres in the arena of a pool.
class Centres {
 public:
  Centres(Pool& pool, std::size_t count, Frame frame);

  /// To be called between jobs.
  void set(std::span<const double> values);
  const Frame& frame() const { return frame_; }
  std::size_t count() const { return count_; }
  std::size_t dimensions() const { return frame_.offset.size(); }

  const Array<double>& numbers() const { return numbers_; }
  const Array<float>& screen() const { return screen_; }

 private:
  std::size_t count_;
  Frame frame_;
  Array<double> numbers_;  ///< the scale, the offset, the centres
  Array<float> screen_;    ///< half squares, errors and norms of centres, and the centres
};

/// Memory of some rows as columns of floats, or of fewer as columns of doubles.
class FloatTile {
 public:
  /// Rows are padded to so many features.
  static constexpr std::size_t stride(std::size_t dimensions) { return (dimensions + 3) / 4 * 4; }
  /// What is written for so many rows: tiles are written whole, whatever the width of vectors.
  static constexpr std::size_t whole_tiles(std::size_t rows) {
    return (rows + most_rows - 1) / most_rows * most_rows;
  }

  void reserve(std::size_t dimensions) {
    lines_.resize(stride(dimensions) * (most_rows + 4) * sizeof(float) / sizeof(Line) + 1);
  }
  float* floats() { return reinterpret_cast<float*>(lines_.data()); }
  double* doubles() { return reinterpret_cast<double*>(lines_.data()); }

 private:
  static constexpr std::size_t most_rows = 32;
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  std::vector<Line> lines_;
};

/// Of rows, the nearest centres; and how far they are in the frame, at most, and how far all others are, at
/// least.
class NearestCentres {
 public:
  /// @param rows  indices in x, which has a row for each and `dimensions` columns
  void find(const CentresView& centres, const double* x, std::span<const std::uint32_t> rows);

  const std::uint32_t* nearest() const { return nearest_.data(); }
  const float* upper() const { return upper_.data(); }
  const float* lower() const { return lower_.data(); }

 private:
  std::vector<std::uint32_t> nearest_, unsure_;
  std::vector<float> upper_, lower_;
  FloatTile tile_;
};

/// Of all rows of x, the nearest centres.
Report find_nearest(const PoolWith& on, const Centres& centres, const Array<double, 2>& x,
                    Array<std::uint32_t>& nearest);

/// Which of up to 32 centres may be closer to a row than what was closest to it.
class CloserCentres {
 public:
  /// @param x        a row for each of `closest`, the squared distances so far
  void find(const CentresView& centres, const double* x, std::span<const double> closest);

  /// A bit for each centre; where it is not set, squared_distance() is no less than `closest`.
  const std::uint32_t* bits() const { return bits_.data(); }

 private:
  std::vector<std::uint32_t> bits_;
  std::vector<float> closest_;
  FloatTile tile_;
};

/// What is added to a bound where errors are not relative any more, since floats underflow.
inline constexpr float smallest = 0x1p-120f;

/// A bound that is moved: rounded such that it stays one.
inline constexpr float rounding_up = 1 + 0x1p-21f, rounding_down = 1 - 0x1p-21f;

/// The sum of squared differences that decides.
inline double squared_distance(const double* a, const double* b, std::size_t dimensions) {
  double sum = 0;
  for (std::size_t j = 0; j < dimensions; ++j) {
    const double difference = a[j] - b[j];
    sum += difference * difference;
  }
  return sum;
}

}  // namespace tine::mining
