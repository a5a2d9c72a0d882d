#include "shrink_on_load.hpp"

#include <span>

#include <opencv2/imgproc.hpp>

#include <tine/image/filters.hpp>

namespace tine::app {

Decoding shrink_on_load(const image::Chain& chain, cv::Size upright) {
  const auto& steps = chain.steps();
  if (steps.empty() || steps[0].operation->name != "resize") return {1, chain};
  image::Values values = steps[0].values;
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
  values.number[0] = 0;
  values.number[1] = wanted.width;
  values.number[2] = wanted.height;
  const auto of = [](const image::Step& step, const image::Values& numbers) {
    return image::Chain::of(step.operation->name,
                            std::span(numbers.number).first(step.operation->parameters.size()));
  };
  Decoding decoding{reduction, of(steps[0], values)};
  for (const image::Step& step : std::span(steps).subspan(1))
    decoding.chain = std::move(decoding.chain) | of(step, step.values);
  return decoding;
}

}  // namespace tine::app
