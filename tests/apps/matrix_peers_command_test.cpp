// tine matrix beside NumPy, SciPy and h5py. The work is done by programs in Python.
#include "command.hpp"

namespace tine_test {
namespace {

class MatrixPeers : public CommandTest {
 protected:
  void run_beside(const char* script) {
    ASSERT_STRNE(PEER_PYTHON, "TINE_PEER_PYTHON-NOTFOUND")
        << "there is no /usr/bin/python3; on Debian: apt install python3-numpy python3-scipy "
           "python3-h5py";
    const Result r = finish(start({PEER_PYTHON, script, TINE_COMMAND, folder_.string()}));
    EXPECT_EQ(r.status, 0) << r.out << r.err;
  }
};

TEST_F(MatrixPeers, ReadWhatTheOthersWrite) {
  run_beside(PEER_SCRIPTS "/matrix_files_peers.py");
}

TEST_F(MatrixPeers, ComputeWhatTheOthersCompute) {
  run_beside(PEER_SCRIPTS "/matrix_algebra_peers.py");
}

}  // namespace
}  // namespace tine_test
