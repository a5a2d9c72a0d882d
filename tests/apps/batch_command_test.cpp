// tine image over many files: which are done, under which names, and again after something changed.
#include <chrono>

#include <nlohmann/json.hpp>

#include "image_command.hpp"

namespace tine_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class BatchCommand : public ImageCommand {
 protected:
  void write_photos(int count) const {
    for (int i = 0; i < count; ++i) write("in/" + std::to_string(i) + ".png", photo(20 + i, 30));
  }
  // When each output was last written.
  std::map<std::string, fs::file_time_type> times() const {
    std::map<std::string, fs::file_time_type> all;
    for (const std::string& name : files_in("out"))
      all[name] = fs::last_write_time(path("out/" + name));
    return all;
  }
};

TEST_F(BatchCommand, ResumeSkipsWhatIsDoneAndRedoesWhatHasChanged) {
  write_photos(5);
  write_text(path("in/3.png"), "no image");
  const Result first = run({"image", "gray", "in", "-o", "out", "--resume"});
  EXPECT_EQ(first.status, 1);
  EXPECT_THAT(files_in("out"), ElementsAre("0.png", "1.png", "2.png", "4.png"));
  const auto before = times();

  write("in/1.png", photo(50, 51));  // has changed
  write("in/3.png", photo(23, 30));  // was broken
  fs::remove(path("out/4.png"));     // was lost
  const Result plan = run({"image", "gray", "in", "-o", "out", "--resume", "--dry-run"});
  EXPECT_EQ(plan.status, 0) << plan.err;
  EXPECT_EQ(plan.out,
            "in/0.png -> out/0.png (done already)\n"
            "in/1.png -> out/1.png (again: something has changed)\n"
            "in/2.png -> out/2.png (done already)\n"
            "in/3.png -> out/3.png\n"
            "in/4.png -> out/4.png\n");
  EXPECT_EQ(times(), [&] {
    auto left = before;
    left.erase("4.png");
    return left;
  }());

  const Result second = run({"image", "gray", "in", "-o", "out", "--resume", "--json"});
  EXPECT_EQ(second.status, 0) << second.err;
  const auto json = nlohmann::json::parse(second.out);
  EXPECT_EQ(json["written"], 3);
  EXPECT_EQ(json["kept"], 2);
  EXPECT_EQ(json["failed"], 0);
  EXPECT_EQ(read("out/1.png").size(), cv::Size(51, 50));
  EXPECT_EQ(times().at("0.png"), before.at("0.png"));
  EXPECT_EQ(times().at("2.png"), before.at("2.png"));
  EXPECT_EQ(files_in("out").size(), 5u);

  const Result third = run({"image", "gray", "in", "-o", "out", "--resume"});
  EXPECT_EQ(third.status, 0) << third.err;
  EXPECT_EQ(third.out, "");
  EXPECT_THAT(third.err, HasSubstr("0 of 5 written, 5 done already"));
}

TEST_F(BatchCommand, ResumeRedoesAllWhenTheChainOrTheQualityChanges) {
  write("in/a.jpg", photo(40, 40));
  const std::vector<std::string> rest{"in", "-o", "out", "--resume", "--json"};
  const auto written = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "image");
    arguments.insert(arguments.end(), rest.begin(), rest.end());
    const Result r = run(arguments);
    EXPECT_EQ(r.status, 0) << r.err;
    return nlohmann::json::parse(r.out)["written"].get<int>();
  };
  EXPECT_EQ(written({"invert"}), 1);
  EXPECT_EQ(written({"invert"}), 0);
  EXPECT_EQ(written({"invert | gray"}), 1);
  EXPECT_EQ(written({"invert|gray"}), 0);
  EXPECT_EQ(written({"invert | gray", "--quality", "60"}), 1);
  EXPECT_EQ(written({"invert | gray", "--quality", "60"}), 0);
}

