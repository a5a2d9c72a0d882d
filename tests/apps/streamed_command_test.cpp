// tine image on images that are larger than the memory it may take, and on arrays of NumPy.
#include <signal.h>
#include <tiffio.h>

#include <chrono>
#include <cstring>
#include <random>
#include <thread>

#include <nlohmann/json.hpp>

#include "image_command.hpp"
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

class StreamedCommand : public ImageCommand {
 protected:
  static cv::Mat image(int type, int rows = 611, int columns = 301) {
    cv::Mat bytes = photo(rows, columns, CV_8UC(CV_MAT_CN(type))), image;
    bytes.convertTo(image, CV_MAT_DEPTH(type),
                    CV_MAT_DEPTH(type) == CV_32F   ? 1 / 255.0
                    : CV_MAT_DEPTH(type) == CV_16U ? 251
                                                   : 1);
    return image;
  }
  // What is done in memory and what is streamed have the same pixels.
  void expect_same(const std::string& chain, const std::string& input, const std::string& output) {
    Result r = run({"image", chain, input, "-o", "whole" + output, "--force", "-j", "1"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_THAT(r.err, Not(HasSubstr("streamed")));
    r = run(
        {"image", chain, input, "-o", "rows" + output, "--force", "--memory", "256K", "-j", "2"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_THAT(r.err, HasSubstr("its rows are streamed"));
    if (output == ".npy") {
      EXPECT_EQ(text_of(path("whole" + output)), text_of(path("rows" + output))) << input;
      return;
    }
    const cv::Mat whole = read("whole" + output), rows = read("rows" + output);
    ASSERT_EQ(rows.size(), whole.size()) << input;
    ASSERT_EQ(rows.type(), whole.type()) << input;
    EXPECT_EQ(cv::norm(rows, whole, cv::NORM_INF), 0) << input << " to " << output;
  }
  // A TIFF that OpenCV does not write.
  void write_tiff(const std::string& name, const char* mode, int tile, const cv::Mat& image) {
    TIFF* tiff = TIFFOpen(path(name).c_str(), mode);
    ASSERT_NE(tiff, nullptr);
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, image.cols);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, image.rows);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, int(image.elemSize1()) * 8);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, image.channels());
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC,
                 image.channels() == 1 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    if (tile > 0) {
      TIFFSetField(tiff, TIFFTAG_TILEWIDTH, tile);
      TIFFSetField(tiff, TIFFTAG_TILELENGTH, tile);
      cv::Mat padded;
      cv::copyMakeBorder(image, padded, 0, tile, 0, tile, cv::BORDER_REPLICATE);
      for (int y = 0; y < image.rows; y += tile)
        for (int x = 0; x < image.cols; x += tile) {
          cv::Mat part = padded(cv::Rect(x, y, tile, tile)).clone();
          TIFFWriteTile(tiff, part.data, unsigned(x), unsigned(y), 0, 0);
        }
    } else {
      TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 7);
      for (int y = 0; y < image.rows; ++y) {
        cv::Mat row = image.row(y).clone();
        TIFFWriteScanline(tiff, row.data, unsigned(y), 0);
      }
    }
    TIFFClose(tiff);
  }
};

TEST_F(StreamedCommand, SamePixelsAsInMemory) {
  for (const int type : {CV_8UC1, CV_8UC3, CV_16UC1, CV_16UC3, CV_32FC1, CV_32FC3}) {
    // OpenCV would squeeze float colours into 32 bits.
    ASSERT_TRUE(
        cv::imwrite(path("a.tif").string(), image(type), {cv::IMWRITE_TIFF_COMPRESSION, 5}));
    expect_same("gaussian 2 | invert", "a.tif", ".tif");
    expect_same("gaussian 2 | invert", "a.tif", ".npy");
    if (CV_MAT_DEPTH(type) == CV_32F) continue;
    const std::string pnm = CV_MAT_CN(type) == 1 ? ".pgm" : ".ppm";
    write("a" + pnm, image(type));
    expect_same("gaussian 2 | invert", "a" + pnm, pnm);
  }
}

