// Where tine::matrix is not built.
#include "exit.hpp"
#include "scan_input.hpp"

namespace tine::app {

mining::Table table_of_matrix(const PoolWith&, const std::string&, std::size_t, const std::string&,
                              std::uint64_t, const ByteProgress&) {
  throw Failure("is .npy or HDF5, and this build of tine reads CSV only: it has no tine::matrix");
}

}  // namespace tine::app
