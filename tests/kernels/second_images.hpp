// Second images for operations that take one.
#pragma once

#include <algorithm>
#include <string>

#include <tine/image/chain.hpp>

namespace tine::image {

/// A chain from text in which a template is a part of the chain's input, and maps shuffle its surroundings.
inline Chain with_second_images(const std::string& text, const cv::Mat& in) {
  return Chain::parse(text).with_operands([&](const Step& step) -> cv::Mat {
    if (step.operation->name == "match")
      return in({in.cols / 3, in.rows / 3, std::max(1, in.cols / 5), std::max(1, in.rows / 5)})
          .clone();
    cv::Mat maps(in.rows, in.cols, CV_32FC2);
    cv::RNG random(7);
    random.fill(maps, cv::RNG::UNIFORM, cv::Scalar(-9, -9), cv::Scalar(in.cols + 9, in.rows + 9));
    return maps;
  });
}

}  // namespace tine::image
