// The tine command as a user sees it: arguments in, exit status and output out.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tine_test {

namespace fs = std::filesystem;

inline std::string text_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

inline void write_text(const fs::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

struct Result {
  int status = -1;  ///< exit status; 128 + signal when a signal ended it
  std::string out, err;
};

/// A folder of its own for each test, and commands that run in it.
class CommandTest : public testing::Test {
 protected:
  using Environment = std::map<std::string, std::string>;

  void SetUp() override {
    char name[] = "/tmp/tine-command-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path path(const std::string& name) const { return folder_ / name; }

  /// Starts a program in the folder, with its output going to files.
  pid_t start(const std::vector<std::string>& arguments, const Environment& environment = {}) {
    const pid_t pid = fork();
    if (pid != 0) return pid;
    const auto redirect = [](const fs::path& file, int fd) {
      dup2(open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), fd);
    };
    redirect(folder_.string() + ".out", 1);
    redirect(folder_.string() + ".err", 2);
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    if (chdir(folder_.c_str()) != 0) _exit(126);
    std::vector<char*> argv;
    for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    execvp(argv[0], argv.data());
    _exit(127);
  }

  Result finish(pid_t pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    Result result;
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    for (const auto& [ending, text] : {std::pair{".out", &result.out}, {".err", &result.err}}) {
      const fs::path file = folder_.string() + ending;
      *text = text_of(file);
      fs::remove(file);
    }
    return result;
  }

  Result run(std::vector<std::string> arguments, const Environment& environment = {}) {
    arguments.insert(arguments.begin(), TINE_COMMAND);
    return finish(start(arguments, environment));
  }

  /// Names of the files in a folder, hidden ones too, sorted.
  std::vector<std::string> files_in(const std::string& name) const {
    std::vector<std::string> names;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(path(name), none))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }

  fs::path folder_;
};

/// One of the command's subcommands, such as tine scan.
class SubcommandTest : public CommandTest {
 protected:
  /// @param words  what all calls begin with, such as {"mine", "kde"}
  explicit SubcommandTest(std::vector<std::string> words) : words_(std::move(words)) {}

  Result call(std::vector<std::string> arguments, const Environment& environment = {}) {
    arguments.insert(arguments.begin(), words_.begin(), words_.end());
    return run(std::move(arguments), environment);
  }
  /// What a call that succeeds writes, which has nothing else to say.
  std::string answer(std::vector<std::string> arguments) {
    const Result r = call(std::move(arguments));
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(r.err, "");
    return r.out;
  }
  /// What a call that fails says, which writes nothing.
  std::string error(std::vector<std::string> arguments, int status) {
    const Result r = call(std::move(arguments));
    EXPECT_EQ(r.status, status) << r.err;
    EXPECT_EQ(r.out, "");
    return r.err;
  }

 private:
  const std::vector<std::string> words_;
};

}  // namespace tine_test
