// An image filter, as somebody else's project would build it.

#include <cstdio>
#include <opencv2/core.hpp>

#include <tine/image/filters.hpp>
#include <tine/tine.hpp>

int main() {
  using namespace tine::image;
  tine::Pool pool({.workers = 2});
  cv::Mat photo(211, 307, CV_8UC3);
  cv::randu(photo, 0, 255);

  const Chain chain = gaussian(2.0) | sobel();
  cv::Mat result;
  chain(pool, photo, result);
  if (cv::norm(result, chain.reference(photo), cv::NORM_INF) != 0) {
    std::puts("the filtered image differs from its reference");
    return 1;
  }
}
