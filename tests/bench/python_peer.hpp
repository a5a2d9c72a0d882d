/// A peer in Python: a script that answers each line with the seconds it took, measured there.
#pragma once

#include <string>
#include <vector>

namespace bench {

class PythonPeer {
 public:
  /// Starts `script` with Debian's Python, for which there are the packages of peers.
  explicit PythonPeer(const std::string& script, const std::vector<std::string>& arguments = {});
  PythonPeer(const PythonPeer&) = delete;
  PythonPeer& operator=(const PythonPeer&) = delete;
  ~PythonPeer();

  /// Seconds; below zero when the script answers "none": it cannot do that.
  double ask(const std::string& line);

 private:
  int python_;
  std::FILE* ask_;
  std::FILE* answer_;
};

}  // namespace bench