TEST_F(BatchCommand, ResumeLeavesAloneWhatOthersMade) {
  write_photos(1);
  write("out/0.png", photo(9, 9));
  const Result r = run({"image", "gray", "in", "-o", "out", "--resume"});
  EXPECT_EQ(r.status, 3);
  EXPECT_THAT(r.err, HasSubstr("out/0.png exists already; --force replaces it"));
  EXPECT_EQ(read("out/0.png").size(), cv::Size(9, 9));
}

TEST_F(BatchCommand, ShardsAreEachOthersComplement) {
  write_photos(7);
  std::vector<std::string> all;
  for (const char* shard : {"1/3", "2/3", "3/3"}) {
    const Result r = run({"image", "gray", "in", "-o", "out", "--shard", shard, "--dry-run"});
    EXPECT_EQ(r.status, 0) << r.err;
    std::istringstream lines(r.out);
    for (std::string line; std::getline(lines, line);) all.push_back(line);
  }
  EXPECT_EQ(all.size(), 7u);
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::unique(all.begin(), all.end()), all.end());
  EXPECT_THAT(files_in("."), ElementsAre("in"));  // nothing was done

  const Result third = run({"image", "gray", "in", "-o", "out", "--shard", "3/3"});
  EXPECT_EQ(third.status, 0) << third.err;
  EXPECT_THAT(files_in("out"), ElementsAre("2.png", "5.png"));
  for (const char* wrong : {"0/3", "4/3", "3", "1/3x", "a/b"}) {
    const Result r = run({"image", "gray", "in", "-o", "none", "--shard", wrong});
    EXPECT_EQ(r.status, 2) << wrong;
    EXPECT_THAT(r.err, HasSubstr("is no part of a whole"));
  }
}

TEST_F(BatchCommand, NamesAndFormatsOfOutputs) {
  write_photos(2);
  write("in/deep/x.png", photo(20, 20));
  const Result r = run({"image", "gray", "in", "-r", "-o", "out", "--name",
                        "{n:03}-{stem}-small.{ext}", "--format", "jpg", "--quality", "30"});
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_THAT(files_in("out"), ElementsAre("001-0-small.jpg", "002-1-small.jpg", "deep"));
  EXPECT_THAT(files_in("out/deep"), ElementsAre("003-x-small.jpg"));
  EXPECT_EQ(text_of(path("out/001-0-small.jpg")).substr(0, 2), "\xff\xd8");

  const Result same = run({"image", "gray", "in", "-o", "none", "--name", "all.{ext}"});
  EXPECT_EQ(same.status, 2);
  EXPECT_THAT(same.err, HasSubstr("would both become none/all.png"));
  for (const char* wrong : {"{stem", "{name}.{ext}", "../{stem}.{ext}"}) {
    const Result bad = run({"image", "gray", "in", "-o", "none", "--name", wrong});
    EXPECT_EQ(bad.status, 2) << wrong;
    EXPECT_THAT(bad.err, HasSubstr("--name"));
  }
  EXPECT_FALSE(fs::exists(path("none")));
}

TEST_F(BatchCommand, QualityIsThatOfTheEncoder) {
  write("a.png", photo(200, 200));
  const auto size = [&](const char* option, const char* value, const std::string& output) {
    const Result r = run({"image", "invert", "a.png", "-o", output, option, value});
    EXPECT_EQ(r.status, 0) << r.err;
    return fs::file_size(path(output));
  };
  EXPECT_LT(size("--quality", "20", "20.jpg"), size("--quality", "95", "95.jpg") / 2);
  EXPECT_LT(size("--quality", "20", "20.webp"), size("--quality", "95", "95.webp") / 2);
  EXPECT_LT(size("--png-effort", "9", "9.png"), size("--png-effort", "0", "0.png"));
  cv::Mat expected;
  std::vector<std::uint8_t> bytes;
  cv::bitwise_not(read("a.png"), expected);
  cv::imencode(".jpg", expected, bytes, {cv::IMWRITE_JPEG_QUALITY, 20});
  EXPECT_EQ(text_of(path("20.jpg")), std::string(bytes.begin(), bytes.end()));
}

