#include <tine/task_graph.hpp>

#include <algorithm>
#include <map>

#include <tine/error.hpp>

#include "schedule/job.hpp"

namespace tine::detail {

namespace {

constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();

/// Where a block lies in an argument, in rows and in bytes of a row.
struct Place {
  std::size_t top, bottom, left, right;
};

// Whether the block is a part of the argument, and where.
bool find(const ArgSpec& block, const ArgSpec& arg, Place& place) {
  if (arg.rows == 0 || arg.row_bytes == 0 || block.data < arg.data) return false;
  const auto offset = static_cast<std::size_t>(block.data - arg.data);
  if (arg.rows > 1 && arg.row_pitch == 0) return false;
  const std::size_t pitch = arg.rows > 1 ? arg.row_pitch : arg.row_bytes;
  place.top = offset / pitch;
  place.left = offset % pitch;
  std::size_t rows = block.rows, width = block.row_bytes;
  if (rows > 1 && block.row_pitch != pitch) {
    // Adjacent elements may be a part of one row.
    if (block.row_pitch != block.row_bytes) return false;
    width *= rows;
    rows = 1;
  }
  place.bottom = place.top + rows;
  place.right = place.left + width;
  return place.bottom <= arg.rows && place.right <= arg.row_bytes;
}

}  // namespace

std::string GraphBuilder::name(const Block& block) const {
  return "a block of " + std::to_string(block.spec.rows) + " rows of " +
         std::to_string(block.spec.row_bytes) + " bytes that task " +
         std::to_string(block.first_task) + " is the first to use";
}

void GraphBuilder::begin_task() {
  if (size() == nobody) throw InvalidArgument("tine: a graph has less than 2^32 tasks");
  // The same one may come several times in what the last task waits for.
  const auto first = dependencies_.begin() +
                     static_cast<std::ptrdiff_t>(size() > 0 ? nodes_[size() - 1].dependencies : 0);
  std::sort(first, dependencies_.end());
  dependencies_.erase(std::unique(first, dependencies_.end()), dependencies_.end());
  nodes_.back().dependencies = dependencies_.size();
  undo_bytes_ = undo_bytes();
  task_undo_bytes_ = 0;
  nodes_.push_back(nodes_.back());
}

void GraphBuilder::use(const ArgSpec& spec) {
  if (spec.rows == 0 || spec.row_bytes == 0) return;
  const auto task = static_cast<std::uint32_t>(size() - 1);
  const auto [found, added] = blocks_.try_emplace(spec.data, Block{spec, task, nobody, {}});
  Block& block = found->second;
  if (block.spec.rows != spec.rows || block.spec.row_bytes != spec.row_bytes ||
      (spec.rows > 1 && block.spec.row_pitch != spec.row_pitch))
    throw InvalidArgument("tine: task " + std::to_string(task) + " uses " +
                          std::to_string(spec.rows) + " rows of " + std::to_string(spec.row_bytes) +
                          " bytes at the beginning of " + name(block) +
                          "; blocks are the same, or have nothing in common");
  const auto wait_for = [&](std::uint32_t other) {
    if (other != task) dependencies_.push_back(other);
  };
  if (block.writer != nobody) wait_for(block.writer);
  if (detail::writes(spec.kind)) {
    std::ranges::for_each(block.readers, wait_for);
    block.readers.clear();
    block.writer = task;
    block.written = true;
    writes_.push_back(spec);
    if (spec.kind == AccessKind::inout) task_undo_bytes_ += spec.rows * spec.row_bytes;
  } else if (block.readers.empty() || block.readers.back() != task) {
    block.readers.push_back(task);
  }
  nodes_.back() = {dependencies_.size(), writes_.size()};
}

void GraphBuilder::check(const ArgSpec* args, std::size_t count) const {
  struct Placed {
    Place place;
    const Block* block;
  };
  std::vector<std::vector<Placed>> placed(count);
  for (const auto& [data, block] : blocks_) {
    std::size_t a = 0;
    Place place{};
    while (a < count && !find(block.spec, args[a], place)) ++a;
    if (a == count)
      throw InvalidArgument("tine: " + name(block) +
                            " is no part of an array that the graph is run with");
    if (block.written && !detail::writes(args[a].kind))
      throw InvalidArgument("tine: " + name(block) +
                            " is written, but its array is whole(); pass inout() or out()");
    placed[a].push_back({place, &block});
  }
  for (std::vector<Placed>& blocks : placed) {
    std::sort(blocks.begin(), blocks.end(),
              [](const Placed& a, const Placed& b) { return a.place.top < b.place.top; });
    // Down the array; those that the present row may meet, by their left ends.
    std::map<std::size_t, const Placed*> open;
    for (const Placed& b : blocks) {
      auto other = open.lower_bound(b.place.left);
      if (other != open.begin() && std::prev(other)->second->place.right > b.place.left) --other;
      while (other != open.end() && other->first < b.place.right) {
        if (other->second->place.bottom > b.place.top)
          throw InvalidArgument("tine: " + name(*b.block) + " overlaps " +
                                name(*other->second->block));
        other = open.erase(other);
      }
      open.emplace(b.place.left, &b);
    }
  }
}

}  // namespace tine::detail
