#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "compare.hpp"
#include "python_peer.hpp"

namespace bench {

PythonPeer::PythonPeer(const std::string& script, const std::vector<std::string>& arguments) {
  int ask[2], answer[2];
  require(pipe2(ask, O_CLOEXEC) == 0 && pipe2(answer, O_CLOEXEC) == 0, "pipes can be made");
  std::vector<std::string> words{BENCH_PYTHON, script};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> command;
  for (std::string& word : words) command.push_back(word.data());
  command.push_back(nullptr);
  python_ = fork();
  if (python_ == 0) {
    dup2(ask[0], 0);
    dup2(answer[1], 1);
    execv(command[0], command.data());
    _exit(127);
  }
  close(ask[0]);
  close(answer[1]);
  ask_ = fdopen(ask[1], "w");
  answer_ = fdopen(answer[0], "r");
}

PythonPeer::~PythonPeer() {
  std::fclose(ask_);
  std::fclose(answer_);
  waitpid(python_, nullptr, 0);
}

double PythonPeer::ask(const std::string& line) {
  std::fprintf(ask_, "%s\n", line.c_str());
  std::fflush(ask_);
  char answer[64] = "";
  require(std::fgets(answer, sizeof answer, answer_) != nullptr, "Python answers");
  return answer[0] == 'n' ? -1 : std::atof(answer);
}

}  // namespace bench