TEST_F(BatchCommand, TakesTheChainFromAFile) {
  write("a.png", photo(60, 50));
  write_text(
      path("chain.json"),
      R"([{"gaussian": {"sigma": 2, "border": "replicate"}}, "gray", {"threshold": {"value": 90}}])");
  const Result from_file = run({"image", "@chain.json", "a.png", "-o", "b.png", "--json"});
  EXPECT_EQ(from_file.status, 0) << from_file.err;
  const Result from_text =
      run({"image", "gaussian 2 border=replicate | gray | threshold 90", "a.png", "-o", "c.png"});
  EXPECT_EQ(from_text.status, 0) << from_text.err;
  EXPECT_EQ(text_of(path("b.png")), text_of(path("c.png")));

  write_text(path("list.json"),
             R"([{"filter2d kernel": {"weights": [0, -1, 0, -1, 5.5, -1, 0, -1, 0]}}])");
  EXPECT_EQ(run({"image", "@list.json", "a.png", "-o", "list.png"}).status, 0);
  EXPECT_EQ(
      run({"image", "filter2d kernel 0,-1,0,-1,5.5,-1,0,-1,0", "a.png", "-o", "text.png"}).status,
      0);
  EXPECT_EQ(text_of(path("list.png")), text_of(path("text.png")));

  const std::pair<const char*, const char*> wrong[] = {
      {"[", "is no JSON"},
      {"{}", "is no list of steps"},
      {"[]", "is no list of steps"},
      {"[3]", "3 is no step of a chain"},
      {R"([{"gaussian": 2}])", "is no step of a chain"},
      {R"([{"gauss": {}}])", "did you mean \"gaussian\"?"},
      {R"([{"gaussian": {"sigma": "two"}}])", "\"two\" is not a number"}};
  for (const auto& [text, message] : wrong) {
    write_text(path("wrong.json"), text);
    const Result r = run({"image", "@wrong.json", "a.png", "-o", "d.png"});
    EXPECT_EQ(r.status, 2) << text;
    EXPECT_THAT(r.err, HasSubstr(message));
  }
  EXPECT_THAT(run({"image", "@none.json", "a.png", "-o", "d.png"}).err,
              HasSubstr("cannot be read"));
  EXPECT_FALSE(fs::exists(path("d.png")));
}

TEST_F(BatchCommand, ListsItsOperationsAndTellsAllAboutOne) {
  const Result list = run({"image", "--list"});
  EXPECT_EQ(list.status, 0) << list.err;
  EXPECT_THAT(list.out, HasSubstr("threshold otsu"));
  // The examples work.
  write("photo.jpg", photo(60, 50));
  write("template.png", photo(9, 9));
  write("colours.tiff", cv::Mat(60, 50, CV_32FC3, cv::Scalar(0, 1, 1)));
  ASSERT_EQ(run({"image", "flip", "colours.tiff", "-o", "maps.npy"}).status, 0);
  std::istringstream lines(list.out);
  int examples = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::string name = line.substr(0, line.find("  "));
    const Result help = run({"image", name, "--help"});
    EXPECT_EQ(help.status, 0);
    EXPECT_THAT(help.out, HasSubstr(name + ": ")) << name;
    const auto begin = help.out.find("tine image \"") + 12;
    const std::string chain = help.out.substr(begin, help.out.find('"', begin) - begin);
    const auto output = help.out.find("result.");
    const Result example =
        run({"image", chain, "photo.jpg", "-o",
             help.out.substr(output, help.out.find('\n', output) - output), "--force"});
    EXPECT_EQ(example.status, 0) << chain << ": " << example.err;
    if (help.out.find("result.json") != help.out.npos) {
      EXPECT_EQ(run({"image", chain, "photo.jpg", "-o", "result.json"}).status, 0) << chain;
      fs::remove(path("result.json"));
    }
    ++examples;
  }
  EXPECT_GT(examples, 25);
  EXPECT_THAT(run({"image", "nonsense", "--help"}).out, HasSubstr("Usage:"));
}

}  // namespace
}  // namespace tine_test
