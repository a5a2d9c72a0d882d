/// @file
/// Sorting in parallel, with the same bits on any number of workers.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <vector>

#include <tine/for_each.hpp>

namespace tine {

namespace detail {

/// How many of the first `rank` elements of the merger of two sorted ranges come from the first.
/// Splitting by position rather than by value cuts even equal elements into parts of equal length.
template <class T, class Less>
std::size_t taken_from_first(std::size_t rank, std::span<const T> first, std::span<const T> second,
                             Less& less) {
  std::size_t low = rank > second.size() ? rank - second.size() : 0;
  std::size_t high = std::min(rank, first.size());
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (less(second[rank - middle - 1], first[middle]))
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

/// Two sorted ranges and where their merger goes.
template <class T>
struct Merge {
  const T* first;
  const T* first_end;
  const T* second;
  const T* second_end;
  T* out;
};

/// Elements [rank, rank + out.size()) of the merger of two sorted ranges; of equal elements, those
/// of the first range come first.
///
/// Which element comes next is a coin toss for branch prediction. Without branches each step waits
/// for the one before it, so numbers are merged in four places at once: 1.4 ns an element, where
/// std::merge takes 5.
template <class T, class Less>
void merge_part(std::span<const T> first, std::span<const T> second, std::size_t rank,
                std::span<T> out, Less& less) {
  constexpr std::size_t places = std::is_arithmetic_v<T> ? 4 : 1;
  std::array<Merge<T>, places> merges;
  std::size_t done = 0, i = taken_from_first(rank, first, second, less);
  for (std::size_t p = 0; p < places; ++p) {
    const std::size_t next = out.size() * (p + 1) / places;
    const std::size_t i_next = taken_from_first(rank + next, first, second, less);
    merges[p] = {first.data() + i, first.data() + i_next, second.data() + (rank + done - i),
                 second.data() + (rank + next - i_next), out.data() + done};
    done = next;
    i = i_next;
  }
  while (places > 1) {
    std::size_t steps = out.size();  // for which no place can run out of either range
    for (const Merge<T>& m : merges)
      steps = std::min({steps, static_cast<std::size_t>(m.first_end - m.first),
                        static_cast<std::size_t>(m.second_end - m.second)});
    if (steps == 0) break;
    std::array<Merge<T>, places> local = merges;
    for (std::size_t s = 0; s < steps; ++s) {
      for (Merge<T>& m : local) {
        const bool take_second = less(*m.second, *m.first);
        m.out[s] = *(take_second ? m.second : m.first);
        m.first += !take_second;
        m.second += take_second;
      }
    }
    for (Merge<T>& m : local) m.out += steps;
    merges = local;
  }
  for (const Merge<T>& m : merges)
    std::merge(m.first, m.first_end, m.second, m.second_end, m.out, less);
}

/// One round of merging neighbouring runs of `width` elements of `from`: writes the elements from
/// `begin` on to `out`, which must not reach beyond one pair of runs.
template <class T, class Less>
void merge_runs(std::span<const T> from, std::size_t width, std::size_t begin, std::span<T> out,
                Less& less) {
  const std::size_t pair = begin / (2 * width) * (2 * width);
  const std::size_t middle = std::min(pair + width, from.size());
  const std::size_t end = std::min(pair + 2 * width, from.size());
  merge_part(from.subspan(pair, middle - pair), from.subspan(middle, end - middle), begin - pair,
             out, less);
}

/// Sorts a part that fits in a cache.
template <class T, class Less>
void sort_run(std::span<T> run, Less& less) {
  if constexpr (!std::is_arithmetic_v<T>) {
    std::sort(run.begin(), run.end(), less);
  } else {
    constexpr std::size_t block = 128;
    const std::size_t n = run.size();
    for (std::size_t begin = 0; begin < n; begin += block)
      std::sort(run.begin() + begin, run.begin() + std::min(begin + block, n), less);
    if (n <= block) return;
    std::vector<T> copy(run.begin(), run.end());
    std::span<T> from(copy), to(run);
    for (std::size_t width = block; width < n; width *= 2) {
      for (std::size_t begin = 0; begin < n; begin += 2 * width)
        merge_runs(std::span<const T>(from), width, begin,
                   to.subspan(begin, std::min(2 * width, n - begin)), less);
      std::swap(from, to);
    }
    if (from.data() != run.data()) std::copy(from.begin(), from.end(), run.begin());
  }
}

/// How often runs are merged in pairs: an odd number, so that the last round ends in x. Runs of at
/// most 1 MiB stay in a cache, and about 128 of them keep many workers busy.
constexpr unsigned merge_rounds(std::size_t n, std::size_t element_bytes) {
  unsigned rounds = 1;
  while ((rounds < 7 && n >> rounds > 4096) || (n * element_bytes) >> rounds > (1u << 20))
    rounds += 2;
  return rounds;
}

}  // namespace detail

/// Sorts an array of any rank in the order of its elements in memory, by `less(a, b)`, a strict
/// weak ordering (for floats: without NaN).
///
/// Not stable; but the result is the same, bit by bit, on any number of workers and after any
/// fault, since runs and merges are cut by n alone. For numbers under an ordering that tells all
/// different bit patterns apart it is what std::sort gives.
///
/// Runs are sorted one by one, then merged in pairs, every round a job of its own between x and a
/// second array of the same size: deadlines and progress are per round. The cuts are made by
/// position (S. Odeh et al., "Merge Path", 2012), so all slices are equal work, also when all
/// elements are equal. O(n log n) comparisons, n elements of memory.
///
/// @returns the rounds' reports as one
/// @throws  what for_each_slice() throws; x then holds unspecified values. A slice that fails every
///          time ends the job, whatever the policy says: quarantine would lose elements.
template <class T, std::size_t N, class Less = std::less<>>
Report sort(const PoolWith& on, const Access<AccessKind::inout, T, N>& x, Less less = {}) {
  PoolWith strict = on;
  strict.policy.on_failure = OnFailure::fail;
  const View<T, 1> data = detail::flat(x).view;
  const std::size_t n = data.size();
  if (n <= 8192) {
    return for_each_slice(
        strict, slices(n, std::max<std::size_t>(n, 1)),
        [less](const Slice&, std::span<T> all) mutable { std::sort(all.begin(), all.end(), less); },
        inout(data));
  }

  const unsigned rounds = detail::merge_rounds(n, sizeof(T));
  const std::size_t run = ((n - 1) >> rounds) + 1;
  const Partition partition = slices(n, run);
  Array<T> scratch = on.pool.array<T>(n);
  Report total = for_each_slice(
      strict, partition,
      [less](const Slice&, std::span<const T> from, std::span<T> to) mutable {
        std::copy(from.begin(), from.end(), to.begin());
        detail::sort_run(to, less);
      },
      in(data), out(scratch));

  View<T, 1> from = scratch.peek(), to = data;
  for (std::size_t round = 0, width = run; round < rounds; ++round, width *= 2) {
    total.append(for_each_slice(
        strict, partition,
        [less, width](const Slice& s, std::span<T> merged, std::span<const T> runs) mutable {
          detail::merge_runs(runs, width, s.begin, merged, less);
        },
        out(to), whole(from)));
    std::swap(from, to);
  }
  if (on.policy.report != nullptr) *on.policy.report = total;
  return total;
}

}  // namespace tine
