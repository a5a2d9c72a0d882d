#include "shrink_on_load.hpp"

#include <opencv2/imgproc.hpp>

#include <tine/image/filters.hpp>

namespace tine::app {

Decoding shrink_on_load(const image::Chain& chain, cv::Size upright) {
  const auto& steps = chain.steps();
  if (steps.empty() || steps[0].operation->name != "resize") return {1, chain};
  const image::Values& values = steps[0].values;
  // Other methods do not ask for the mean of what a pixel covers, which is what the decoder gives.
  const int method = int(values[3]);
  if (method != image::by_size && method != cv::INTER_AREA) return {1, chain};
  const cv::Size wanted = steps[0].operation->output_size(values, upright);
  int reduction = 8;
  while (reduction > 1 &&
         (upright.width < wanted.width * reduction || upright.height < wanted.height * reduction))
    reduction /= 2;
  if (reduction == 1) return {1, chain};

  // The size that comes of the whole image, whatever rounding makes of the reduced one.
  return {reduction, image::resize_to(wanted.width, wanted.height, method) | chain.part(1)};
}

}  // namespace tine::app
