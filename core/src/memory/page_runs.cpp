#include "memory/page_runs.hpp"

namespace tine::detail {

PageRuns::PageRuns(std::size_t bytes) {
  insert(0, {bytes, false, true});
}

PageRuns::Block PageRuns::take(std::size_t bytes, std::size_t alignment, bool warm) {
  const std::size_t total = bytes + page;
  for (auto it = by_size_.lower_bound({Key{warm, total}, 0});
       it != by_size_.end() && it->first.first == warm; ++it) {
    const std::size_t offset = it->second;
    const std::size_t begin = round_up(offset, alignment);
    const auto at = free_.find(offset);
    const Free whole = at->second;
    if (begin + total > offset + whole.bytes) continue;
    erase(at);
    if (begin > offset) insert(offset, {begin - offset, warm, whole.zeroed});
    const std::size_t rest = offset + whole.bytes - (begin + total);
    if (rest > 0) insert(begin + total, {rest, warm, whole.zeroed});
    return {begin, bytes, warm, whole.zeroed};
  }
  return {};
}

void PageRuns::give(const Block& block) {
  insert(block.offset, {block.bytes + page, block.warm, block.zeroed});
}

void PageRuns::give_tail(Block& block, std::size_t bytes) {
  insert(block.offset + bytes + page, {block.bytes - bytes, true, true});
  block.bytes = bytes;
}

void PageRuns::insert(std::size_t offset, Free free) {
  // Neighbours of the same temperature become one.
  auto next = free_.lower_bound(offset);
  if (next != free_.end() && offset + free.bytes == next->first && next->second.warm == free.warm) {
    free.bytes += next->second.bytes;
    free.zeroed = free.zeroed && next->second.zeroed;
    const auto gone = next++;
    erase(gone);
  }
  if (next != free_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second.bytes == offset && before->second.warm == free.warm) {
      offset = before->first;
      free.bytes += before->second.bytes;
      free.zeroed = free.zeroed && before->second.zeroed;
      erase(before);
    }
  }
  if (free.warm) warm_ += free.bytes;
  by_size_.emplace(Key{free.warm, free.bytes}, offset);
  free_.emplace(offset, free);
}

void PageRuns::erase(std::map<std::size_t, Free>::iterator at) {
  if (at->second.warm) warm_ -= at->second.bytes;
  by_size_.erase({Key{at->second.warm, at->second.bytes}, at->first});
  free_.erase(at);
}

}  // namespace tine::detail
