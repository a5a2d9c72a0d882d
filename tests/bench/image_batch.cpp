#include "image_batch.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <new>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include <tine/pool.hpp>

#include "compare.hpp"
#include "image_pictures.hpp"

namespace bench {

namespace {

namespace fs = std::filesystem;

constexpr int width = 1920, height = 1080, quality = 95;

bool installed(const std::string& command) {
  return std::system(("command -v " + command + " >/dev/null").c_str()) == 0;
}

/// The inputs, and a folder of outputs for each side.
class Folders {
 public:
  explicit Folders(std::size_t files)
      : root_(fs::temp_directory_path() / ("image_bench_" + std::to_string(getpid()))) {
    fs::create_directories(in());
    for (std::size_t i = 0; i < files; ++i) {
      const cv::Mat photo = photograph(i);
      // Of each photograph another part each time.
      const double share = 1 - 0.02 * static_cast<double>(i / 15 % 20);
      const double scale =
          share * std::min(photo.cols / double(width), photo.rows / double(height));
      const cv::Rect part(0, 0, int(width * scale), int(height * scale));
      cv::Mat small;
      cv::resize(photo(part), small, {width, height}, 0, 0, cv::INTER_AREA);
      char name[32];
      std::snprintf(name, sizeof name, "%04zu.jpg", i);
      cv::imwrite(in() / name, small, {cv::IMWRITE_JPEG_QUALITY, quality});
    }
  }
  ~Folders() { fs::remove_all(root_); }
  Folders(const Folders&) = delete;
  Folders& operator=(const Folders&) = delete;

  fs::path in() const { return root_ / "in"; }
  fs::path out(const std::string& side) const {
    fs::create_directories(root_ / side);
    return root_ / side;
  }

 private:
  fs::path root_;
};

/// All outputs are there and have half the size; the first ones look like the inputs, for none of the
/// peers does bit for bit what another one does.
void check(const Folders& folders, const std::string& side) {
  std::size_t seen = 0;
  for (const auto& file : fs::directory_iterator(folders.in())) {
    const fs::path made = folders.out(side) / file.path().filename();
    const cv::Mat result = cv::imread(made);
    require(result.size() == cv::Size(width / 2, height / 2), (made.string() + ": size").c_str());
    if (++seen > 5) continue;
    cv::Mat expected = cv::imread(file.path());
    cv::resize(expected, expected, result.size(), 0, 0, cv::INTER_AREA);
    require(cv::norm(result, expected, cv::NORM_L1) / double(result.total() * 3) < 25,
            (made.string() + ": pixels").c_str());
  }
}

}  // namespace

void register_batch(const std::string& tine, std::size_t files, const How& how) {
  const auto sides = [=] {
    static const Folders folders(files);  // removed when the program ends, even by fail()
    const std::string in = folders.in(), cpus = std::to_string(tine::cpu_count());
    std::vector<Side> all;
    const auto add = [&](const std::string& name, const std::string& folder,
                         const std::string& command) {
      all.push_back({name, [command] {
                       if (std::system((command + " >/dev/null 2>&1").c_str()) != 0)
                         fail("failed: " + command);
                     }});
      all.back().run();
      check(folders, folder);
    };
    const auto add_tine = [&](const std::string& name, const std::string& folder,
                              const std::string& workers) {
      add(name, folder,
          tine + " image 'resize scale=0.5 | sharpen' " + in + " -o " +
              folders.out(folder).string() + " --force --progress never --quality " +
              std::to_string(quality) + " -j " + workers);
    };
    const auto add_opencv = [&](const std::string& name, const std::string& folder,
                                const std::string& how) {
      add(name, folder,
          fs::read_symlink("/proc/self/exe").string() + " --opencv-batch " + in + " " +
              folders.out(folder).string() + " " + how);
    };
    const std::string each = "cd " + in + " && ls | parallel -j" + cpus + " -X ";
    add_tine("tine", "tine", cpus);
    add_tine("1 worker", "tine1", "1");
    add_opencv("OpenCV", "opencv", cpus + " whole");
    add_opencv("OpenCV, 1 thread", "opencv1", "1 whole");
    add_opencv("OpenCV, reduced decoding", "reduced", cpus + " reduced");
    // They run as many processes as there are CPUs, so each has one thread. vipsthumbnail does not
    // sharpen.
    if (installed("vipsthumbnail") && installed("parallel"))
      add("libvips", "vips",
          "export VIPS_CONCURRENCY=1; " + each + "vipsthumbnail {} -s " +
              std::to_string(width / 2) + " -o " + folders.out("vips").string() +
              "/%s.jpg[Q=" + std::to_string(quality) + "]");
    if (installed("mogrify") && installed("parallel"))
      add("ImageMagick", "magick",
          "export MAGICK_THREAD_LIMIT=1; " + each + "mogrify -path " +
              folders.out("magick").string() + " -resize 50% -unsharp 0x1+1+0 -quality " +
              std::to_string(quality) + " {}");
    return all;
  };
  std::vector<Goal> goals;
  for (const char* peer : {"OpenCV", "OpenCV, reduced decoding", "libvips", "ImageMagick"})
    goals.push_back({Goal::What::speed, 1.25, peer});
  compare(std::to_string(files) + " JPEGs: half size, sharpen, write", how, goals, sides);
}

int run_opencv_batch(const std::vector<std::string>& arguments) {
  const fs::path in = arguments.at(0), out = arguments.at(1);
  const int processes = std::stoi(arguments.at(2));
  const bool reduced = arguments.at(3) == "reduced";
  std::vector<fs::path> files;
  for (const auto& file : fs::directory_iterator(in)) files.push_back(file.path());
  void* memory = mmap(nullptr, sizeof(std::atomic<std::size_t>), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("no memory");
  auto& next = *new (memory) std::atomic<std::size_t>(0);

  for (int p = 0; p < processes; ++p) {
    if (fork() != 0) continue;
    cv::setNumThreads(1);
    for (std::size_t i = next++; i < files.size(); i = next++) {
      cv::Mat image = cv::imread(files[i], reduced ? cv::IMREAD_REDUCED_COLOR_2 : cv::IMREAD_COLOR);
      if (!reduced) cv::resize(image, image, {}, 0.5, 0.5, cv::INTER_AREA);
      cv::Mat blurred;
      cv::GaussianBlur(image, blurred, {}, 1);
      cv::addWeighted(image, 2, blurred, -1, 0, image);
      cv::imwrite(out / files[i].filename(), image, {cv::IMWRITE_JPEG_QUALITY, quality});
    }
    _exit(0);
  }
  int result = 0;
  for (int p = 0; p < processes; ++p) {
    int status = 0;
    if (wait(&status) < 0 || status != 0) result = 1;
  }
  return result;
}

std::vector<std::string> missing_batch_packages() {
  std::vector<std::string> missing;
  if (!installed("vipsthumbnail")) missing.emplace_back("libvips-tools");
  if (!installed("mogrify")) missing.emplace_back("imagemagick");
  if (!installed("parallel")) missing.emplace_back("parallel");
  return missing;
}

}  // namespace bench
