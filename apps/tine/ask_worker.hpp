// One question to one worker: a job of a single slice, whose answer is a small struct.
#pragma once

#include <cstdint>
#include <exception>

#include <tine/error.hpp>
#include <tine/for_each_slice.hpp>

#include "exit.hpp"
#include "losses.hpp"
#include "short_text.hpp"

namespace tine::app {

struct Answer {
  bool failed = false;
  bool equal = false;
  std::int32_t rows = 0, columns = 0, type = 0;
  std::uint64_t pixels = 0, bytes = 0;
  ShortText text;
};

/// Runs `work(answer, arguments...)` in a worker. What it throws is thrown here as Failure, and so
/// is its death.
template <class F, class... A>
Answer ask_worker(const PoolWith& on, Losses& losses, F work, const A&... arguments) {
  auto answer = on.pool.array<Answer>(1);
  try {
    losses.add(for_each_slice(
        on, slices(1, 1),
        [work](const Slice&, std::span<Answer> mine, auto... rest) {
          try {
            work(mine[0], rest...);
          } catch (const std::exception& error) {
            mine[0].failed = true;
            mine[0].text = error.what();
          }
        },
        out(answer), arguments...));
  } catch (const SliceFailed& error) {
    losses.add(error.report());
    throw Failure(reason_of(error.report(), error.slice()));
  }
  if (answer[0].failed) throw Failure(answer[0].text.str());
  return answer[0];
}

}  // namespace tine::app