TEST_F(StreamedCommand, ArraysToo) {
  for (const int type : {CV_8UC3, CV_8UC4, CV_16UC1, CV_32FC3}) {
    ASSERT_TRUE(
        cv::imwrite(path("a.tif").string(), image(type), {cv::IMWRITE_TIFF_COMPRESSION, 5}));
    ASSERT_EQ(run({"image", "crop", "a.tif", "-o", "a.npy", "--force"}).status, 0);
    expect_same("gaussian 2", "a.npy", ".npy");
    expect_same("gaussian 2", "a.npy", ".tif");
  }
}

TEST_F(StreamedCommand, GlobalOperationsReadItAgain) {
  write("a.ppm", image(CV_8UC3));
  expect_same("gray | equalize | gaussian 1 | threshold otsu", "a.ppm", ".pgm");
}

TEST_F(StreamedCommand, TiffsOfManyKinds) {
  for (const int type : {CV_8UC1, CV_8UC3, CV_16UC3})
    for (const char* mode : {"w", "wb", "wl", "w8", "w8b"})
      for (const int tile : {0, 48}) {
        fs::remove(path("a.tif"));
        write_tiff("a.tif", mode, tile, image(type));
        SCOPED_TRACE(testing::Message() << mode << ", tiles of " << tile);
        const Result r =
            run({"image", "invert", "a.tif", "-o", "b.npy", "--force", "--memory", "256K"});
        EXPECT_EQ(r.status, 0) << r.err;
        EXPECT_THAT(r.err, HasSubstr("its rows are streamed"));
        // As OpenCV decodes the same pixels: it fails on some of these files.
        write_tiff("c.tif", "w", 0, image(type));
        EXPECT_EQ(run({"image", "invert", "c.tif", "-o", "c.npy", "--force"}).status, 0);
        EXPECT_EQ(text_of(path("b.npy")), text_of(path("c.npy")));
      }
}

TEST_F(StreamedCommand, DamagedFilesAreNamedAndLeaveNothing) {
  const auto expect_bad = [&](const std::string& name, const char* reason) {
    const Result r = run({"image", "gaussian 2", name, "-o", "out/", "--memory", "256K", "--json"});
    EXPECT_EQ(r.status, 3) << name;
    EXPECT_THAT(r.err, HasSubstr(name + ": "));
    EXPECT_THAT(r.err, HasSubstr(reason)) << name;
    EXPECT_EQ(nlohmann::json::parse(r.out)["faults"], 0) << name;
    EXPECT_THAT(files_in("out"), ElementsAre()) << name;
  };
  write("a.ppm", image(CV_8UC3));
  truncate("a.ppm", 0.7);
  expect_bad("a.ppm", "truncated");
  write_text(path("b.ppm"), "P6 2000000000 2000000000 255\nabc");
  expect_bad("b.ppm", "claims 2000000000 x 2000000000 pixels");
  write("c.tif", image(CV_8UC3));
  truncate("c.tif", 0.7);
  expect_bad("c.tif", "");
  // Strips of a file that is cut off before them: its directory lies behind them, so it is moved.
  write_tiff("d.tif", "w", 0, image(CV_16UC3));
  std::string text = text_of(path("d.tif"));
  text.replace(8, 4000, std::string(4000, '\0'));  // pixels alone: nobody can tell
  write_text(path("d.tif"), text);
  EXPECT_EQ(run({"image", "gaussian 2", "d.tif", "-o", "good/", "--memory", "256K"}).status, 0);
  const auto offsets = text.rfind("\x11\x01\x04"s);  // StripOffsets
  ASSERT_NE(offsets, text.npos);
  std::uint32_t at;
  std::memcpy(&at, &text[offsets + 8], 4);
  for (std::size_t i = 0; i < 80; ++i) text[at + i] = '\x7f';
  write_text(path("e.tif"), text);
  expect_bad("e.tif", "");
  const std::string head("\x93NUMPY\1\0", 8);
  const auto npy = [&](const std::string& dict) {
    return head + char(dict.size()) + '\0' + dict + "values";
  };
  const std::pair<const char*, const char*> arrays[] = {
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }", "none of uint8"},
      {"{'descr': '|u1', 'fortran_order': True, 'shape': (3, 4), }", "Fortran order"},
      {"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4, 5), }", "holds no image"},
      {"{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", "holds no image"},
      {"{'descr': '|u1', 'fortran_order': False, 'shape': (0, 3), }", "no pixels"},
      {"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4), }", "truncated"},
      {"{'descr': '|u1', 'shape': (3, 4), }", "has no 'fortran_order'"},
      {"{'descr': '|u", "has no 'fortran_order'"},
      {"{}", "has no 'descr'"},
  };
  for (const auto& [dict, reason] : arrays) {
    write_text(path("f.npy"), npy(dict));
    expect_bad("f.npy", reason);
  }
  write_text(path("g.npy"), head + "\xff\xff{}");
  expect_bad("g.npy", "truncated");
}

