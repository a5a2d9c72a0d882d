// Data sets that a Python script writes for a test, and results that it compares with those of its libraries.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <tine/array.hpp>
#include <tine/pool.hpp>

namespace tine_test {

/// A folder with files of numbers: rows of text, as numpy.savetxt() writes and numpy.loadtxt() reads them.
class PeerFolder {
 public:
  PeerFolder() {
    EXPECT_NE(mkdtemp(name_.data()), nullptr);
    run("write");
  }
  ~PeerFolder() { std::filesystem::remove_all(name_); }
  PeerFolder(const PeerFolder&) = delete;
  PeerFolder& operator=(const PeerFolder&) = delete;

  /// The names of data sets: of what is there as <name>.<kind>.
  std::vector<std::string> names(const std::string& kind) const {
    std::vector<std::string> result;
    for (const auto& file : std::filesystem::directory_iterator(name_))
      if (file.path().extension() == "." + kind) result.push_back(file.path().stem());
    std::ranges::sort(result);
    EXPECT_FALSE(result.empty()) << "no data sets";
    return result;
  }

  tine::Array<double, 2> read(tine::Pool& pool, const std::string& file) const {
    std::ifstream in(name_ + "/" + file);
    EXPECT_TRUE(in.is_open()) << file;
    std::vector<double> values;
    std::size_t rows = 0;
    for (std::string line; std::getline(in, line); ++rows) {
      std::istringstream row(line);
      for (std::string word; row >> word;) values.push_back(std::strtod(word.c_str(), nullptr));
    }
    auto result = pool.array<double>(rows, rows == 0 ? 0 : values.size() / rows);
    std::copy(values.begin(), values.end(), result.data());
    return result;
  }

  template <class T, std::size_t N>
  void write(const std::string& file, const tine::Array<T, N>& values) const {
    std::ofstream out(name_ + "/" + file);
    out.precision(17);
    const std::size_t columns = N == 1 ? 1 : values.extent(N - 1);
    for (std::size_t i = 0; i < values.size(); ++i)
      out << +values.data()[i] << ((i + 1) % columns == 0 ? '\n' : ' ');
  }

  /// Whether the script finds all as it should be.
  void check() const { run("check"); }

 private:
  void run(const std::string& what) const {
    const std::string command =
        std::string(TINE_PYTHON) + " " + TINE_SCRIPT + " " + what + " " + name_;
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  }

  std::string name_ = "/tmp/tine_peer_XXXXXX";
};

}  // namespace tine_test
