// tine image, from outside.
#include <stdlib.h>

#include <cstring>

#include <nlohmann/json.hpp>

#include "image_command.hpp"

namespace tine_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST_F(ImageCommand, OneFile) {
  write("a.png", photo(60, 80));
  const Result r = run({"image", "gray", "a.png", "-o", "b.png"});
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(r.out, "b.png\n");
  EXPECT_EQ(r.err, "");
  EXPECT_EQ(read("b.png").type(), CV_8UC1);
  EXPECT_EQ(read("b.png").size(), cv::Size(80, 60));
  EXPECT_THAT(files_in("."), ElementsAre("a.png", "b.png"));
}

TEST_F(ImageCommand, OneLargeFileInBands) {
  write("a.png", photo(1100, 1200));
  for (const char* workers : {"1", "2", "3"}) {
    const Result r = run({"image", "gaussian sigma=2 | sobel | threshold otsu", "a.png", "-o",
                          std::string("b") + workers + ".png", "-j", workers, "--verify"});
    EXPECT_EQ(r.status, 0) << r.err;
  }
  EXPECT_EQ(text_of(path("b1.png")), text_of(path("b2.png")));
  EXPECT_EQ(text_of(path("b1.png")), text_of(path("b3.png")));
  EXPECT_THAT(files_in("."), ElementsAre("a.png", "b1.png", "b2.png", "b3.png"));
}

TEST_F(ImageCommand, ManyFilesIntoAFolder) {
  for (int i = 0; i < 9; ++i) write("in/" + std::to_string(i) + ".jpg", photo(40 + i, 50));
  write("in/deep/x.jpg", photo(30, 30));
  write_text(path("in/notes.txt"), "not an image");
  const Result r = run({"image", "resize scale=0.5 | sharpen", "in", "-o", "out/small", "--verify",
                        "-j", "2", "--json"});
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(files_in("out/small").size(), 9u);
  const auto json = nlohmann::json::parse(r.out);
  EXPECT_EQ(json["written"], 9);
  EXPECT_EQ(json["failed"], 0);
  EXPECT_EQ(json["files"].size(), 9u);
  EXPECT_EQ(json["files"][8]["output"], "out/small/8.jpg");
  EXPECT_EQ(json["files"][8]["width"], 25);
  EXPECT_EQ(json["files"][8]["height"], 24);

  const Result deep = run({"image", "gray", "in", "-o", "all/", "--recursive"});
  EXPECT_EQ(deep.status, 0) << deep.err;
  EXPECT_EQ(files_in("all").size(), 10u);
  EXPECT_THAT(files_in("all/deep"), ElementsAre("x.jpg"));

  const Result globbed = run({"image", "gray", "in/[0-3].jpg", "-o", "some"});
  EXPECT_EQ(globbed.status, 0) << globbed.err;
  EXPECT_THAT(files_in("some"), ElementsAre("0.jpg", "1.jpg", "2.jpg", "3.jpg"));
}

TEST_F(ImageCommand, KeepsTransparencyAndDepth) {
  write("alpha.png", photo(20, 30, CV_8UC4));
  cv::Mat deep(20, 30, CV_16UC3, cv::Scalar(1000, 30000, 60000));
  write("deep.png", deep);
  cv::Mat floats(20, 30, CV_32FC1, cv::Scalar(0.25));
  write("floats.tiff", floats);
  const Result r = run({"image", "invert", "alpha.png", "deep.png", "floats.tiff", "-o", "out"});
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(read("out/alpha.png").at<cv::Vec4b>(3, 4)[3], read("alpha.png").at<cv::Vec4b>(3, 4)[3]);
  EXPECT_EQ(read("out/deep.png").at<cv::Vec3w>(1, 1), cv::Vec3w(64535, 35535, 5535));
  EXPECT_EQ(read("out/floats.tiff").at<float>(1, 1), 0.75f);
  const Result lossy = run({"image", "invert", "deep.png", "-o", "deep.jpg"});
  EXPECT_EQ(lossy.status, 3);
  EXPECT_THAT(lossy.err, HasSubstr("a .jpg file cannot hold 16-bit pixels; .png can"));
  EXPECT_FALSE(fs::exists(path("deep.jpg")));
}

