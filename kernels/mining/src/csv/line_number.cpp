#include "line_number.hpp"

#include <algorithm>
#include <functional>

#include <tine/mining/error.hpp>
#include <tine/reduce.hpp>

#include "input_file.hpp"

namespace tine::mining {

std::uint64_t count_lines(const PoolWith& on, const CsvLayout& layout, std::uint64_t begin,
                          std::uint64_t end) {
  BlobWriter size({});
  write(size, layout);
  auto description = on.pool.array<std::byte>(size.used());
  BlobWriter to(description.span());
  write(to, layout);
  return reduce_slices(
      on, slices(end - begin, csv_slice_bytes), std::uint64_t{0}, std::plus<>{},
      [begin](const Slice& slice, std::span<const std::byte> given) {
        BlobReader reader(given);
        const InputFile file(read_layout(reader).source);
        std::vector<char> bytes(slice.size());
        file.read(begin + slice.begin, bytes.data(), bytes.size());
        return static_cast<std::uint64_t>(std::ranges::count(bytes, '\n'));
      },
      whole(description));
}

}  // namespace tine::mining
