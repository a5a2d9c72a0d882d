// Image files into shared memory. The input of a task of the file server is only read by a worker:
// one small job looks at it and says how much memory its pixels need, the second decodes it there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <opencv2/core.hpp>

#include <tine/pool.hpp>

#include "decode.hpp"
#include "losses.hpp"

namespace tine::app {

/// What there is to know of a file before it is decoded.
struct Probed {
  std::uint64_t pixels = 0;
  std::uint64_t bytes = 0;  ///< decoded, at most
  cv::Size jpeg;            ///< its size when it stands upright, if it is one
};
/// Throws Failure.
Probed probe_image(const PoolWith& on, std::size_t task, const Limits& limits, Losses& losses);

struct Loaded {
  Array<std::uint8_t, 2> memory;
  cv::Mat image;  ///< on that memory
  std::string warning;
};
/// `reduction` is that of decode(). Throws Failure.
Loaded load_image(const PoolWith& on, std::size_t task, const Limits& limits, const Probed& probed,
                  int reduction, Losses& losses);

}  // namespace tine::app
