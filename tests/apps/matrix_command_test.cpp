// tine matrix as a user sees it.
#include <signal.h>

#include <cstring>
#include <filesystem>
#include <random>
#include <thread>

#include <nlohmann/json.hpp>

#include "command.hpp"
#include "kill_worker.hpp"
#include "support/child.hpp"
#include "support/fixture.hpp"
#include "support/processes.hpp"

namespace tine_test {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class MatrixCommand : public CommandTest {
 protected:
  // A table of numbers that are all different.
  void write_csv(const std::string& name, int rows, int columns) const {
    std::ofstream file(path(name));
    for (int y = 0; y < rows; ++y)
      for (int x = 0; x < columns; ++x)
        file << (y * columns + x) * 0.37 << (x + 1 < columns ? ',' : '\n');
  }
  Result matrix(std::vector<std::string> arguments, const Environment& environment = {}) {
    arguments.insert(arguments.begin(), "matrix");
    return run(arguments, environment);
  }
};

TEST_F(MatrixCommand, InfoTellsWhatFilesHold) {
  write_text(path("a.csv"), "x,y\n1,2\n3,4\n5,6\n");
  write_text(path("b.mtx"), "%%MatrixMarket matrix coordinate integer symmetric\n3 3 1\n2 1 5\n");
  write_text(path("c.npy"), "no array");
  Result r = matrix({"info", "a.csv", "b.mtx"});
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_THAT(r.out, HasSubstr("a.csv: csv, 3 x 2 f8, columns x, y"));
  EXPECT_THAT(r.out, HasSubstr("b.mtx: mtx, 3 x 3 i8, coordinate, symmetric, 1 entries"));
  r = matrix({"info", "a.csv", "c.npy", "--json"});
  EXPECT_EQ(r.status, 1);
  const auto json = nlohmann::json::parse(r.out)["files"];
  EXPECT_EQ(json[0]["rows"], 3);
  EXPECT_EQ(json[0]["names"], (nlohmann::json{"x", "y"}));
  EXPECT_THAT(json[1]["error"].get<std::string>(), HasSubstr("c.npy: does not begin"));
}

TEST_F(MatrixCommand, StandardInputAndOutput) {
  write_text(path("a.csv"), "1,2\n3,4\n");
  Result r = finish(start({"sh", "-c", "cat a.csv | " TINE_COMMAND " matrix transpose - "}));
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(r.out, "1,3\n2,4\n");
  EXPECT_THAT(r.err, HasSubstr("standard output: 2 x 2 f8"));
  r = finish(start({"sh", "-c",
                    TINE_COMMAND " matrix convert a.csv --to npy | " TINE_COMMAND
                                 " matrix gemm - a.csv -o c.tsv"}));
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(text_of(path("c.tsv")), "7\t10\n15\t22\n");
  EXPECT_EQ(matrix({"gemm", "-", "-", "-o", "d.npy"}).status, 2);
}

TEST_F(MatrixCommand, NamesOfColumnsStay) {
  write_text(path("a.csv"), "time,\"price, EUR\"\n1,2\n");
  EXPECT_EQ(matrix({"convert", "a.csv"}).out, "time,\"price, EUR\"\n1,2\n");
  EXPECT_THAT(matrix({"stats", "a.csv"}).out, HasSubstr("price, EUR"));
}

TEST_F(MatrixCommand, OutputsAppearWholeOrNotAtAll) {
  write_text(path("a.csv"), "1,2\n3,x\n");
  write_text(path("good.csv"), "1,2\n");
  Result r = matrix({"convert", "a.csv", "-o", "b.npy"});
  EXPECT_EQ(r.status, 1);
  EXPECT_THAT(r.err, HasSubstr("a.csv: line 2, column 2: \"x\" is no number"));
  write_text(path("b.npy"), "precious");
  r = matrix({"convert", "good.csv", "-o", "b.npy"});
  EXPECT_EQ(r.status, 1);
  EXPECT_THAT(r.err, HasSubstr("b.npy exists already; --force replaces it\n"));
  EXPECT_EQ(text_of(path("b.npy")), "precious");
  EXPECT_EQ(matrix({"convert", "a.csv", "-o", "b.npy", "--force"}).status, 1);
  EXPECT_EQ(text_of(path("b.npy")), "precious");
  EXPECT_EQ(matrix({"convert", "good.csv", "-o", "b.npy", "--force"}).status, 0);
  EXPECT_THAT(files_in("."), ElementsAre("a.csv", "b.npy", "good.csv"));
}

TEST_F(MatrixCommand, WrongUsageIsSaidToBe) {
  write_text(path("a.csv"), "1,2\n");
  const auto wrong = [&](std::vector<std::string> arguments) {
    const Result r = matrix(arguments);
    EXPECT_EQ(r.status, 2) << r.err;
    return r.err;
  };
  EXPECT_THAT(wrong({}), HasSubstr("There are: info, convert"));
  EXPECT_THAT(wrong({"gem"}), HasSubstr("did you mean gemm?"));
  EXPECT_THAT(wrong({"frobnicate", "a.csv"}), HasSubstr("there are: info, convert"));
  EXPECT_THAT(wrong({"convert", "a.csv", "-o", "b.nyp"}), HasSubstr("says no format"));
  EXPECT_THAT(wrong({"convert", "a.csv", "--to", "nyp"}), HasSubstr("did you mean npy?"));
  EXPECT_THAT(wrong({"convert", "a.csv", "--from", "xml"}), HasSubstr("there are: npy, csv"));
  EXPECT_THAT(wrong({"convert", "a.csv", "--type", "f16"}), HasSubstr("--type f16"));
  EXPECT_THAT(wrong({"convert", "a.csv", "--json"}), HasSubstr("-o names a file"));
  EXPECT_THAT(wrong({"convert", "a.csv", "--to", "hdf5"}), HasSubstr("standard output"));
  EXPECT_EQ(matrix({"gemm", "--help"}).status, 0);
  EXPECT_THAT(matrix({"gemm", "--help"}).out, HasSubstr("Examples:"));
  EXPECT_THAT(matrix({"--help"}).out, HasSubstr("Examples:"));
  EXPECT_THAT(files_in("."), ElementsAre("a.csv"));
}

TEST_F(MatrixCommand, MisfittingShapesAreNamed) {
  write_csv("a.csv", 3, 4);
  write_csv("b.csv", 3, 2);
  Result r = matrix({"gemm", "a.csv", "b.csv", "-o", "c.npy"});
  EXPECT_EQ(r.status, 1);
  EXPECT_THAT(r.err, HasSubstr("a.csv is 3 x 4 and b.csv is 3 x 2: they cannot be multiplied"));
  EXPECT_EQ(matrix({"gemm", "a.csv", "b.csv", "-o", "c.npy", "--transpose-a"}).status, 0);
  r = matrix({"gemm", "a.csv", "b.csv", "-o", "d.npy", "--transpose-a", "-c", "a.csv"});
  EXPECT_EQ(r.status, 1);
  EXPECT_THAT(r.err, HasSubstr("a.csv is 3 x 4, and the product is 4 x 2"));
}

TEST_F(MatrixCommand, SameBitsInAnyBlocksOnAnyNumberOfWorkers) {
  write_csv("a.csv", 3000, 7);
  ASSERT_EQ(matrix({"convert", "a.csv", "-o", "whole.npy"}).status, 0);
  const std::string stats = matrix({"stats", "whole.npy"}).out;
  for (const char* workers : {"1", "2", "3", "7"}) {
    ASSERT_EQ(
        matrix({"convert", "a.csv", "-o", "b.npy", "-j", workers, "--memory", "60K", "--force"})
            .status,
        0);
    EXPECT_TRUE(text_of(path("b.npy")) == text_of(path("whole.npy")));
    EXPECT_EQ(matrix({"stats", "a.csv", "-j", workers, "--memory", "2M"}).out, stats);
  }
  const Result r = matrix({"transpose", "whole.npy", "-o", "t.npy", "--memory", "60K"});
  EXPECT_EQ(r.status, 1);
  EXPECT_THAT(r.err, HasSubstr("(--memory)"));
}

TEST_F(MatrixCommand, VerifyTellsTheResidual) {
  write_csv("a.csv", 300, 300);
  const Result r = matrix({"gemm", "a.csv", "a.csv", "-o", "c.npy", "--verify", "--json"});
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_THAT(r.err, HasSubstr("residual"));
  EXPECT_LE(nlohmann::json::parse(r.out)["residual"], 1);
}

TEST_F(MatrixCommand, AWorkerThatIsKilledCostsNothing) {
  write_csv("a.csv", 20000, 40);
  ASSERT_EQ(matrix({"convert", "a.csv", "-o", "whole.npy"}).status, 0);
  std::mt19937 random(4);
  int killed = 0;
  for (int i = 0; i < 100 && killed < 5; ++i) {
    const pid_t command = start({TINE_COMMAND, "matrix", "convert", "a.csv", "-o", "b.npy",
                                 "--force", "-j", "2", "--memory", "4M"});
    killed += kill_a_worker(command, random, 60000);
    const Result r = finish(command);
    ASSERT_EQ(r.status, 0) << r.err;
    EXPECT_TRUE(text_of(path("b.npy")) == text_of(path("whole.npy")));
    EXPECT_THAT(files_in("."), ElementsAre("a.csv", "b.npy", "whole.npy"));
  }
  EXPECT_GE(killed, 1);
}

TEST_F(MatrixCommand, InterruptedItLeavesNothing) {
  write_csv("a.csv", 200000, 20);
  const pid_t command =
      start({TINE_COMMAND, "matrix", "convert", "a.csv", "-o", "b.csv", "--memory", "8M"});
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  kill(command, SIGINT);
  const Result r = finish(command);
  EXPECT_EQ(r.status, 130) << r.err;
  EXPECT_THAT(files_in("."), ElementsAre("a.csv"));
}

TEST_F(MatrixCommand, WorkersAreInASandbox) {
  write_text(path("a.csv"), "1,2\n");
  // The command itself opens what workers ask for: a folder, and what is not there.
  EXPECT_THAT(matrix({"info", "."}).err, HasSubstr(".: is not a regular file"));
  EXPECT_THAT(matrix({"info", "none.csv"}).err,
              HasSubstr("none.csv: cannot be opened: No such file"));
  EXPECT_EQ(matrix({"info", "a.csv", "--no-sandbox"}).status, 0);
  const Result r = matrix({"info", "a.csv"}, {{"TINE_SERIAL", "1"}});
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_THAT(r.err, HasSubstr("in no sandbox"));
}

TEST_F(MatrixCommand, WhatCannotBeSolvedIsSaidAndLeavesNoFile) {
  write_text(path("singular.csv"), "1,2\n2,4\n");
  write_text(path("indefinite.csv"), "1,2\n2,1\n");
  write_text(path("wide.csv"), "1,2,3\n4,5,6\n");
  write_text(path("b.csv"), "1\n2\n");
  write_text(path("three.csv"), "1\n2\n3\n");
  const auto fails = [&](std::vector<std::string> arguments, const std::string& why,
                         int status = 1) {
    arguments.insert(arguments.end(), {"-o", "x.npy"});
    const Result r = matrix(arguments);
    EXPECT_EQ(r.status, status) << r.err;
    EXPECT_THAT(r.err, HasSubstr(why));
    EXPECT_FALSE(std::filesystem::exists(path("x.npy")));
  };
  fails({"solve", "singular.csv", "b.csv"}, "singular.csv is singular: column 1 depends");
  fails({"inv", "singular.csv"}, "singular.csv is singular");
  fails({"solve", "indefinite.csv", "b.csv", "--positive-definite"},
        "indefinite.csv is not positive definite: its first 2 rows");
  fails({"cholesky", "indefinite.csv"}, "is not positive definite");
  fails({"lstsq", "singular.csv", "b.csv"}, "singular.csv has not full rank: column 1");
  fails({"cg", "indefinite.csv", "b.csv"}, "no solution: ");
  fails({"solve", "wide.csv", "b.csv"}, "wide.csv is 2 x 3, but should be square");
  fails({"eig", "wide.csv"}, "wide.csv is 2 x 3, but should be square");
  fails({"solve", "singular.csv", "three.csv"}, "a right side has as many");
  fails({"dist", "wide.csv", "b.csv"}, "points need as many coordinates");
  fails({"svd", "wide.csv", "-k", "3"}, "there are 2 singular values, not 3");
  fails({"pca", "wide.csv", "-k", "9"}, "9");
  fails({"svd", "wide.csv", "--left", "x.npy"}, "written twice", 2);
  write_text(path("nan.csv"), "1,nan\nnan,2\n");
  fails({"eig", "nan.csv"}, "row");
  EXPECT_EQ(matrix({"det", "singular.csv"}).out, "0\n");
  EXPECT_THAT(matrix({"slove", "a.csv"}).err, HasSubstr("solve"));
}

TEST_F(MatrixCommand, MoreThanOneOutputAppearsTogether) {
  write_text(path("a.csv"), "2,0\n0,3\n");
  EXPECT_EQ(matrix({"qr", "a.csv", "-o", "q.csv", "--upper", "r.csv"}).status, 0);
  EXPECT_EQ(text_of(path("q.csv")), "1,0\n0,1\n");
  EXPECT_EQ(text_of(path("r.csv")), "2,0\n0,3\n");
  write_text(path("r.csv"), "precious");
  const Result r = matrix({"qr", "a.csv", "-o", "q2.csv", "--upper", "r.csv"});
  EXPECT_EQ(r.status, 1);
  EXPECT_FALSE(std::filesystem::exists(path("q2.csv")));
  EXPECT_EQ(text_of(path("r.csv")), "precious");
}

}  // namespace
}  // namespace tine_test
