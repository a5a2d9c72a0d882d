// tine image on files that were cut off or changed, in every way that fits into seconds: each is
// done or named as bad, whatever is wrong with it.
#include <stdlib.h>

#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>

#include "command.hpp"

namespace tine_test {
namespace {

using testing::HasSubstr;

class MutatedFiles : public CommandTest, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    CommandTest::SetUp();
    fs::create_directory(path("in"));
    cv::Mat image(4, 5, CV_8UC3);
    cv::RNG random(7);
    random.fill(image, cv::RNG::UNIFORM, 0, 256);
    setenv("OPENCV_IO_ENABLE_OPENEXR", "1", 1);  // OpenCV's own codec is off otherwise
    if (name("") == ".exr") image.convertTo(image, CV_32F, 1 / 255.0);
    ASSERT_TRUE(cv::imwrite(path(name("whole")).string(), image));
    whole_ = text_of(path(name("whole")));
    fs::copy_file(path(name("whole")), path("in/" + name("whole")));
  }

  static std::string name(const std::string& stem) { return stem + GetParam(); }

  // Writes a file to be processed.
  void add(const std::string& stem, const std::string& bytes) {
    write_text(path("in/" + name(stem)), bytes);
    ++added_;
  }

  // Processes all files, checks what must hold whatever is in them, and returns what is said of each.
  nlohmann::json process() {
    const Result r =
        run({"image", "invert", "in", "-o", "out", "-j", "2", "--json", "--max-pixels", "1000000"});
    EXPECT_TRUE(r.status == 0 || r.status == 1) << r.status << '\n' << r.err;
    const auto json = nlohmann::json::parse(r.out);
    EXPECT_EQ(json["files"].size(), added_ + 1);
    EXPECT_EQ(json["faults"], 0) << r.err;
    EXPECT_EQ(json["workers_replaced"], 0) << r.err;
    EXPECT_EQ(r.status == 0, json["failed"] == 0);

    std::size_t written = 0;
    for (const auto& file : json["files"]) {
      const std::string input = file["input"];
      if (file["ok"]) {
        ++written;
        EXPECT_FALSE(cv::imread(path(file["output"]).string(), cv::IMREAD_UNCHANGED).empty())
            << "the output is not whole: " << file.dump();
      } else {
        EXPECT_NE(file["error"], "") << input;
        EXPECT_THAT(r.err, HasSubstr(input + ": "));
      }
      if (input == "in/" + name("whole")) {
        EXPECT_TRUE(file["ok"]) << file.dump();
      }
    }
    EXPECT_EQ(json["written"], written);
    EXPECT_EQ(files_in("out").size(), written) << "files that nobody is told of";
    return json;
  }

  std::string whole_;
  std::size_t added_ = 0;
};

// Of a file that is cut off, all pixels are there or it is refused.
TEST_P(MutatedFiles, CutOffAnywhereAreRefusedOrWhole) {
  for (std::size_t length = 0; length < whole_.size(); ++length)
    add("cut" + std::to_string(length), whole_.substr(0, length));
  const auto json = process();
  const std::string expected = text_of(path("out/" + name("whole")));
  for (const auto& file : json["files"]) {
    if (!file["ok"]) continue;
    EXPECT_EQ(text_of(path(file["output"])), expected)
        << file["input"] << " of " << whole_.size() << " bytes";
  }
}

TEST_P(MutatedFiles, ChangedAnywhereAreRefusedOrDone) {
  constexpr std::size_t places = 150;
  for (const int change : {0xff, 0x01}) {
    for (std::size_t i = 0; i < places; ++i) {
      // Each byte of the header, then evenly to the end.
      const std::size_t at = i < 60 ? i : 60 + (i - 60) * (whole_.size() - 60) / (places - 60);
      if (at >= whole_.size()) break;
      std::string bytes = whole_;
      bytes[at] = static_cast<char>(bytes[at] ^ change);
      add("changed" + std::to_string(i) + "by" + std::to_string(change), bytes);
    }
  }
  process();
}

INSTANTIATE_TEST_SUITE_P(Formats, MutatedFiles,
                         testing::Values(".jpg", ".png", ".tiff", ".webp", ".bmp", ".ppm", ".exr"),
                         [](const auto& info) { return std::string(info.param + 1); });

}  // namespace
}  // namespace tine_test
