#include "shrink_on_load.hpp"

#include <span>

namespace tine::app {

namespace {

int reduced(int side, int reduction) {
  return (side + reduction - 1) / reduction;
}

}  // namespace

ShrinkOnLoad shrink_on_load(const image::Chain& chain, cv::Size size) {
  const auto& steps = chain.steps();
  if (steps.empty() || steps[0].operation->name != "resize") return {1, chain};
  const image::Operation& resize = *steps[0].operation;
  const cv::Size wanted = resize.output_size(steps[0].values, size);

  ShrinkOnLoad shrink;
  while (shrink.reduction < 8 && reduced(size.width, 2 * shrink.reduction) >= wanted.width &&
         reduced(size.height, 2 * shrink.reduction) >= wanted.height)
    shrink.reduction *= 2;
  if (shrink.reduction == 1) return {1, chain};
  // To the size that comes of the whole image, whatever rounding makes of the reduced one.
  if (wanted != cv::Size(reduced(size.width, shrink.reduction),
                         reduced(size.height, shrink.reduction))) {
    const double sides[] = {0, double(wanted.width), double(wanted.height)};
    shrink.chain = image::Chain::of("resize", sides);
  }
  for (const image::Step& step : std::span(steps).subspan(1))
    shrink.chain = shrink.chain | image::Chain::of(step.operation->name,
                                                   std::span(step.values.number)
                                                       .first(step.operation->parameters.size()));
  return shrink;
}

}  // namespace tine::app
