// tine image with files from strangers: its workers are shut in, and what they are given is enough.
#include <fcntl.h>
#include <seccomp.h>
#include <sys/prctl.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "image_command.hpp"
#include "support/child.hpp"
#include "support/fixture.hpp"
#include "support/processes.hpp"

namespace tine_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Sandbox : public ImageCommand {
 protected:
  static std::string link_of(const fs::path& link) {
    std::error_code none;
    return fs::read_symlink(link, none).string();
  }
  static std::string name_of(int pid) {
    std::string text = text_of("/proc/" + std::to_string(pid) + "/comm");
    return text.substr(0, text.find('\n'));
  }
  static long seccomp_of(int pid) {
    return kilobytes(("/proc/" + std::to_string(pid) + "/status").c_str(), "Seccomp");
  }
  // The workers of a command that runs, once so many are there, in a sandbox or not.
  static std::vector<int> workers_of(pid_t command, std::size_t count, bool sandboxed) {
    std::vector<int> found;
    eventually([&] {
      found.clear();
      for (const int pid : descendants())
        if (parent_of(parent_of(pid)) == command && name_of(pid).starts_with("tine-worker") &&
            seccomp_of(pid) == (sandboxed ? 2 : 0))
          found.push_back(pid);
      return found.size() == count;
    });
    return found;
  }
  // How many files of a folder a process has open.
  std::ptrdiff_t open_in(const std::string& folder, int pid) const {
    std::error_code none;
    fs::directory_iterator open("/proc/" + std::to_string(pid) + "/fd", none), end;
    return std::count_if(open, end, [&](const fs::directory_entry& entry) {
      return link_of(entry.path()).starts_with(path(folder).string());
    });
  }
  // A command that is at work until its deadline.
  pid_t start_endless(std::vector<std::string> more = {}) {
    for (int i = 0; i < 6; ++i) {
      write("in/" + std::to_string(i) + ".png", photo(40, 40));
      mark("in/" + std::to_string(i) + ".png", "POISON");
    }
    std::vector<std::string> arguments{TINE_COMMAND, "image", "gray", "in", "-o", "out", "-j", "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return start(arguments, {{"LD_PRELOAD", TINE_BAD_FILES}, {"HANG_ON", "POISON"}});
  }
};

TEST_F(Sandbox, WorkersAreInItAndHaveOnlyTheDescriptorsTheyNeed) {
  const int secret = open("/etc/passwd", O_RDONLY);  // that the command's caller left open
  const pid_t command = start_endless();
  close(secret);
  const auto workers = workers_of(command, 2, true);
  EXPECT_EQ(workers.size(), 2u);
  for (const int pid : workers) {
    const fs::path proc = "/proc/" + std::to_string(pid);
    EXPECT_EQ(kilobytes((proc / "status").c_str(), "NoNewPrivs"), 1);
    if (getuid() != 0) {  // to whom a process that cannot be dumped shows nothing
      EXPECT_NE(access((proc / "fd").c_str(), R_OK), 0);
      continue;
    }
    EXPECT_TRUE(eventually([&] { return open_in("in", pid) == 1 && open_in("out", pid) == 1; }));
    std::size_t sockets = 0;
    for (const auto& entry : fs::directory_iterator(proc / "fd")) {
      sockets += link_of(entry.path()).starts_with("socket:");
      EXPECT_THAT(link_of(entry.path()), Not(HasSubstr("passwd")));
    }
    EXPECT_EQ(sockets, 1u);
    EXPECT_EQ(link_of(proc / "fd/0"), "/dev/null");
    EXPECT_EQ(link_of(proc / "fd/1"), "/dev/null");
  }
  kill(command, SIGINT);
  EXPECT_EQ(finish(command).status, 130);
  EXPECT_THAT(files_in("out"), IsEmpty());
}

TEST_F(Sandbox, WithoutItWorkersAreOpenAndTheCommandSaysSo) {
  const pid_t command = start_endless({"--no-sandbox"});
  EXPECT_EQ(workers_of(command, 2, false).size(), 2u);
  EXPECT_TRUE(eventually([&] { return open_in("out", command) == 2; }));
  EXPECT_EQ(workers_of(command, 2, false).size(), 2u) << "still";
  kill(command, SIGINT);
  EXPECT_EQ(finish(command).status, 130);

  write("a.png", photo(40, 40));
  const auto sandboxed = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"image", "gray", "a.png", "-o", "b.png", "--force", "--json"});
    return nlohmann::json::parse(run(more).out)["sandboxed"].get<bool>();
  };
  EXPECT_TRUE(sandboxed({}));
  EXPECT_FALSE(sandboxed({"--no-sandbox"}));
}

