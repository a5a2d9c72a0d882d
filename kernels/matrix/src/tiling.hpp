// How the result of a product is cut. By sizes alone: bits must not depend on who computes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <tine/matrix/isa.hpp>
#include <tine/partition.hpp>

#include "isa_variants.hpp"

namespace tine::matrix {

/// About 16 tiles, as square as can be, of 128 to 1024 elements a side. Each tile packs its rows and
/// columns of the factors anew, which costs about 50 / side of its time, so they should be large; but
/// there should be enough of them for the workers.
inline Partition result_tiles(std::size_t rows, std::size_t columns) {
  constexpr double count = 16;
  const auto side = [](double wanted, std::size_t extent) {
    const auto multiple = static_cast<std::size_t>(std::ceil(wanted / 32)) * 32;
    return std::min(std::clamp<std::size_t>(multiple, 128, 1024), std::max<std::size_t>(extent, 1));
  };
  const double area = static_cast<double>(rows) * static_cast<double>(columns) / count;
  std::size_t tall = side(std::sqrt(area), rows);
  const std::size_t wide = side(area / static_cast<double>(tall), columns);
  tall = side(area / static_cast<double>(wide), rows);
  return tiles(rows, columns, tall, wide);
}

/// The side of the squares in a triangle of n rows, for as many tiles.
inline std::size_t triangle_side(std::size_t n) {
  const std::size_t side = (n / 5 + 31) / 32 * 32;  // 5 * 6 / 2 tiles
  return std::clamp<std::size_t>(side, 128, 1024);
}

/// Into how many parts the sums of a product are cut, when its result is so small that its tiles
/// would leave workers idle; 1: not at all.
inline std::size_t sum_parts(const Partition& tiles, std::size_t k) {
  constexpr std::size_t enough_tiles = 8, shortest = 512, most = 64, most_elements = 4 << 20;
  if (tiles.size() >= enough_tiles || k < 8 * shortest) return 1;
  return std::clamp(std::min(k / shortest, most_elements / (tiles.n * tiles.columns)),
                    std::size_t{1}, most);
}

/// The side of the tiles in the factorisation of a triangle, and in solving with one: enough of them
/// for the workers, and large enough for products.
inline std::size_t triangular_tile(std::size_t n) {
  const std::size_t side = (n / 16 + 31) / 32 * 32;
  return std::clamp<std::size_t>(side, 64, 512);
}

/// The columns of a panel that is factored in one go, which is slow and can hold up all others.
inline std::size_t panel_width(std::size_t n) {
  const std::size_t width = (n / 16 + 31) / 32 * 32;
  return std::clamp<std::size_t>(width, 32, 256);
}

/// A BLAS packs what it multiplies for each tile anew, which pays for large ones only.
inline Isa isa_for(std::size_t side) {
  return isa() == Isa::blas && side < 512 ? eigen_isa() : isa();
}

}  // namespace tine::matrix
