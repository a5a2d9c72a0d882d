#include "compress.hpp"

#include <string_view>

namespace tine::mining {

namespace {

template <class T>
void gather(const void* from, const Selection& selection, void* to) {
  const T* __restrict x = static_cast<const T*>(from);
  T* __restrict r = static_cast<T*>(to);
  for (std::size_t i = 0; i < selection.count; ++i) r[i] = x[selection.indices[i]];
}

}  // namespace

void select(const Vector& condition, std::size_t rows, Selection& selection) {
  const std::uint8_t* __restrict values = condition.as<std::uint8_t>();
  std::size_t count = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    selection.indices[count] = static_cast<std::uint16_t>(i);
    count += values[i] != 0 && !condition.is_null(i);
  }
  selection.rows = rows;
  selection.count = count;
}

void compress(const void* from, std::size_t value_bytes, const Selection& selection, void* to) {
  if (value_bytes == 1)
    gather<std::uint8_t>(from, selection, to);
  else if (value_bytes == sizeof(std::string_view))
    gather<std::string_view>(from, selection, to);
  else
    gather<std::uint64_t>(from, selection, to);
}

}  // namespace tine::mining
