// tine image with operations that take a second image from a file, and with those that find a list.
#include <signal.h>

#include <cstring>

#include <nlohmann/json.hpp>
#include <opencv2/features2d.hpp>
#include <opencv2/imgproc.hpp>

#include "image_command.hpp"

namespace tine_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class SecondImageCommand : public ImageCommand {
 protected:
  // float32, rows x columns x channels.
  void write_npy(const std::string& name, const cv::Mat& image) const {
    std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(image.rows) + ", " + std::to_string(image.cols) + ", " +
                       std::to_string(image.channels()) + "), }";
    text.append(63 - (10 + text.size()) % 64, ' ').append("\n");
    std::string bytes("\x93NUMPY\x01\0", 8);
    bytes += static_cast<char>(text.size() & 0xff);
    bytes += static_cast<char>(text.size() >> 8);
    bytes += text;
    bytes.append(reinterpret_cast<const char*>(image.data), image.total() * image.elemSize());
    write_text(path(name), bytes);
  }
  static cv::Mat maps(int rows, int columns) {
    cv::Mat maps(rows, columns, CV_32FC2);
    for (int y = 0; y < rows; ++y)
      for (int x = 0; x < columns; ++x)
        maps.at<cv::Vec2f>(y, x) = {float(columns - 1 - x) + 0.3f, float(y) * 0.5f};
    return maps;
  }
  // Each part of it is somewhere only.
  static cv::Mat scene(int rows, int columns) {
    cv::Mat image(rows, columns, CV_8UC3);
    cv::RNG random(5);
    random.fill(image, cv::RNG::UNIFORM, 0, 256);
    cv::blur(image, image, {5, 5});
    return image;
  }
  nlohmann::json json_in(const std::string& name) const {
    return nlohmann::json::parse(text_of(path(name)));
  }
};

TEST_F(SecondImageCommand, MatchFindsATemplate) {
  const cv::Mat page = scene(200, 300);
  const cv::Rect place(120, 70, 40, 30);
  write("page.png", page);
  write("my logo.png", page(place));
  const std::string chain = "match template=\"my logo.png\"";
  Result r = run({"image", chain, "page.png", "-o", "fit.tiff", "--verify"});
  EXPECT_EQ(r.status, 0) << r.err;
  const cv::Mat fit = read("fit.tiff");
  cv::Mat expected;
  cv::matchTemplate(page, page(place), expected, cv::TM_CCOEFF_NORMED);
  ASSERT_EQ(fit.size(), expected.size());
  EXPECT_LE(cv::norm(fit, expected, cv::NORM_INF), 1e-4);

  r = run({"image", chain, "page.png", "-o", "fit.json", "--verify", "--json"});
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(json_in("fit.json")[0]["x"], 120);
  EXPECT_EQ(json_in("fit.json")[0]["y"], 70);
  EXPECT_NEAR(json_in("fit.json")[0]["value"].get<double>(), 1, 1e-4);
  EXPECT_EQ(nlohmann::json::parse(r.out)["files"][0]["rows"], 1);
  EXPECT_EQ(run({"image", chain, "page.png", "-o", "fit.csv"}).status, 0);
  EXPECT_THAT(text_of(path("fit.csv")), testing::StartsWith("x,y,value\n120,70,"));
}