TEST_F(Sandbox, AFileThatTakesOverItsDecoderCannotRunAProgram) {
  for (int i = 0; i < 4; ++i) write("in/" + std::to_string(i) + ".png", photo(40, 40));
  mark("in/2.png", "POISON");
  const Environment environment{{"LD_PRELOAD", TINE_BAD_FILES}, {"ESCAPE_ON", "POISON"}};
  Result r = run({"image", "gray", "in", "-o", "out", "-j", "2"}, environment);
  EXPECT_EQ(r.status, 1) << r.err;
  EXPECT_THAT(r.err, HasSubstr("in/2.png: tried what the sandbox forbids (SIGSYS)"));
  EXPECT_THAT(files_in("out"), ElementsAre("0.png", "1.png", "3.png"));
  EXPECT_FALSE(fs::exists(path("escaped")));
  // The attempt is one that works.
  r = run({"image", "gray", "in", "-o", "out2", "-j", "2", "--no-sandbox"}, environment);
  EXPECT_EQ(r.status, 1) << r.err;
  EXPECT_TRUE(fs::exists(path("escaped")));
}

TEST_F(Sandbox, AllFormatsHaveTheSameBitsWithItAndWithout) {
  for (const char* format : {"jpg", "jpeg", "png", "webp", "tif", "tiff", "bmp", "ppm", "pnm"})
    write(std::string("in/") + format + "." + format, photo(61, 83));
  write("in/gray.pgm", photo(50, 40, CV_8UC1));
  write("in/alpha.png", photo(50, 40, CV_8UC4));
  write("in/deep.png", cv::Mat(50, 40, CV_16UC3, cv::Scalar(1000, 30000, 60000)));
  write("in/deep.tiff", cv::Mat(50, 40, CV_16UC1, cv::Scalar(4711)));
  write("in/floats.tiff", cv::Mat(50, 40, CV_32FC1, cv::Scalar(0.25)));
  const Result shut = run({"image", "gaussian sigma=2 | invert", "in", "-o", "shut", "--verify"});
  const Result open =
      run({"image", "gaussian sigma=2 | invert", "in", "-o", "open", "--no-sandbox"});
  EXPECT_EQ(shut.status, 0) << shut.err;
  EXPECT_EQ(open.status, 0) << open.err;
  EXPECT_THAT(files_in("shut"), testing::SizeIs(14));
  for (const std::string& name : files_in("open")) {
    EXPECT_EQ(text_of(path("shut/" + name)), text_of(path("open/" + name))) << name;
    EXPECT_FALSE(read("shut/" + name).empty()) << name;
  }
}

