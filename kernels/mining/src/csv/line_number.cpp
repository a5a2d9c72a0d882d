#include "line_number.hpp"

#include <algorithm>
#include <functional>

#include <tine/mining/error.hpp>
#include <tine/reduce.hpp>

#include "input_file.hpp"

namespace tine::mining {

std::uint64_t line_number(const PoolWith& on, const CsvLayout& layout, std::uint64_t offset) {
  BlobWriter size({});
  write(size, layout);
  auto description = on.pool.array<std::byte>(size.used());
  BlobWriter to(description.span());
  write(to, layout);
  // Where it cannot be read any more, that is what will be said next.
  return reduce_slices(
      on, slices(offset, csv_slice_bytes), std::uint64_t{1}, std::plus<>{},
      [](const Slice& slice, std::span<const std::byte> given) {
        BlobReader reader(given);
        const InputFile file(read_layout(reader).source);
        std::vector<char> bytes(slice.size());
        file.read(slice.begin, bytes.data(), bytes.size());
        return static_cast<std::uint64_t>(std::ranges::count(bytes, '\n'));
      },
      whole(description));
}

}  // namespace tine::mining