TEST_F(SecondImageCommand, InBatchesAndChainFiles) {
  const cv::Mat page = scene(90, 100);
  for (int i = 0; i < 6; ++i) {
    cv::Mat moved;
    cv::warpAffine(page, moved, cv::Matx23d(1, 0, i, 0, 1, 2 * i), page.size(), cv::INTER_NEAREST);
    write("in/" + std::to_string(i) + ".png", moved);
  }
  write("a b.png", page(cv::Rect(30, 40, 20, 10)));
  write_text(path("chain.json"), R"([{"match": {"template": "a b.png", "method": "sqdiff"}}])");
  const Result r = run({"image", "@chain.json", "in", "-o", "out", "--format", "json", "-j", "3"});
  EXPECT_EQ(r.status, 0) << r.err;
  for (int i = 0; i < 6; ++i) {
    const auto found = json_in("out/" + std::to_string(i) + ".json");
    EXPECT_EQ(found[0]["x"], 30 + i);
    EXPECT_EQ(found[0]["y"], 40 + 2 * i);
  }
  // One that does not take the template costs that file only.
  write("in/6.png", photo(9, 9));
  const Result shard =
      run({"image", "@chain.json", "in", "-o", "parts", "--format", "csv", "--shard", "1/2"});
  EXPECT_EQ(shard.status, 1);
  EXPECT_THAT(shard.err, HasSubstr("in/6.png: match: the template of 20 x 10 pixels is larger"));
  EXPECT_THAT(files_in("parts"), ElementsAre("0.csv", "2.csv", "4.csv"));
}