TEST_F(Sandbox, WorksForAnOrdinaryUser) {
  write("in/a.png", photo(40, 40));
  write("in/b.jpg", photo(40, 40));
  write("in/c.png", photo(40, 40));
  mark("in/c.png", "POISON");
  fs::create_directory(path("out"));
  fs::permissions(folder_, fs::perms::all);
  fs::permissions(path("out"), fs::perms::all);
  std::vector<std::string> arguments{TINE_COMMAND, "image", "gray", "in", "-o", "out", "-j", "2"};
  if (getuid() == 0) {
    // The command itself may lie where only root can go.
    fs::copy_file(TINE_COMMAND, path("tine"));
    fs::copy_file(TINE_BAD_FILES, path("bad_files.so"));
    arguments[0] = "./tine";
    arguments.insert(arguments.begin(),
                     {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"});
  } else {
    fs::copy_file(TINE_BAD_FILES, path("bad_files.so"));
  }
  const Result r = finish(
      start(arguments, {{"LD_PRELOAD", path("bad_files.so").string()}, {"CRASH_ON", "POISON"}}));
  EXPECT_EQ(r.status, 1) << r.err;
  EXPECT_THAT(r.err, HasSubstr("in/c.png: killed its worker with SIGSEGV"));
  EXPECT_THAT(files_in("out"), ElementsAre("a.png", "b.jpg"));
}

TEST_F(Sandbox, SerialRunsHaveNoneAndSaySo) {
  write("a.png", photo(40, 40));
  write("b.png", photo(40, 40));
  const Result r =
      run({"image", "gray", "a.png", "b.png", "-o", "out", "--json"}, {{"TINE_SERIAL", "1"}});
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_THAT(r.err, HasSubstr("in no sandbox"));
  EXPECT_FALSE(nlohmann::json::parse(r.out)["sandboxed"]);
  EXPECT_THAT(files_in("out"), ElementsAre("a.png", "b.png"));
}

// Takes seccomp, and landlock too, from this process and those it starts.
void forbid_sandboxes(bool landlock_too) {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  const std::uint32_t missing = SCMP_ACT_ERRNO(ENOSYS);
  seccomp_rule_add(filter, missing, SCMP_SYS(seccomp), 0);
  seccomp_rule_add(filter, missing, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP));
  if (landlock_too) seccomp_rule_add(filter, missing, 444, 0);  // landlock_create_ruleset
  ASSERT_EQ(seccomp_load(filter), 0);
  seccomp_release(filter);
}

TEST_F(Sandbox, AMachineThatHasNoneIsToldOf) {
  for (int i = 0; i < 3; ++i) write("in/" + std::to_string(i) + ".png", photo(40, 40));
  for (const bool landlock_too : {false, true}) {
    const int end = in_child([&] {
      forbid_sandboxes(landlock_too);
      const Result r = run({"image", "gray", "in", "-o", "out", "--force", "--json"});
      EXPECT_EQ(r.status, 0) << r.err;
      EXPECT_THAT(r.err, HasSubstr("warning: this machine cannot filter system calls (seccomp)"));
      EXPECT_FALSE(nlohmann::json::parse(r.out)["sandboxed"]);
      EXPECT_THAT(run({"image", "gray", "in", "-o", "out", "--force", "--no-sandbox"}).err,
                  Not(HasSubstr("warning")));
      const auto doctor = nlohmann::json::parse(run({"doctor", "--json"}).out);
      EXPECT_FALSE(doctor["sandbox"]["seccomp"]);
      EXPECT_THAT(doctor["advice"].dump(), HasSubstr("do not decode files from strangers"));
      if (landlock_too) {
        EXPECT_THAT(r.err, HasSubstr("are not in a sandbox"));
        EXPECT_EQ(doctor["sandbox"]["landlock"], 0);
        EXPECT_THAT(doctor["advice"].dump(), HasSubstr("landlock"));
      }
    });
    EXPECT_EQ(end, 0) << landlock_too;
  }
  EXPECT_THAT(files_in("out"), testing::SizeIs(3));
}

TEST_F(Sandbox, OnlyRegularFilesAreOpenedForWorkers) {
  ASSERT_EQ(mkfifo(path("pipe.png").c_str(), 0600), 0);
  write("a.png", photo(40, 40));
  const Result r = run({"image", "gray", "pipe.png", "/dev/zero", "a.png", "-o", "out/"});
  EXPECT_EQ(r.status, 1);
  EXPECT_THAT(r.err, HasSubstr("pipe.png: is not a regular file"));
  EXPECT_THAT(files_in("out"), ElementsAre("a.png"));
}

// Where the file system has files without a name, and where it has not.
class OutputFile : public Sandbox, public testing::WithParamInterface<bool> {
 protected:
  Environment environment() const {
    Environment e{{"LD_PRELOAD", TINE_BAD_FILES}, {"CRASH_ON", "POISON"}};
    if (!GetParam()) e["NO_TMPFILE"] = "1";
    return e;
  }
};
INSTANTIATE_TEST_SUITE_P(NamedOrNot, OutputFile, testing::Values(true, false),
                         [](const auto& tested) { return tested.param ? "Unnamed" : "Named"; });

TEST_P(OutputFile, AppearsWholeOrNotAtAll) {
  for (int i = 0; i < 6; ++i) write("in/" + std::to_string(i) + ".png", photo(50, 50));
  mark("in/3.png", "POISON");
  write_text(path("in/4.png"), "no picture");
  const Result r = run({"image", "gray", "in", "-o", "out", "-j", "3"}, environment());
  EXPECT_EQ(r.status, 1) << r.err;
  EXPECT_THAT(files_in("out"), ElementsAre("0.png", "1.png", "2.png", "5.png"));
  for (const std::string& name : files_in("out")) EXPECT_FALSE(read("out/" + name).empty());
}

TEST_P(OutputFile, StaysWithoutForceAndIsReplacedWithIt) {
  for (const char* name : {"a.png", "b.png"}) write(name, photo(40, 40));
  write_text(path("out.png"), "precious");
  fs::permissions(path("out.png"), fs::perms::owner_read);
  Result r = run({"image", "gray", "a.png", "-o", "out.png"}, environment());
  EXPECT_EQ(r.status, 3);
  EXPECT_EQ(text_of(path("out.png")), "precious");
  r = run({"image", "gray", "a.png", "-o", "out.png", "--force"}, environment());
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(read("out.png").rows, 40);
  EXPECT_THAT(files_in("."), ElementsAre("a.png", "b.png", "out.png"));
}

TEST_P(OutputFile, OfALargeImageIsReplacedWithForce) {
  write("a.png", photo(1100, 1100));
  write_text(path("b.png"), "precious");
  const std::vector<std::string> arguments{"image", "gray", "a.png", "-o", "b.png", "-j", "2"};
  Result r = run(arguments, environment());
  EXPECT_EQ(r.status, 3);
  EXPECT_EQ(text_of(path("b.png")), "precious");
  auto forced = arguments;
  forced.push_back("--force");
  r = run(forced, environment());
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(read("b.png").rows, 1100);
  EXPECT_THAT(files_in("."), ElementsAre("a.png", "b.png"));
}

// Somebody else makes the output while the command is at work.
TEST_P(OutputFile, ThatAppearsMeanwhileStays) {
  for (int i = 0; i < 12; ++i) write("in/" + std::to_string(i) + ".png", photo(150, 300));
  const pid_t command =
      start({TINE_COMMAND, "image", "nlmeans", "in", "-o", "out", "-j", "2"}, environment());
  EXPECT_TRUE(eventually([&] { return fs::exists(path("out/0.png")); }));
  // Files are taken in the order of their names, and this is the last.
  write_text(path("out/9.png"), "precious");
  const Result r = finish(command);
  EXPECT_EQ(r.status, 1) << r.err;
  EXPECT_THAT(r.err, HasSubstr("out/9.png cannot be written: File exists"));
  EXPECT_EQ(text_of(path("out/9.png")), "precious");
  EXPECT_THAT(files_in("out"), testing::SizeIs(12));
}

TEST_F(Sandbox, AKilledCommandLeavesNoTemporaryFile) {
  const pid_t command = start_endless();
  EXPECT_TRUE(eventually([&] { return open_in("out", command) == 2; }));
  kill(command, SIGKILL);
  EXPECT_EQ(finish(command).status, 128 + SIGKILL);
  EXPECT_THAT(files_in("out"), IsEmpty());
}

TEST_F(Sandbox, ManyWorkersWithFewDescriptorsAllowed) {
  for (int i = 0; i < 60; ++i) write("in/" + std::to_string(i) + ".png", photo(20, 20));
  const Result r = finish(
      start({"sh", "-c",
             "ulimit -S -n 64 && " TINE_COMMAND " image gray in -o out -j 40 && ls out | wc -l"}));
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_THAT(r.out, HasSubstr("\n60\n"));
}

}  // namespace
}  // namespace tine_test
