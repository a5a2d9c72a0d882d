// Lines of a file, to say where something is.
#pragma once

#include <tine/pool.hpp>

#include "csv_layout.hpp"

namespace tine::mining {

/// How many lines end in these bytes of the file, which are read for it.
std::uint64_t count_lines(const PoolWith& on, const CsvLayout& layout, std::uint64_t begin,
                          std::uint64_t end);

}  // namespace tine::mining
