// Text files in pieces of whole lines, which workers read.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <tine/error.hpp>
#include <tine/for_each_slice.hpp>
#include <tine/job_sequence.hpp>
#include <tine/mining/error.hpp>
#include <tine/mining/text.hpp>

#include "../blob.hpp"

namespace tine::mining {

/// Some bytes of a file: its lines are those that begin there.
struct TextPiece {
  std::uint64_t file, begin, end;
};

/// Files as workers are told of them.
struct SharedFiles {
  SharedFiles(Pool& pool, std::span<const FileSource> files);
  Array<std::byte> description;
};

/// In a worker. Throw FileError.
std::uint64_t size_of_file(std::span<const std::byte> files, std::size_t file);
std::string lines_of(std::span<const std::byte> files, const TextPiece& piece);

/// Cuts all files by their sizes.
std::vector<TextPiece> cut_files(JobSequence& jobs, Pool& pool, std::span<const FileSource> files,
                                 const SharedFiles& shared);

/// Throws FileError with the name of the file.
[[noreturn]] void fail_with(const FileSource& file, const KernelError& error);

/// In workers, calls `kernel(to, lines, about)` for the lines of each piece; then, in the order of pieces,
/// `take(file, what was written)`.
template <class Kernel>
void for_each_piece(const PoolWith& on, std::span<const FileSource> files,
                    const TextOptions& options, const std::vector<std::byte>& about, Kernel kernel,
                    const std::function<void(std::size_t, BlobReader)>& take) {
  constexpr std::size_t pieces_at_a_time = 64, most_bytes = std::size_t{256} << 20;
  PoolWith strict = on;
  strict.policy.on_failure = OnFailure::fail;
  Pool& pool = on.pool;
  JobSequence jobs(strict);
  const SharedFiles shared(pool, files);
  const std::vector<TextPiece> pieces = cut_files(jobs, pool, files, shared);
  const auto what = pool.array_from(about);
  std::uint64_t all = 0, done = 0;
  for (const TextPiece& piece : pieces) all += piece.end - piece.begin;
  std::size_t capacity = 64 << 10;  // of what is written for a piece; grows
  for (std::size_t first = 0; first < pieces.size();) {
    const std::size_t count = std::min(
        {pieces_at_a_time, std::max<std::size_t>(1, most_bytes / capacity), pieces.size() - first});
    const auto some = pool.array_from(std::span(pieces).subspan(first, count));
    auto regions = pool.array<std::byte>(count, capacity);
    auto used = pool.array<std::uint64_t>(count);
    try {
      jobs.run([&](const PoolWith& next) {
        return for_each_slice(
            next, {.n = count},
            [kernel](const Slice&, std::span<const TextPiece> piece,
                     const View<std::byte, 2>& region, std::span<std::uint64_t> bytes,
                     std::span<const std::byte> description, std::span<const std::byte> wanted) {
              BlobWriter to({region.data(), region.extent(1)});
              kernel(to, lines_of(description, piece[0]), wanted);
              bytes[0] = to.used();
            },
            in(some), out(regions), out(used), whole(shared.description), whole(what));
      });
    } catch (const KernelError& error) {
      fail_with(files[pieces[first + std::min(error.slice(), count - 1)].file], error);
    }
    // What did not fit is done again, with more room.
    const std::uint64_t most = *std::ranges::max_element(used.span());
    std::size_t fit = 0;
    while (fit < count && used[fit] <= capacity) {
      take(pieces[first + fit].file, BlobReader({&regions(fit, 0), used[fit]}));
      done += pieces[first + fit].end - pieces[first + fit].begin;
      ++fit;
    }
    first += fit;
    if (most > capacity) capacity = most + most / 4;
    if (options.progress) options.progress(done, all);
  }
  jobs.finish();
}

}  // namespace tine::mining