TEST_F(StreamedCommand, SaysWhyItCannotBe) {
  write("a.ppm", image(CV_8UC3));
  const auto refused = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "image");
    arguments.insert(arguments.end(), {"--memory", "256K"});
    const Result r = run(arguments);
    EXPECT_EQ(r.status, 3) << r.err;
    EXPECT_THAT(r.err, HasSubstr("(--memory)"));
    return r.err;
  };
  EXPECT_THAT(refused({"invert | flip vertical", "a.ppm", "-o", "b.ppm"}),
              HasSubstr("needs all of the image at once"));
  EXPECT_THAT(refused({"invert", "a.ppm", "-o", "b.png"}),
              HasSubstr("a .png file cannot be written row by row"));
  EXPECT_THAT(refused({"invert", "a.ppm", "-o", "b.ppm", "--verify"}), HasSubstr("--verify"));
  EXPECT_THAT(files_in("."), ElementsAre("a.ppm"));
  EXPECT_THAT(run({"image", "invert", "a.ppm", "-o", "b.ppm", "--max-pixels", "1000"}).err,
              HasSubstr("the limit is 1000"));
}

// Whether it reads, filters or waits meanwhile.
TEST_F(StreamedCommand, AWorkerThatIsKilledCostsNothing) {
  write("a.ppm", image(CV_8UC3, 1500, 301));
  const std::string chain = "gaussian 3 | gray | equalize | median 5";
  EXPECT_EQ(run({"image", chain, "a.ppm", "-o", "whole.pgm"}).status, 0);
  std::mt19937 random(4);
  std::int64_t faults = 0;
  for (int i = 0; i < 100 && faults < 5; ++i) {
    const pid_t command = start({TINE_COMMAND, "image", chain, "a.ppm", "-o", "rows.pgm", "--force",
                                 "--memory", "256K", "-j", "2", "--json"});
    kill_a_worker(command, random, 150000);
    const Result r = finish(command);
    ASSERT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(text_of(path("rows.pgm")), text_of(path("whole.pgm")));
    EXPECT_THAT(files_in("."), ElementsAre("a.ppm", "rows.pgm", "whole.pgm"));
    faults += nlohmann::json::parse(r.out)["faults"].get<std::int64_t>();
  }
  EXPECT_GE(faults, 1);
}

// What numpy.save() writes, byte for byte.
TEST_F(StreamedCommand, ArraysAreThoseOfNumPy) {
  const std::string dict = "{'descr': '>u2', 'fortran_order': False, 'shape': (2, 3), }";
  std::string text = "\x93NUMPY\x01\0"s + char(118) + '\0' + dict;
  text += std::string(117 - dict.size(), ' ') + "\n" + "\0\1\0\2\0\3\1\0\2\0\3\0"s;
  write_text(path("a.npy"), text);
  Result r = run({"image", "crop", "a.npy", "-o", "b.png"});
  EXPECT_EQ(r.status, 0) << r.err;
  const cv::Mat expected = (cv::Mat_<std::uint16_t>(2, 3) << 1, 2, 3, 256, 512, 768);
  EXPECT_EQ(cv::norm(read("b.png"), expected, cv::NORM_INF), 0);
  r = run({"image", "crop", "b.png", "-o", "c.npy"});
  EXPECT_EQ(r.status, 0) << r.err;
  text.replace(text.find('>'), 1, "<");
  text.replace(128, 12, "\1\0\2\0\3\0\0\1\0\2\0\3"s);
  EXPECT_EQ(text_of(path("c.npy")), text);
  // Red comes first.
  write("red.png", cv::Mat(1, 1, CV_8UC3, cv::Scalar(1, 2, 200)));
  EXPECT_EQ(run({"image", "crop", "red.png", "-o", "red.npy"}).status, 0);
  EXPECT_THAT(text_of(path("red.npy")), testing::EndsWith("\xc8\2\1"));
}

}  // namespace
}  // namespace tine_test
