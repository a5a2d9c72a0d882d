#include "source.hpp"

#include <tine/error.hpp>

#include "csv/csv_file.hpp"
#include "join/joined_source.hpp"
#include "table_source.hpp"

namespace tine::mining {

std::unique_ptr<Stream> open_stream(std::span<const std::byte> description, std::size_t slice,
                                    bool quoted) {
  switch (BlobReader(description).value<StreamKind>()) {
    case StreamKind::table:
      return open_table_stream(description, slice);
    case StreamKind::csv:
      return open_csv_stream(description, slice, quoted);
    case StreamKind::joined:
      return open_joined_stream(description, slice, quoted);
  }
  throw Error("tine: the description of a scan was written over");
}

}  // namespace tine::mining
