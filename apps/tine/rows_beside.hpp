// The rows of a table with what was found about them.
#pragma once

#include <vector>

#include <tine/mining/samples.hpp>

#include "row_output.hpp"
#include "table_file.hpp"

namespace tine::app {

/// Reads the rows of the file again that `samples` were read from, and writes them whole, with these columns
/// beside. Each has a value for each sample; rows that have no sample, or a sample with a value that is
/// missing, get nulls. A column whose name is there already gets an underscore at its end.
void write_rows_beside(TableFile& file, const mining::Selection& selection,
                       const mining::Samples& samples, std::vector<mining::ResultColumn> beside,
                       RowOutput& to);

}  // namespace tine::app
