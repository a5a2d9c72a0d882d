// tine doctor, tine demo, and the command as a whole.
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>

#include "command.hpp"

namespace tine_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Command : public CommandTest {};

TEST_F(Command, HelpAndVersion) {
  for (const char* command : {"image", "demo", "doctor"}) {
    const Result r = run({command, "--help"});
    EXPECT_EQ(r.status, 0);
    EXPECT_THAT(r.out, HasSubstr("Examples:")) << command;
  }
  EXPECT_THAT(run({"--help"}).out, HasSubstr("Exit status"));
  const Result r = run({"--version"});
  EXPECT_EQ(r.status, 0);
  EXPECT_THAT(r.out, testing::StartsWith("tine "));
}

TEST_F(Command, Doctor) {
  Result r = run({"doctor", "--json"}, {{"TINE_WORKERS", "3"}});
  ASSERT_EQ(r.status, 0) << r.err;
  const auto json = nlohmann::json::parse(r.out);
  EXPECT_EQ(json["workers"]["default"], 3);
  EXPECT_EQ(json["workers"]["TINE_WORKERS"], "3");
  EXPECT_GT(json["costs_us"]["fork_exit"], 0);
  EXPECT_GT(json["costs_us"]["pool"], 0);
  EXPECT_GT(json["costs_us"]["job"], 0);
  EXPECT_TRUE(json["pages"]["light_guards"].is_boolean());
  EXPECT_TRUE(json["sandbox"]["seccomp"].is_boolean());
  EXPECT_TRUE(json["sandbox"]["landlock"].is_number());
  EXPECT_TRUE(json["advice"].is_array());
  r = run({"doctor"});
  EXPECT_EQ(r.status, 0);
  EXPECT_THAT(r.out, HasSubstr("fork and exit"));
}

TEST_F(Command, Demo) {
  cv::Mat image(500, 700, CV_8UC3);
  cv::RNG(1).fill(image, cv::RNG::UNIFORM, 0, 256);
  cv::imwrite(path("a.png").string(), image);
  write_text(path("b.jpg"), "no photograph");
  const Result r = run({"demo", "a.png", "b.jpg", "--rounds", "2", "-o", "pictures", "-j", "2"});
  EXPECT_EQ(r.status, 1) << r.err;  // one of them is no photograph
  EXPECT_THAT(r.err, HasSubstr("b.jpg: not an image"));
  EXPECT_THAT(r.out, HasSubstr("1 photograph, 0.3 megapixels"));
  EXPECT_THAT(r.out,
              HasSubstr("same bits as OpenCV on the whole image: 1 of 1; after the kills: 1 of 1"));
  EXPECT_THAT(files_in("pictures"), ElementsAre("a-edges.jpg", "a-smooth.jpg"));
  EXPECT_EQ(run({"demo", "b.jpg"}).status, 3);
}

}  // namespace
}  // namespace tine_test
