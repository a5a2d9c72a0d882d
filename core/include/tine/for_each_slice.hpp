/// @file
/// The job that all others are built on: one call of a kernel per slice.
#pragma once

#include <tine/detail/job_spec.hpp>

namespace tine {

/// Calls `kernel(slice, arguments...)` in the workers, once for each slice of `partition`, and
/// returns when every slice is done. For each access the kernel gets its part of the array (see
/// access.hpp): a std::span for one-dimensional arrays, a View for others.
///
/// @code
/// tine::for_each_slice(pool, tine::rows(image, 1), [](tine::Slice s, auto in, auto out) { ... },
///                      tine::in(image), tine::out(result));
/// @endcode
///
/// The kernel is a callable whose captures are trivially copyable values: it is copied into the
/// workers, so captures by reference are refused (BadCallable). It must depend on its slice and
/// captures only, and write nothing but its `out` and `inout` parts: a worker that dies is
/// replaced and the slice run again.
///
/// @param on         a Pool, or pool.with(policy)
/// @param partition  slices(), rows() or tiles(); an empty one is fine
/// @throws InvalidArgument  extents that do not fit the partition, arrays of another arena, an
///                          output that overlaps another argument
/// @throws BadCallable, NestedParallelism, JobError and what derives from it, SupervisorLost
///
/// Costs a few microseconds plus about 0.1 us per slice.
template <class F, AccessKind... K, class... T, std::size_t... N>
Report for_each_slice(const PoolWith& on, const Partition& partition, F kernel,
                      const Access<K, T, N>&... accesses) {
  return detail::post<void>(on, partition, static_cast<void*>(nullptr), 0, kernel, accesses...);
}

}  // namespace tine
