// The main job beside OpenCV: chains of filters on a large gray and a large colour image.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include <tine/image/chain.hpp>
#include <tine/tine.hpp>

#include "compare.hpp"

namespace {

std::vector<bench::Side> sides(tine::Pool& all, tine::Pool& one, const std::string& text,
                               std::size_t channels) {
  struct Images {
    tine::image::Chain chain;
    cv::Mat from, result, expected;
  };
  auto images = std::make_shared<Images>();
  images->chain = tine::image::Chain::parse(text);
  cv::Mat photo(3000, 4000, CV_8UC(static_cast<int>(channels)));
  cv::theRNG().state = 1;
  cv::randu(photo, 0, 256);
  images->from = photo;
  images->chain(all, images->from, images->result);
  images->expected = images->chain.reference(images->from);
  bench::require(cv::norm(images->result, images->expected, cv::NORM_INF) == 0,
                 "tine::image and OpenCV");
  return {{"tine", [images, &all] { images->chain(all, images->from, images->result); }},
          {"OpenCV", [images] { images->expected = images->chain.reference(images->from); }},
          {"1 worker", [images, &one] { images->chain(one, images->from, images->result); }}};
}

}  // namespace

int main(int argc, char** argv) {
  // Before OpenCV starts its threads.
  tine::Pool all, one({.workers = 1});
  const std::vector<bench::Goal> goals{{bench::Goal::What::speed, 1.0, "OpenCV"}};
  for (const std::size_t channels : {1, 3})
    for (const std::string text : {"gaussian sigma=2 | sobel | threshold otsu", "bilateral"})
      bench::compare(text + (channels == 1 ? ", gray" : ", colour"), {.rounds = 10}, goals,
                     [&all, &one, text, channels] { return sides(all, one, text, channels); });
  return bench::run("image", argc, argv);
}
