// One output of a command: a file that appears whole or not at all, or standard output.
#pragma once

#include <unistd.h>

#include <string>

#include "output_bytes.hpp"
#include "output_files.hpp"

namespace tine::app {

class Output {
 public:
  /// @param target  a file that was prepared; "-" is standard output. Throws Failure.
  Output(const OutputFiles& files, const std::string& target)
      : standard_(target == "-"), file_(standard_ ? OutputFiles::none() : files.open(target)) {}

  bool is_standard() const { return standard_; }
  int descriptor() const { return standard_ ? STDOUT_FILENO : file_.descriptor(); }
  /// Gives a file its name. Throws Failure.
  void publish() {
    if (standard_) return;
    sync_output(file_.descriptor());
    file_.publish();
  }

 private:
  bool standard_;
  OutputFile file_;
};

}  // namespace tine::app
