// Places in a file, for people.
#pragma once

#include <tine/pool.hpp>

#include "csv_layout.hpp"

namespace tine::mining {

/// The number of the line at this place, counted from 1. Reads all of the file before it.
std::uint64_t line_number(const PoolWith& on, const CsvLayout& layout, std::uint64_t offset);

}  // namespace tine::mining
