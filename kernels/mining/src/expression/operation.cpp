#include "operation.hpp"

#include <cstring>

#include <tine/error.hpp>

namespace tine::mining {

char* TextArena::take(std::size_t size) {
  made_ += size;
  if (size > most_bytes || made_ > most_bytes)
    throw Error("the texts that an expression makes of " + std::to_string(batch_rows) +
                " rows take more than 1 GiB");
  if (size > block_bytes / 4) {
    large_.push_back(std::make_unique_for_overwrite<char[]>(size));
    return large_.back().get();
  }
  if (size > free_ || used_blocks_ == 0) {
    if (used_blocks_ == blocks_.size())
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_bytes));
    ++used_blocks_;
    free_ = block_bytes;
  }
  char* const taken = blocks_[used_blocks_ - 1].get() + (block_bytes - free_);
  free_ -= size;
  return taken;
}

void TextArena::clear() {
  large_.clear();
  used_blocks_ = free_ = made_ = 0;
}

std::uint8_t* Call::own_nulls() {
  if (nulls == nullptr)
    std::memset(null_room, 0, rows);
  else if (nulls != null_room)
    std::memcpy(null_room, nulls, rows);
  nulls = null_room;
  return null_room;
}

std::span<const Operation> operations() {
  static const std::vector<Operation> all = [] {
    std::vector<Operation> result;
    for (const auto some :
         {arithmetic_operations(), bin_operations(), calendar_operations(), conversion_operations(),
          membership_operations(), null_operations(), number_operations(), text_operations()})
      result.insert(result.end(), some.begin(), some.end());
    return result;
  }();
  return all;
}

}  // namespace tine::mining