TEST_F(ImageCommand, OpenExr) {
  setenv("OPENCV_IO_ENABLE_OPENEXR", "1", 1);
  for (const int type : {CV_32FC1, CV_32FC3, CV_32FC4}) {
    cv::Mat image(23, 31, type);
    cv::RNG random(3);
    random.fill(image, cv::RNG::UNIFORM, -2, 60000);
    write("a.tiff", image);
    image = read("a.tiff");  // OpenCV writes colours with a loss
    EXPECT_EQ(run({"image", "flip", "a.tiff", "-o", "a.exr", "--force"}).status, 0);
    EXPECT_EQ(run({"image", "flip", "a.exr", "-o", "b.tiff", "--force"}).status, 0);
    EXPECT_EQ(cv::norm(read("b.tiff"), image, cv::NORM_INF), 0) << type;
    // What others write and read.
    cv::Mat flipped;
    cv::flip(image, flipped, 1);
    if (type == CV_32FC3) {
      EXPECT_EQ(cv::norm(read("a.exr"), flipped, cv::NORM_INF), 0) << type;
      cv::imwrite(path("c.exr").string(), image, {cv::IMWRITE_EXR_TYPE, cv::IMWRITE_EXR_TYPE_HALF});
      EXPECT_EQ(run({"image", "flip", "c.exr", "-o", "d.tiff"}).status, 0);
      EXPECT_LE(cv::norm(read("d.tiff"), flipped, cv::NORM_INF), 32);
    }
  }
  write("b.png", photo(20, 30));
  const Result r = run({"image", "flip", "b.png", "-o", "b.exr"});
  EXPECT_EQ(r.status, 3);
  EXPECT_THAT(r.err, HasSubstr("a .exr file cannot hold integers; .tiff can"));
  EXPECT_THAT(run({"image", "flip", "a.exr", "-o", "e.exr", "--max-pixels", "100"}).err,
              HasSubstr("claims 31 x 23 pixels"));
}

TEST_F(ImageCommand, LabelsAndSumsGoToArrays) {
  cv::Mat image = cv::Mat::zeros(6, 9, CV_8UC3);
  image(cv::Rect(1, 1, 2, 2)) = cv::Scalar(3, 2, 1);
  image(cv::Rect(5, 3, 3, 2)) = cv::Scalar(9, 9, 9);
  write("a.png", image);
  const Result squeezed = run({"image", "gray | components", "a.png", "-o", "labels.png"});
  EXPECT_EQ(squeezed.status, 3);
  EXPECT_THAT(squeezed.err, HasSubstr("a .png file cannot hold integers of 32 bits; .npy can"));
  EXPECT_FALSE(fs::exists(path("labels.png")));

  const auto values = [this](const char* file, const char* kind) {
    const std::string bytes = text_of(path(file));
    EXPECT_THAT(bytes, HasSubstr(kind));
    const std::size_t begin = bytes.find('\n') + 1;
    std::vector<std::int32_t> result((bytes.size() - begin) / 4);
    std::memcpy(result.data(), bytes.data() + begin, result.size() * 4);
    return result;
  };
  EXPECT_EQ(run({"image", "gray | components", "a.png", "-o", "labels.npy"}).status, 0);
  const auto labels = values("labels.npy", "'<i4', 'fortran_order': False, 'shape': (6, 9)");
  ASSERT_EQ(labels.size(), 54u);
  EXPECT_EQ(labels[0], 0);
  EXPECT_EQ(labels[9 + 1], 1);
  EXPECT_EQ(labels[4 * 9 + 7], 2);

  EXPECT_EQ(run({"image", "integral", "a.png", "-o", "sums.npy"}).status, 0);
  const auto sums = values("sums.npy", "'<i4', 'fortran_order': False, 'shape': (7, 10, 3)");
  ASSERT_EQ(sums.size(), 210u);
  const std::vector<std::int32_t> all(sums.end() - 3, sums.end());
  EXPECT_EQ(all, (std::vector<std::int32_t>{4 * 1 + 54, 4 * 2 + 54, 4 * 3 + 54}));  // red first
}

