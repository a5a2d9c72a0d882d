/// The peers' runtimes, where they are installed: the same loops on as many threads as there are
/// workers. Their threads start at their first use, which must come after the pools were made.
#pragma once

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#ifdef BENCH_TBB
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_reduce.h>
#include <tbb/partitioner.h>
#endif

#include <tine/pool.hpp>

#include "compare.hpp"

namespace bench {

inline const int cpus = static_cast<int>(tine::cpu_count());

// Plain functions, as a user would write them: inside a lambda, pointers are captures, and some
// loops over captures are not vectorised.
#ifdef _OPENMP
template <class T, class U, class F>
void openmp_transform(const T* x, U* y, std::size_t n, F f) {
#pragma omp parallel for simd schedule(static) num_threads(cpus)
  for (std::size_t i = 0; i < n; ++i) y[i] = f(x[i]);
}

template <class T, class F>
void openmp_for_each(T* x, std::size_t n, F f) {
#pragma omp parallel for simd schedule(static) num_threads(cpus)
  for (std::size_t i = 0; i < n; ++i) f(x[i]);
}

template <class T, class F>
double openmp_sum(const T* x, std::size_t n, F f) {
  double total = 0;
#pragma omp parallel for simd schedule(static) num_threads(cpus) reduction(+ : total)
  for (std::size_t i = 0; i < n; ++i) total += f(x[i]);
  return total;
}
#endif

#ifdef BENCH_TBB
template <class Loop>
void onetbb_for(std::size_t n, Loop loop) {
  tbb::parallel_for(
      tbb::blocked_range<std::size_t>(0, n),
      [loop](const tbb::blocked_range<std::size_t>& r) { loop(r.begin(), r.end()); },
      tbb::static_partitioner());
}

template <class T, class F>
double plain_sum(const T* x, std::size_t n, F f) {
  double total = 0;
#pragma omp simd reduction(+ : total)
  for (std::size_t i = 0; i < n; ++i) total += f(x[i]);
  return total;
}

template <class T, class F>
double onetbb_sum(const T* x, std::size_t n, F f) {
  return tbb::parallel_reduce(
      tbb::blocked_range<std::size_t>(0, n), 0.0,
      [=](const tbb::blocked_range<std::size_t>& r, double total) {
        return total + plain_sum(x + r.begin(), r.size(), f);
      },
      std::plus<>{}, tbb::static_partitioner());
}
#endif

/// y[i] = f(x[i]) with each peer.
template <class T, class U, class F>
void add_transform(std::vector<Side>& sides, const T* x, U* y, std::size_t n, F f) {
#ifdef _OPENMP
  sides.push_back({"OpenMP", [=] { openmp_transform(x, y, n, f); }});
#endif
#ifdef BENCH_TBB
  sides.push_back({"oneTBB", [=] {
                     onetbb_for(n, [=](std::size_t begin, std::size_t end) {
                       const T* __restrict p = x;
                       U* __restrict q = y;
                       for (std::size_t i = begin; i < end; ++i) q[i] = f(p[i]);
                     });
                   }});
#endif
}

/// f(x[i]) in place with each peer.
template <class T, class F>
void add_for_each(std::vector<Side>& sides, T* x, std::size_t n, F f) {
#ifdef _OPENMP
  sides.push_back({"OpenMP", [=] { openmp_for_each(x, n, f); }});
#endif
#ifdef BENCH_TBB
  sides.push_back({"oneTBB", [=] {
                     onetbb_for(n, [=](std::size_t begin, std::size_t end) {
                       T* p = x;
                       for (std::size_t i = begin; i < end; ++i) f(p[i]);
                     });
                   }});
#endif
}

/// The sum of f(x[i]) in double precision with each peer, in any order.
template <class T, class F>
void add_sum(std::vector<Side>& sides, const T* x, std::size_t n, F f,
             std::shared_ptr<double> sum) {
#ifdef _OPENMP
  sides.push_back({"OpenMP", [=] { *sum = openmp_sum(x, n, f); }});
#endif
#ifdef BENCH_TBB
  sides.push_back({"oneTBB", [=] { *sum = onetbb_sum(x, n, f); }});
#endif
}

/// Nothing, on every CPU, with each peer and with new threads.
inline void add_empty(std::vector<Side>& sides) {
#ifdef _OPENMP
  sides.push_back({"OpenMP", [] {
#pragma omp parallel for schedule(static) num_threads(cpus)
                     for (int i = 0; i < cpus; ++i) benchmark::ClobberMemory();
                   }});
#endif
#ifdef BENCH_TBB
  sides.push_back({"oneTBB", [] {
                     // Many pieces, or the calling thread would always do all of them.
                     tbb::parallel_for(
                         tbb::blocked_range<int>(0, 64, 1),
                         [](const tbb::blocked_range<int>&) { benchmark::ClobberMemory(); },
                         tbb::simple_partitioner());
                   }});
#endif
  sides.push_back({"std::thread", [] {
                     std::vector<std::thread> threads;
                     for (int i = 0; i < cpus; ++i)
                       threads.emplace_back([] { benchmark::ClobberMemory(); });
                     for (std::thread& t : threads) t.join();
                   }});
}

}  // namespace bench
