// tine matrix and NumPy, SciPy and h5py read what the others write. The work is done by matrix_peers.py.
#include "command.hpp"

namespace tine_test {
namespace {

class MatrixPeers : public CommandTest {};

TEST_F(MatrixPeers, ReadWhatTheOthersWrite) {
  ASSERT_STRNE(PEER_PYTHON, "TINE_PEER_PYTHON-NOTFOUND")
      << "there is no /usr/bin/python3; on Debian: apt install python3-numpy python3-scipy "
         "python3-h5py";
  const Result r = finish(start({PEER_PYTHON, PEER_SCRIPT, TINE_COMMAND, folder_.string()}));
  EXPECT_EQ(r.status, 0) << r.out << r.err;
}

}  // namespace
}  // namespace tine_test