// Headers that are rare, and right.
TEST_F(ImageCommand, RareHeaders) {
  using namespace std::string_literals;
  // A BMP of OS/2: 2 x 1 pixels, with sides of 16 bits.
  write_text(path("os2.bmp"),
             "BM\x22\0\0\0\0\0\0\0\x1a\0\0\0\x0c\0\0\0\2\0\1\0\1\0\x18\0"
             "abcdef\0\0"s);
  // A TIFF whose sides, 2 x 1, are single bytes.
  write_text(path("bytes.tif"),
             "MM\0*\0\0\0\x0a"
             "ab"
             "\0\7"
             "\1\0\0\1\0\0\0\1\2\0\0\0"
             "\1\1\0\1\0\0\0\1\1\0\0\0"
             "\1\2\0\3\0\0\0\1\0\x08\0\0"
             "\1\6\0\3\0\0\0\1\0\1\0\0"
             "\1\x11\0\4\0\0\0\1\0\0\0\x08"
             "\1\x16\0\3\0\0\0\1\0\1\0\0"
             "\1\x17\0\4\0\0\0\1\0\0\0\2"
             "\0\0\0\0"s);
  const Result r = run({"image", "invert", "os2.bmp", "bytes.tif", "-o", "out"});
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(read("out/os2.bmp").size(), cv::Size(2, 1));
  EXPECT_EQ(read("out/bytes.tif").size(), cv::Size(2, 1));
  EXPECT_EQ(read("out/bytes.tif").at<std::uint8_t>(0, 1), 255 - 'b');
}

// Each bad file costs that file only, and is named with its reason.
TEST_F(ImageCommand, BadFiles) {
  for (int i = 0; i < 4; ++i) write("in/good" + std::to_string(i) + ".jpg", photo(60, 70));
  write_text(path("in/empty.jpg"), "");
  write_text(path("in/text.png"), "This is not an image at all, but it is long enough to be one.");
  write("in/cut.jpg", photo(300, 300));
  truncate("in/cut.jpg", 0.6);
  write("in/cut.png", photo(300, 300));
  truncate("in/cut.png", 0.6);
  write("in/header.jpg", photo(300, 300));
  truncate("in/header.jpg", 0.001);
  write("in/cut.bmp", photo(100, 100));
  truncate("in/cut.bmp", 0.5);
  write("in/cut.ppm", photo(100, 100));
  truncate("in/cut.ppm", 0.5);
  write("in/cut.webp", photo(100, 100));
  truncate("in/cut.webp", 0.5);
  write("in/cut.tif", photo(100, 100));
  truncate("in/cut.tif", 0.5);
  write("in/none.png", photo(10, 10));
  set_png_size("in/none.png", 0, 10);
  write("in/huge.png", photo(10, 10));
  set_png_size("in/huge.png", 2000000, 2000000);
  write("in/lies.png", photo(10, 10));
  set_png_size("in/lies.png", 11, 10);
  const std::string good = text_of(path("in/good0.jpg"));  // data is missing in its middle
  write_text(path("in/damaged.jpg"), good.substr(0, good.size() / 2) + "\xff\xd9");
  fs::create_directory(path("in/folder.jpg"));

  const Result r = run({"image", "gaussian 2 | invert", "in/*", "missing.jpg", "nothing*.png", "-o",
                        "out", "--json"});
  EXPECT_EQ(r.status, 1) << r.err;
  EXPECT_THAT(files_in("out"), ElementsAre("good0.jpg", "good1.jpg", "good2.jpg", "good3.jpg"));
  const auto json = nlohmann::json::parse(r.out);
  EXPECT_EQ(json["written"], 4);
  EXPECT_EQ(json["faults"], 0);  // none of them may reach a decoder's bugs
  const std::map<std::string, std::string> reasons{
      {"in/empty.jpg", "the file is empty"},
      {"in/text.png", "not an image"},
      {"in/cut.jpg", "truncated"},
      {"in/cut.png", "truncated"},
      {"in/header.jpg", ""},
      {"in/cut.bmp", "truncated"},
      {"in/cut.ppm", "truncated"},
      {"in/cut.webp", "truncated"},
      {"in/cut.tif", ""},
      {"in/none.png", "the image has no pixels"},
      {"in/huge.png", "claims 2000000 x 2000000 pixels; the limit is"},
      {"in/lies.png", "cannot be decoded"},
      {"in/damaged.jpg", "is damaged"},
      {"in/folder.jpg", "has no images in it"},
      {"missing.jpg", "there is no such file"},
      {"nothing*.png", "matches no file"},
  };
  std::size_t failed = 0;
  for (const auto& file : json["files"]) {
    if (file["ok"]) continue;
    ++failed;
    const std::string input = file["input"];
    ASSERT_TRUE(reasons.contains(input)) << input;
    EXPECT_THAT(file["error"].get<std::string>(), HasSubstr(reasons.at(input))) << input;
    EXPECT_THAT(r.err, HasSubstr(input));
  }
  EXPECT_EQ(failed, reasons.size());
}