TEST_F(SecondImageCommand, RemapTakesMapsOfEachFormat) {
  const cv::Mat image = photo(60, 80), both = maps(50, 80);
  write("a.png", image);
  write_npy("maps.npy", both);
  cv::Mat xy[2], colour;
  cv::split(both, xy);
  cv::merge(std::vector{cv::Mat(both.size(), CV_32F, cv::Scalar(0)), xy[1], xy[0]}, colour);
  cv::imwrite(path("maps.tiff").string(), colour, {cv::IMWRITE_TIFF_COMPRESSION, 1});
  // Half of an OpenEXR file's precision would be lost by OpenCV; this is written by tine.
  EXPECT_EQ(run({"image", "flip | flip", "maps.tiff", "-o", "maps.exr"}).status, 0);
  cv::Mat expected;
  cv::remap(image, expected, both, cv::noArray(), cv::INTER_CUBIC);
  for (const std::string name : {"maps.npy", "maps.tiff", "maps.exr"}) {
    const Result r = run({"image", "remap maps=" + name + " interpolation=cubic", "a.png", "-o",
                          name + ".png", "--verify"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(cv::norm(read(name + ".png"), expected, cv::NORM_INF), 0) << name;
  }
}

TEST_F(SecondImageCommand, LargeImagesInBands) {
  const cv::Mat page = scene(1100, 1200);
  write("page.png", page);
  write("part.png", page(cv::Rect(700, 900, 50, 60)));
  write_npy("maps.npy", maps(1000, 1200));
  for (const std::string workers : {"1", "2", "3", "7"}) {
    EXPECT_EQ(run({"image", "gaussian 1 | remap maps.npy | box 3", "page.png", "-o",
                   "bent" + workers + ".png", "-j", workers, "--verify"})
                  .status,
              0);
    EXPECT_EQ(run({"image", "match part.png", "page.png", "-o", "fit" + workers + ".npy", "-j",
                   workers, "--verify"})
                  .status,
              0);
    for (const std::string list : {"match part.png", "orb tile=256", "gray | histogram"}) {
      const std::string name = list.substr(0, 3) + workers + ".json";
      const Result r = run({"image", list, "page.png", "-o", name, "-j", workers, "--verify"});
      EXPECT_EQ(r.status, 0) << r.err;
      EXPECT_TRUE(text_of(path(name)) == text_of(path(list.substr(0, 3) + "1.json"))) << name;
    }
    EXPECT_EQ(text_of(path("bent" + workers + ".png")), text_of(path("bent1.png")));
    EXPECT_EQ(text_of(path("fit" + workers + ".npy")), text_of(path("fit1.npy")));
  }
  EXPECT_EQ(json_in("mat1.json")[0]["x"], 700);
}

TEST_F(SecondImageCommand, OrbAndHistogramAreListsAndPictures) {
  cv::Mat image(200, 200, CV_8U, cv::Scalar(90));
  cv::RNG random(11);
  for (int i = 0; i < 60; ++i)
    cv::rectangle(image, {random.uniform(0, 200), random.uniform(0, 200), 5 + i % 20, 9 + i % 13},
                  random.uniform(0, 256), cv::FILLED);
  write("a.png", image);
  EXPECT_EQ(run({"image", "orb", "a.png", "-o", "points.json", "--verify"}).status, 0);
  std::vector<cv::KeyPoint> points;
  cv::Mat descriptors;
  cv::ORB::create()->detectAndCompute(image, cv::noArray(), points, descriptors);
  const auto orb = json_in("points.json");
  ASSERT_EQ(orb.size(), points.size());
  EXPECT_GT(points.size(), 20u);
  for (std::size_t i = 0; i < points.size(); ++i) {
    EXPECT_EQ(orb[i]["x"].get<float>(), points[i].pt.x);
    EXPECT_EQ(orb[i]["angle"].get<float>(), points[i].angle);
    EXPECT_EQ(orb[i]["d31"], descriptors.at<std::uint8_t>(int(i), 31));
  }
  EXPECT_EQ(run({"image", "orb", "a.png", "-o", "points.png", "--verify"}).status, 0);
  EXPECT_EQ(read("points.png").type(), CV_8UC3);
  EXPECT_EQ(read("points.png").size(), image.size());

  cv::Mat colours(10, 10, CV_8UC3, cv::Scalar(1, 2, 3));
  write("b.png", colours);
  EXPECT_EQ(run({"image", "histogram", "b.png", "-o", "b.json"}).status, 0);
  EXPECT_EQ(json_in("b.json")[3]["red"], 100);
  EXPECT_EQ(json_in("b.json")[1]["blue"], 100);
  EXPECT_EQ(json_in("b.json").size(), 256u);
  EXPECT_EQ(run({"image", "histogram", "b.png", "-o", "plot.png"}).status, 0);
  const cv::Mat plot = read("plot.png");
  EXPECT_EQ(plot.size(), cv::Size(512, 256));
  EXPECT_EQ(plot.at<cv::Vec3b>(0, 2 * 3), cv::Vec3b(0, 0, 255));
  EXPECT_EQ(plot.at<cv::Vec3b>(0, 2 * 7), cv::Vec3b(0, 0, 0));
  EXPECT_EQ(run({"image", "gray | histogram", "b.png", "-o", "b.csv"}).status, 0);
  EXPECT_THAT(text_of(path("b.csv")), HasSubstr("level,count\n0,0\n1,0\n2,100\n"));
}

// Nothing is done, and the file is named.
TEST_F(SecondImageCommand, SecondFilesThatAreNoUse) {
  write("a.png", photo(60, 80));
  const cv::Mat small = photo(20, 20);
  write_text(path("text.png"), "This is not an image at all, but it is long enough to be one.");
  write("cut.png", small);
  truncate("cut.png", 0.5);
  write("huge.png", small);
  set_png_size("huge.png", 2000000, 2000000);
  cv::Mat deep(9, 9, CV_16UC3, cv::Scalar::all(7));
  write("deep.png", deep);
  fs::create_directory(path("folder.png"));
  const std::vector<std::vector<std::string>> cases{
      {"match missing.png", "missing.png: cannot be opened: No such file"},
      {"match folder.png", "folder.png: is not a regular file"},
      {"match text.png", "text.png: not an image"},
      {"match cut.png", "cut.png: truncated"},
      {"match huge.png", "huge.png: claims 2000000 x 2000000 pixels; the limit is"},
      {"match deep.png", "deep.png: match takes a template that is 8-bit or float"},
      {"remap a.png", "a.png: remap takes maps that are float with 2 channels"},
      {"match", "match needs a file: template=NAME.png"},
  };
  for (const auto& c : cases) {
    const Result r = run({"image", c[0], "a.png", "-o", "out.npy", "--json"});
    EXPECT_EQ(r.status, 2) << c[0];
    EXPECT_THAT(r.err, HasSubstr(c[1])) << c[0];
    EXPECT_EQ(r.out, "") << c[0];
    EXPECT_FALSE(fs::exists(path("out.npy"))) << c[0];
  }
  // Only those that are not there are known without decoding.
  EXPECT_EQ(run({"image", "match missing.png", "a.png", "-o", "b.npy", "--dry-run"}).status, 2);
  EXPECT_EQ(run({"image", "match text.png", "a.png", "-o", "b.npy", "--dry-run"}).status, 0);
  const Result wrong = run({"image", "gray | match a.png", "a.png", "-o", "b.npy"});
  EXPECT_EQ(wrong.status, 3);
  EXPECT_THAT(wrong.err,
              HasSubstr("match takes 8-bit images with 3 channels, as its second one is"));
}

TEST_F(SecondImageCommand, ASecondFileThatCrashesItsDecoder) {
  write("a.png", photo(60, 80));
  write("bad.png", photo(20, 20));
  mark("bad.png", "POISON");
  for (const char* how : {"CRASH_ON", "HANG_ON"}) {
    const Result r = run({"image", "match bad.png", "a.png", "-o", "b.npy", "--deadline", "0.5"},
                         {{"LD_PRELOAD", TINE_BAD_FILES}, {how, "POISON"}});
    EXPECT_EQ(r.status, 2) << r.err;
    EXPECT_THAT(r.err, HasSubstr("bad.png: "));
    EXPECT_THAT(files_in("."), ElementsAre("a.png", "bad.png"));
  }
}

TEST_F(SecondImageCommand, ListsAreOnlyOfWhatFindsThem) {
  write("a.png", photo(60, 80));
  Result r = run({"image", "orb | gaussian", "a.png", "-o", "a.json"});
  EXPECT_EQ(r.status, 2);
  EXPECT_THAT(r.err, HasSubstr("a.json would be a list, and gaussian makes an image"));
  r = run({"image", "gray", "a.png", "-o", "out/", "--format", "csv"});
  EXPECT_EQ(r.status, 2);
  EXPECT_THAT(r.err, HasSubstr("out/a.csv would be a list"));
}

TEST_F(SecondImageCommand, SecondFilesAreNotReplaced) {
  write("a.png", photo(60, 80));
  write_npy("maps.npy", maps(60, 80));
  const std::string before = text_of(path("maps.npy"));
  const Result r = run({"image", "remap maps.npy", "a.png", "-o", "./maps.npy", "--force"});
  EXPECT_EQ(r.status, 2);
  EXPECT_THAT(r.err, HasSubstr("maps.npy is a file of the chain and would be replaced"));
  EXPECT_EQ(text_of(path("maps.npy")), before);
}

TEST_F(SecondImageCommand, ResumeLooksAtTheSecondFile) {
  for (int i = 0; i < 3; ++i) write("in/" + std::to_string(i) + ".png", photo(60, 80));
  write("part.png", photo(10, 10));
  const std::vector<std::string> command{"image",    "match part.png", "in",     "-o",      "out",
                                         "--format", "json",           "--json", "--resume"};
  const auto written = [&] { return nlohmann::json::parse(run(command).out)["written"]; };
  EXPECT_EQ(written(), 3);
  EXPECT_EQ(written(), 0);
  write("part.png", photo(11, 12));
  EXPECT_EQ(written(), 3);
  EXPECT_EQ(written(), 0);
  fs::remove(path("part.png"));
  EXPECT_EQ(run(command).status, 2);
}

TEST_F(SecondImageCommand, WithoutWorkersAndWithoutSandbox) {
  write("a.png", photo(60, 80));
  write("part.png", photo(60, 80)(cv::Rect(5, 6, 20, 20)));
  EXPECT_EQ(run({"image", "match part.png", "a.png", "-o", "a.npy", "--verify"}).status, 0);
  EXPECT_EQ(run({"image", "match part.png", "a.png", "-o", "b.npy", "--no-sandbox"}).status, 0);
  EXPECT_EQ(run({"image", "match part.png", "a.png", "-o", "c.npy"}, {{"TINE_SERIAL", "1"}}).status,
            0);
  EXPECT_EQ(text_of(path("a.npy")), text_of(path("b.npy")));
  EXPECT_EQ(text_of(path("a.npy")), text_of(path("c.npy")));
}

}  // namespace
}  // namespace tine_test
