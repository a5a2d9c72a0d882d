#include "learn/point_blocks.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

namespace tine::mining {

namespace {

struct Key {
  double value;
  std::uint32_t point;
  friend bool operator<(const Key& a, const Key& b) {
    return a.value != b.value ? a.value < b.value : a.point < b.point;
  }
};

std::size_t blocks_of(std::size_t points) {
  return (points + block_points - 1) / block_points;
}

/// The dimension in which points differ most.
std::size_t widest(std::span<const std::uint32_t> order, const View<const double, 2>& x) {
  const std::size_t d = x.extent(1);
  std::vector<double> least(d, std::numeric_limits<double>::infinity()), greatest(d, -least[0]);
  for (const std::uint32_t point : order)
    for (std::size_t i = 0; i < d; ++i) {
      least[i] = std::min(least[i], x(point, i));
      greatest[i] = std::max(greatest[i], x(point, i));
    }
  std::size_t result = 0;
  for (std::size_t i = 1; i < d; ++i)
    if (greatest[i] - least[i] > greatest[result] - least[result]) result = i;
  return result;
}

/// Halves points, as BoxNode does, until parts have no more than so many blocks. Calls part(points) for each.
template <class Part>
void halve(std::span<std::uint32_t> order, const View<const double, 2>& x, std::size_t most,
           std::vector<Key>& keys, Part part) {
  const BoxNode node{0, 0, blocks_of(order.size())};
  if (node.blocks() <= most) return part(order.size());
  const std::size_t dimension = widest(order, x), middle = node.middle() * block_points;
  keys.resize(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) keys[i] = {x(order[i], dimension), order[i]};
  std::nth_element(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(middle), keys.end());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = keys[i].point;
  halve(order.first(middle), x, most, keys, part);
  halve(order.subspan(middle), x, most, keys, part);
}

struct BlockParts {
  double *x, *box, *centre;
  float* tile;
  BlockFrame* frame;
};

/// Of points that are there already, in parts.x: their box, and themselves in floats.
void frame_block(const BlockParts& parts, std::size_t points, std::size_t d) {
  double* const least = parts.box;
  double* const greatest = parts.box + d;
  std::copy_n(parts.x, d, least);
  std::copy_n(parts.x, d, greatest);
  for (std::size_t point = 1; point < points; ++point)
    for (std::size_t i = 0; i < d; ++i) {
      least[i] = std::min(least[i], parts.x[point * d + i]);
      greatest[i] = std::max(greatest[i], parts.x[point * d + i]);
    }
  double half_width = 0;
  for (std::size_t i = 0; i < d; ++i) {
    parts.centre[i] = least[i] / 2 + greatest[i] / 2;
    half_width = std::max({half_width, greatest[i] - parts.centre[i], parts.centre[i] - least[i]});
  }
  // The next power of two, so that squares do not overflow, but not of what is next to nothing.
  const int exponent = half_width == 0 ? 0 : -std::min(std::ilogb(half_width) + 1, 1000);
  const double scale = std::ldexp(1.0, std::min(exponent, 1000));
  double squares[block_points] = {};
  for (std::size_t point = 0; point < block_points; ++point)
    for (std::size_t i = 0; i < d; ++i) {
      const double b = point < points ? (parts.x[point * d + i] - parts.centre[i]) * scale : 0;
      const float rounded = static_cast<float>(b);
      parts.tile[(i + 1) * block_points + point] = rounded;
      squares[point] += static_cast<double>(rounded) * static_cast<double>(rounded);
    }
  for (std::size_t point = 0; point < block_points; ++point)
    parts.tile[point] = point < points ? static_cast<float>(squares[point])
                                       : std::numeric_limits<float>::infinity();
  const double square = *std::max_element(squares, squares + points);
  *parts.frame = {.scale = scale, .radius = std::sqrt(square) * (1 + 0x1p-20)};
}

}  // namespace

PointBlocks::PointBlocks(const PoolWith& on, const View<const double, 2>& points)
    : points_(points.extent(0)), dimensions_(points.extent(1)) {
  const std::size_t blocks = blocks_of(points_);
  order_ = on.pool.array<std::uint32_t>(points_);
  x_ = on.pool.array<double>(blocks, block_points * dimensions_);
  boxes_ = on.pool.array<double>(2 * blocks - 1, 2 * dimensions_);
  centres_ = on.pool.array<double>(blocks, dimensions_);
  tiles_ = on.pool.array<float>(blocks, (dimensions_ + 1) * block_points);
  frames_ = on.pool.array<BlockFrame>(blocks);
  arrange(on, points);
  auto leaves = on.pool.array<double>(blocks, 2 * dimensions_);
  pack(on, points, leaves);
  join_boxes({0, 0, blocks}, leaves);
}

BlocksView PointBlocks::view() const {
  return {.points = points_,
          .dimensions = dimensions_,
          .blocks = blocks(),
          .order = order_.peek().data(),
          .x = x_.peek().data(),
          .boxes = boxes_.peek().data(),
          .tiles = tiles_.peek().data(),
          .centres = centres_.peek().data(),
          .frames = frames_.peek().data()};
}

void PointBlocks::arrange(const PoolWith& on, const View<const double, 2>& points) {
  // Into parts for workers, which are not many: they are made here.
  const std::size_t most = std::max<std::size_t>(16, (frames_.size() + 31) / 32);
  std::iota(order_.begin(), order_.end(), std::uint32_t{0});
  std::vector<Key> keys;
  std::vector<std::size_t> bounds{0};
  halve(order_.view().span(), points, most, keys,
        [&](std::size_t part) { bounds.push_back(bounds.back() + part); });
  const auto shared = on.pool.array_from(bounds);
  for_each_slice(
      on, cut(shared),
      [](const Slice&, std::span<std::uint32_t> part, const View<const double, 2>& x) {
        std::vector<Key> keys_of_part;
        halve(part, x, 1, keys_of_part, [](std::size_t) {});
      },
      inout(order_), whole(points));
}

void PointBlocks::pack(const PoolWith& on, const View<const double, 2>& points,
                       Array<double, 2>& leaves) {
  for_each_slice(
      on, partition(4096 / std::min<std::size_t>(dimensions_, 64)),
      [](const Slice& s, const View<double, 2>& x, const View<double, 2>& box,
         const View<double, 2>& centre, const View<float, 2>& tile, std::span<BlockFrame> frame,
         std::span<const std::uint32_t> order, const View<const double, 2>& from) {
        const std::size_t d = from.extent(1);
        for (std::size_t block = 0; block < s.size(); ++block) {
          const std::size_t begin = (s.begin + block) * block_points;
          const std::size_t size = std::min(block_points, order.size() - begin);
          for (std::size_t i = 0; i < size; ++i)
            std::copy_n(&from(order[begin + i], 0), d, &x(block, i * d));
          std::fill(&x(block, 0) + size * d, &x(block, 0) + block_points * d, 0.0);
          frame_block(
              {&x(block, 0), &box(block, 0), &centre(block, 0), &tile(block, 0), &frame[block]},
              size, d);
        }
      },
      out(x_), out(leaves), out(centres_), out(tiles_), out(frames_), whole(order_), whole(points));
}

void PointBlocks::join_boxes(const BoxNode& node, const Array<double, 2>& leaves) {
  const std::size_t d = dimensions_;
  double* const box = &boxes_(node.number, 0);
  if (node.blocks() == 1) {
    std::copy_n(&leaves(node.first, 0), 2 * d, box);
    return;
  }
  join_boxes(node.left(), leaves);
  join_boxes(node.right(), leaves);
  const double* const a = &boxes_(node.left().number, 0);
  const double* const b = &boxes_(node.right().number, 0);
  for (std::size_t i = 0; i < d; ++i) {
    box[i] = std::min(a[i], b[i]);
    box[d + i] = std::max(a[d + i], b[d + i]);
  }
}

}  // namespace tine::mining