TEST_F(ImageCommand, NothingSucceeded) {
  write_text(path("a.jpg"), "no");
  EXPECT_EQ(run({"image", "gray", "a.jpg", "-o", "b.jpg"}).status, 3);
  EXPECT_EQ(run({"image", "gray", "missing.jpg", "-o", "b.jpg"}).status, 3);
  EXPECT_EQ(run({"image", "gray", "missing.jpg", "a.jpg", "-o", "out"}).status, 3);
  EXPECT_FALSE(fs::exists(path("b.jpg")));
}

TEST_F(ImageCommand, LimitOfPixels) {
  write("a.png", photo(100, 100));
  const Result r = run({"image", "gray", "a.png", "-o", "b.png", "--max-pixels", "9999"});
  EXPECT_EQ(r.status, 3);
  EXPECT_THAT(r.err, HasSubstr("100 x 100 pixels; the limit is 9999"));
}

TEST_F(ImageCommand, ADecoderThatCrashesCostsThatFile) {
  for (int i = 0; i < 8; ++i) write("in/" + std::to_string(i) + ".png", photo(50, 50));
  mark("in/3.png", "POISON");
  const Result r = run({"image", "gray", "in", "-o", "out", "-j", "2"},
                       {{"LD_PRELOAD", TINE_BAD_FILES}, {"CRASH_ON", "POISON"}});
  EXPECT_EQ(r.status, 1) << r.err;
  EXPECT_THAT(r.err, HasSubstr("in/3.png: killed its worker with SIGSEGV"));
  EXPECT_EQ(files_in("out").size(), 7u);
  EXPECT_FALSE(fs::exists(path("out/3.png")));
}

TEST_F(ImageCommand, ManyFilesThatCrash) {
  for (int i = 0; i < 30; ++i) {
    const std::string name = "in/" + std::to_string(i) + (i % 10 == 0 ? ".jpg" : ".png");
    write(name, photo(20, 20));
    if (i % 10 != 0) mark(name, "POISON");
  }
  const Result r = run({"image", "gray", "in", "-o", "out", "-j", "2"},
                       {{"LD_PRELOAD", TINE_BAD_FILES}, {"CRASH_ON", "POISON"}});
  EXPECT_EQ(r.status, 1) << r.err;
  EXPECT_THAT(files_in("out"), ElementsAre("0.jpg", "10.jpg", "20.jpg"));
}

TEST_F(ImageCommand, ALargeImageWhoseDecoderCrashes) {
  write("a.png", photo(1100, 1100));
  mark("a.png", "POISON");
  const Result r = run({"image", "gray", "a.png", "-o", "b.png", "-j", "2"},
                       {{"LD_PRELOAD", TINE_BAD_FILES}, {"CRASH_ON", "POISON"}});
  EXPECT_EQ(r.status, 3);
  EXPECT_THAT(r.err, HasSubstr("a.png: killed its worker with SIGSEGV"));
  EXPECT_THAT(files_in("."), ElementsAre("a.png"));
}

TEST_F(ImageCommand, AFileThatHangsMeetsTheDeadline) {
  for (int i = 0; i < 4; ++i) write("in/" + std::to_string(i) + ".png", photo(50, 50));
  mark("in/2.png", "POISON");
  const Result r = run({"image", "gray", "in", "-o", "out", "-j", "2", "--deadline", "0.5"},
                       {{"LD_PRELOAD", TINE_BAD_FILES}, {"HANG_ON", "POISON"}});
  EXPECT_EQ(r.status, 1) << r.err;
  EXPECT_THAT(r.err, HasSubstr("in/2.png: took longer than the deadline"));
  EXPECT_THAT(files_in("out"), ElementsAre("0.png", "1.png", "3.png"));
}

