// The order of a result's rows.
#pragma once

#include <cstddef>
#include <span>

#include <tine/mining/query.hpp>

#include "plan.hpp"

namespace tine::mining {

/// Sorts the rows, equal ones staying as they are, and keeps the first `limit`. Missing values come last,
/// before them NaN, in either direction.
void order_rows(Result& result, std::span<const Plan::Order> order,
                std::optional<std::size_t> limit);

}  // namespace tine::mining
