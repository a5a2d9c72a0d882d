// tine image when its output cannot be written: what was there before is untouched, and nothing that
// is half written is left.
#include <string.h>

#include <opencv2/imgcodecs.hpp>

#include "command.hpp"

namespace tine_test {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;

class OutputCommand : public CommandTest {
 protected:
  void SetUp() override {
    CommandTest::SetUp();
    fs::create_directories(path("out"));
    // One for a worker, and one that is worked on in bands.
    for (const auto& [name, side] : {std::pair{"small.png", 60}, std::pair{"large.png", 1100}}) {
      cv::Mat image(side, side, CV_8UC3);
      cv::RNG(3).fill(image, cv::RNG::UNIFORM, 0, 256);
      ASSERT_TRUE(cv::imwrite(path(name).string(), image));
      cv::Mat inverted;
      cv::bitwise_not(image, inverted);
      expected_[name] = inverted;
    }
  }
  bool is_right(const std::string& input, const std::string& output) const {
    const cv::Mat image = cv::imread(path(output).string(), cv::IMREAD_UNCHANGED);
    const cv::Mat& expected = expected_.at(input);
    return image.size() == expected.size() && cv::norm(image, expected, cv::NORM_INF) == 0;
  }
  static std::vector<std::string> command(const std::string& input, const std::string& output) {
    return {TINE_COMMAND, "image", "invert", input, "-o", output, "--force"};
  }
  std::map<std::string, cv::Mat> expected_;
};

struct Failure {
  const char* calls;
  const char* error;
  bool must_fail;               // every way to write a file goes through one of these calls
  const char* named = nullptr;  // in the message, when it is not the file: what fails before it
};

class EveryFailure : public OutputCommand, public testing::WithParamInterface<Failure> {};

TEST_P(EveryFailure, LeavesTheOldFileAndNothingElse) {
  const Failure failure = GetParam();
  for (const char* input : {"small.png", "large.png"})
    for (const bool old : {true, false}) {
      SCOPED_TRACE(std::string(input) + (old ? " over an old file" : " to a new file"));
      fs::remove_all(path("out"));
      fs::create_directories(path("out"));
      if (old) write_text(path("out/b.png"), "precious");
      std::vector<std::string> arguments = command(input, "out/b.png");
      arguments.insert(arguments.begin(), {TINE_FAIL_CALLS, failure.error, failure.calls});
      const Result r = finish(start(arguments));
      if (r.status == 0) {
        EXPECT_FALSE(failure.must_fail);
        EXPECT_TRUE(is_right(input, "out/b.png"));
        EXPECT_THAT(files_in("out"), ElementsAre("b.png"));
        continue;
      }
      EXPECT_EQ(r.status, 3) << r.err;
      if (failure.named != nullptr)
        EXPECT_THAT(r.err, HasSubstr(failure.named));
      else
        EXPECT_THAT(r.err, AnyOf(HasSubstr("b.png"), HasSubstr(input)));
      if (old) {
        EXPECT_THAT(files_in("out"), ElementsAre("b.png"));
        EXPECT_EQ(text_of(path("out/b.png")), "precious");
      } else {
        EXPECT_THAT(files_in("out"), ElementsAre());
      }
    }
}

constexpr const char* all_writes = "write,pwrite64,writev,pwritev,sendfile,copy_file_range";
constexpr const char* all_names = "rename,renameat,renameat2,link,linkat";

INSTANTIATE_TEST_SUITE_P(
    Calls, EveryFailure,
    testing::Values(Failure{all_writes, "ENOSPC", true}, Failure{all_writes, "EIO", true},
                    Failure{all_writes, "EDQUOT", true}, Failure{all_writes, "EFBIG", true},
                    Failure{all_names, "ENOSPC", true}, Failure{all_names, "EIO", true},
                    Failure{all_names, "EPERM", true}, Failure{all_names, "EROFS", true},
                    Failure{"renameat2", "EINVAL", false}, Failure{"renameat2", "ENOSYS", false},
                    Failure{"linkat,link", "EPERM", false}, Failure{"fsync", "EIO", false},
                    Failure{"fsync,fdatasync", "ENOSPC", false},
                    Failure{"ftruncate,fallocate", "ENOSPC", false, "arena"}),
    [](const auto& failure) {
      std::string name = std::string(failure.param.error) + "_" + failure.param.calls;
      for (char& c : name)
        if (!isalnum(static_cast<unsigned char>(c))) c = '_';
      return name;
    });

TEST_F(OutputCommand, AFullDiskLeavesTheOldFiles) {
  // A disk of its own, in a namespace of its own: what is on it is told before it is gone.
  const std::string script =
      "mount -t tmpfs -o size=256k none out || exit 77; printf precious > out/b.png; "
      "cp small.png out/c.png; cmp small.png out/c.png && " TINE_COMMAND
      " image invert large.png -o out/b.png --force; "
      "cat out/b.png; echo; cmp small.png out/c.png && ls -A out";
  const Result r = finish(start({"unshare", "-rm", "sh", "-c", script}));
  if (r.status == 77 || r.err.find("unshare") != std::string::npos)
    GTEST_SKIP() << "no file system can be mounted here; the tests of failing calls say the same";
  EXPECT_THAT(r.err, HasSubstr("No space left on device"));
  EXPECT_THAT(r.out, testing::EndsWith("precious\nb.png\nc.png\n"));
}

TEST_F(OutputCommand, AReadOnlyFolderLeavesTheOldFiles) {
  const std::string script =
      "mount -t tmpfs none out || exit 77; printf precious > out/b.png; "
      "mount -o remount,ro none out || exit 77; " TINE_COMMAND
      " image invert small.png -o out/b.png --force; echo status $?; cat out/b.png; echo; ls -A "
      "out";
  const Result r = finish(start({"unshare", "-rm", "sh", "-c", script}));
  if (r.status == 77 || r.err.find("unshare") != std::string::npos)
    GTEST_SKIP() << "no file system can be mounted here; the tests of failing calls say the same";
  EXPECT_THAT(r.err, HasSubstr("Read-only file system"));
  EXPECT_EQ(r.out, "status 3\nprecious\nb.png\n");
}

TEST_F(OutputCommand, ALimitOnTheSizeOfFilesLeavesTheOldFile) {
  ASSERT_TRUE(cv::imwrite(path("flat.png").string(), cv::Mat(2500, 2500, CV_8UC3, {1, 2, 3})));
  write_text(path("out/b.bmp"), "precious");
  // The arena, too, is a file: with room for that, and not for 18 MB of output.
  std::vector<std::string> arguments = command("flat.png", "out/b.bmp");
  arguments.insert(arguments.begin(), {"prlimit", "--fsize=12000000"});
  const Result r = finish(start(arguments));
  EXPECT_EQ(r.status, 3) << r.err;
  EXPECT_THAT(r.err, HasSubstr("flat.png"));
  EXPECT_EQ(text_of(path("out/b.bmp")), "precious");
  EXPECT_THAT(files_in("out"), ElementsAre("b.bmp"));
}

}  // namespace
}  // namespace tine_test