TEST_F(ImageCommand, ExistingOutputsStay) {
  write("a.png", photo(40, 40));
  write_text(path("b.png"), "precious");
  Result r = run({"image", "gray", "a.png", "-o", "b.png"});
  EXPECT_EQ(r.status, 3);
  EXPECT_THAT(r.err, HasSubstr("b.png exists already; --force replaces it"));
  EXPECT_EQ(text_of(path("b.png")), "precious");
  r = run({"image", "gray", "a.png", "-o", "b.png", "--force"});
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(read("b.png").rows, 40);
}

TEST_F(ImageCommand, NeverInPlace) {
  write("a.png", photo(40, 40));
  write("in/b.png", photo(40, 40));
  const std::string before = text_of(path("a.png"));
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"image", "gray", "a.png", "-o", "a.png", "--force"},
        {"image", "gray", "a.png", "-o", ".", "--force"},
        {"image", "gray", "a.png", "-o", "./a.png", "--force"},
        {"image", "gray", "in", "-o", "in", "--force"}}) {
    const Result r = run(arguments);
    EXPECT_EQ(r.status, 2);
    EXPECT_THAT(r.err, HasSubstr("replaced"));
  }
  EXPECT_EQ(text_of(path("a.png")), before);
}

TEST_F(ImageCommand, TwoInputsForOneOutputAreRefused) {
  write("a/x.jpg", photo(40, 40));
  write("b/x.jpg", photo(40, 40));
  const Result r = run({"image", "gray", "a/x.jpg", "b/x.jpg", "-o", "out"});
  EXPECT_EQ(r.status, 2);
  EXPECT_THAT(r.err, HasSubstr("a/x.jpg and b/x.jpg would both become out/x.jpg"));
  EXPECT_FALSE(fs::exists(path("out")));
  // The same file twice is one file.
  EXPECT_EQ(run({"image", "gray", "a/x.jpg", "a/x.jpg", "-o", "out"}).status, 0);
}

TEST_F(ImageCommand, WrongUsage) {
  write("a.png", photo(40, 40));
  Result r = run({"image", "gausian", "a.png", "-o", "b.png"});
  EXPECT_EQ(r.status, 2);
  EXPECT_THAT(r.err, HasSubstr("did you mean \"gaussian\"?"));
  r = run({"image", "gaussian sigma=500", "a.png", "-o", "b.png"});
  EXPECT_EQ(r.status, 2);
  EXPECT_THAT(r.err, HasSubstr("it goes from 0.1 to 100 pixels"));
  EXPECT_EQ(run({"image", "gray", "a.png"}).status, 2);
  EXPECT_EQ(run({"image", "gray", "a.png", "-o", "b.png", "--no-such-option"}).status, 2);
  EXPECT_EQ(run({}).status, 2);
  EXPECT_EQ(run({"nothing"}).status, 2);
  write_text(path("file"), "x");
  EXPECT_EQ(run({"image", "gray", "a.png", "-o", "file"}).status, 2);
}

TEST_F(ImageCommand, WrongImageForAnOperation) {
  write("a.png", photo(40, 40));
  const Result r = run({"image", "threshold otsu", "a.png", "-o", "b.png"});
  EXPECT_EQ(r.status, 3);
  EXPECT_THAT(r.err, HasSubstr("put gray before it"));
  EXPECT_THAT(r.err, Not(HasSubstr("step")));
  EXPECT_THAT(run({"image", "gaussian 1 | invert | threshold otsu", "a.png", "-o", "b.png"}).err,
              HasSubstr("step 3 of the chain: threshold otsu takes"));
  EXPECT_THAT(run({"image", "invert | crop x=50", "a.png", "-o", "b.png"}).err,
              HasSubstr("step 2 of the chain: crop"));
}

