// How many letters have to be changed, added or left out to make one text of another: a table of which
// each cell follows from its neighbours on the left and above. Tiles of the table are tasks that wait for
// theirs, so that work runs in a wave from one corner to the other. A worker is killed on the way.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include <tine/tine.hpp>

namespace {

using Cells = tine::View<std::uint32_t, 2>;

std::string text(std::size_t length, unsigned seed) {
  std::string result(length, ' ');
  for (char& letter : result) {
    seed = seed * 1664525 + 1013904223;
    letter = static_cast<char>('a' + (seed >> 24) % 4);
  }
  return result;
}

/// Cells [top, bottom) x [left, right) of the table; row 0 and column 0 are given.
struct Tile {
  std::size_t top, bottom, left, right;
};

void fill(const Tile& tile, const Cells& cells, const char* down, const char* across) {
  for (std::size_t y = tile.top; y < tile.bottom; ++y)
    for (std::size_t x = tile.left; x < tile.right; ++x) {
      const std::uint32_t changed = cells(y - 1, x - 1) + (down[y - 1] != across[x - 1]);
      cells(y, x) = std::min({changed, cells(y - 1, x) + 1, cells(y, x - 1) + 1});
    }
}

void begin(const Cells& cells) {
  for (std::size_t y = 0; y < cells.extent(0); ++y) cells(y, 0) = static_cast<std::uint32_t>(y);
  for (std::size_t x = 0; x < cells.extent(1); ++x) cells(0, x) = static_cast<std::uint32_t>(x);
}

}  // namespace

int main() {
  constexpr std::size_t side = 128;
  const std::string down = text(2000, 1), across = text(3000, 2);
  const std::size_t rows = down.size() + 1, columns = across.size() + 1;

  tine::Pool pool;
  auto a = pool.array_from(down), b = pool.array_from(across);
  auto table = pool.array<std::uint32_t>(rows, columns);
  auto killed = pool.array<int>(1);
  begin(table.view());

  // Blocks are the tiles. What a tile reads is the last row and column of its neighbours.
  tine::TaskGraph<Tile> graph;
  const auto block = [&](std::size_t i, std::size_t j) {
    const std::size_t top = 1 + i * side, left = 1 + j * side;
    return table.view()
        .part(0, top, std::min(side, rows - top))
        .part(1, left, std::min(side, columns - left));
  };
  for (std::size_t i = 0; 1 + i * side < rows; ++i)
    for (std::size_t j = 0; 1 + j * side < columns; ++j) {
      const Cells to = block(i, j);
      const std::size_t top = 1 + i * side, left = 1 + j * side;
      graph.add({top, top + to.extent(0), left, left + to.extent(1)}, tine::out(to));
      if (i > 0) graph.use(tine::in(block(i - 1, j)));
      if (j > 0) graph.use(tine::in(block(i, j - 1)));
      if (i > 0 && j > 0) graph.use(tine::in(block(i - 1, j - 1)));
    }

  const tine::Report report = tine::run(
      pool, graph,
      [died = killed.view()](const Tile& tile, const Cells& cells, const tine::View<const char>& u,
                             const tine::View<const char>& v) {
        if (tile.top > 1000 && std::atomic_ref(died[0]).exchange(1) == 0) raise(SIGKILL);
        fill(tile, cells, u.data(), v.data());
      },
      tine::inout(table), tine::whole(a), tine::whole(b));

  std::vector<std::uint32_t> memory(rows * columns);
  const Cells expected(memory.data(), {rows, columns});
  begin(expected);
  fill({1, rows, 1, columns}, expected, down.data(), across.data());

  const std::uint32_t distance = table(rows - 1, columns - 1);
  std::printf("%u changes, by %zu tasks, %zu of them run again\n", distance, graph.size(),
              report.faults.size());
  return std::equal(memory.begin(), memory.end(), table.begin()) && report.faults.size() == 1 ? 0
                                                                                              : 1;
}
