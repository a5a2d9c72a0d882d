// Results of parts put together.
#pragma once

#include <span>

#include <tine/mining/query.hpp>

#include "../blob.hpp"

namespace tine::mining {

void write_result(BlobWriter& to, const Result& result);
/// Appends what was written; the columns' types are those of the result. Throws where that is not so.
void append_result(Result& result, std::span<const std::byte> written);
/// Rows in ascending order of the first columns, the keys; missing values last.
void sort_by_keys(Result& result, std::size_t keys);

}  // namespace tine::mining