TEST_F(ImageCommand, AnOutputFolderThatCannotBe) {
  write("a.png", photo(40, 40));
  write_text(path("file"), "x");
  Result r = run({"image", "gray", "a.png", "-o", "file/out/"});
  EXPECT_EQ(r.status, 3);
  EXPECT_THAT(r.err, HasSubstr("cannot be made"));
  fs::create_directory(path("locked"));
  fs::permissions(path("locked"), fs::perms::owner_read | fs::perms::owner_exec);
  if (access(path("locked").c_str(), W_OK) == 0) return;  // root may write everywhere
  r = run({"image", "gray", "a.png", "-o", "locked/"});
  EXPECT_EQ(r.status, 3);
  EXPECT_THAT(r.err, HasSubstr("cannot be written to"));
}

TEST_F(ImageCommand, AFullDiskLeavesNoPartialFile) {
  cv::Mat noise(400, 400, CV_8UC3);
  cv::RNG(3).fill(noise, cv::RNG::UNIFORM, 0, 256);
  write("big.png", noise);
  write("small.png", photo(20, 20));
  fs::create_directory(path("disk"));
  if (finish(start({"unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=64k", "none", "disk"}))
          .status != 0)
    GTEST_SKIP() << "no file system can be mounted here";
  const Result r =
      finish(start({"unshare", "-rm", "sh", "-c",
                    "mount -t tmpfs -o size=64k none disk && " TINE_COMMAND
                    " image invert big.png small.png -o disk; echo status $?; ls -A disk"}));
  EXPECT_THAT(r.err, HasSubstr("big.png: the output cannot be written: No space left on device"));
  EXPECT_EQ(r.out, "disk/small.png\nstatus 1\nsmall.png\n");
}

TEST_F(ImageCommand, AnInterruptLeavesNoPartialFiles) {
  for (int i = 0; i < 40; ++i) write("in/" + std::to_string(i) + ".png", photo(200, 400));
  const pid_t pid = start({TINE_COMMAND, "image", "nlmeans", "in", "-o", "out", "-j", "2"});
  for (int i = 0; i < 2000 && files_in("out").size() < 3; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  kill(pid, SIGINT);
  const Result r = finish(pid);
  EXPECT_EQ(r.status, 130) << r.err;
  EXPECT_THAT(r.err, HasSubstr("interrupted"));
  const auto files = files_in("out");
  EXPECT_LT(files.size(), 40u);
  for (const std::string& name : files) {
    EXPECT_THAT(name, Not(HasSubstr(".tine-")));
    EXPECT_FALSE(read("out/" + name).empty());
  }
}

TEST_F(ImageCommand, Progress) {
  for (int i = 0; i < 6; ++i) write("in/" + std::to_string(i) + ".png", photo(150, 300));
  Result r = run({"image", "nlmeans", "in", "-o", "out", "--progress=json", "-j", "1"});
  EXPECT_EQ(r.status, 0) << r.err;
  std::istringstream lines(r.err);
  std::string line;
  int seen = 0;
  while (std::getline(lines, line)) {
    if (!line.starts_with('{')) continue;
    EXPECT_EQ(nlohmann::json::parse(line)["total"], 6);
    ++seen;
  }
  EXPECT_GE(seen, 1);
  r = run({"image", "gray", "in", "-o", "out2", "--progress=never"});
  EXPECT_EQ(r.err, "tine: 6 of 6 written\n");
  EXPECT_EQ(run({"image", "gray", "in", "-o", "out3", "--progress=fancy"}).status, 2);
}

TEST_F(ImageCommand, Orientation) {
  // A JPEG whose EXIF says that it lies on its side.
  write("a.jpg", photo(40, 60));
  std::string text = text_of(path("a.jpg"));
  const char exif[] =
      "\xff\xe1\x00\x22"
      "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
  text.insert(2, std::string(exif, 36));
  write_text(path("a.jpg"), text);
  ASSERT_EQ(run({"image", "gray", "a.jpg", "-o", "b.png"}).status, 0);
  EXPECT_EQ(read("b.png").size(), cv::Size(40, 60));
}

TEST_F(ImageCommand, Help) {
  const Result r = run({"image", "--help"});
  EXPECT_EQ(r.status, 0);
  EXPECT_THAT(r.out, HasSubstr("Examples:"));
  EXPECT_THAT(r.out, HasSubstr("gaussian"));
  EXPECT_THAT(r.err, IsEmpty());
}

}  // namespace
}  // namespace tine_test
