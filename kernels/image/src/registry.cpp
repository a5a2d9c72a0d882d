#include <algorithm>
#include <vector>

#include "operations/all.hpp"

namespace tine::image {

std::span<const Operation* const> operations() {
  // clang-format off
  static constexpr const Operation* all[] = {
      &affine_operation,
      &bilateral_operation,
      &blackhat_operation,
      &box_operation,
      &canny_operation,
      &clahe_operation,
      &close_operation,
      &components_operation,
      &convert_operation,
      &corners_operation,
      &crop_operation,
      &dilate_operation,
      &distance_operation,
      &equalize_operation,
      &erode_operation,
      &fast_operation,
      &filter2d_operation,
      &filter2d_kernel_operation,
      &flip_operation,
      &gamma_operation,
      &gaussian_operation,
      &gradient_operation,
      &gray_operation,
      &guided_operation,
      &histogram_operation,
      &integral_operation,
      &invert_operation,
      &laplacian_operation,
      &lens_operation,
      &levels_operation,
      &match_operation,
      &median_operation,
      &nlmeans_operation,
      &normalize_operation,
      &open_operation,
      &orb_operation,
      &perspective_operation,
      &pyrdown_operation,
      &pyrup_operation,
      &remap_operation,
      &resize_operation,
      &rotate_operation,
      &scharr_operation,
      &sharpen_operation,
      &sobel_operation,
      &threshold_operation,
      &threshold_adaptive_operation,
      &threshold_otsu_operation,
      &tophat_operation,
  };
  // clang-format on
  return all;
}

const Operation* find_operation(std::string_view name) {
  const auto all = operations();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Operation* o) { return o->name == name; });
  return found == all.end() ? nullptr : *found;
}

namespace {

std::string any_of(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace

std::string to_string(const Accepts& accepts) {
  std::vector<std::string> depths, channels;
  if (accepts.depths & depth_8) depths.push_back("8-bit");
  if (accepts.depths & depth_16) depths.push_back("16-bit");
  if (accepts.depths & depth_float) depths.push_back("float");
  for (int n : {1, 3, 4})
    if (accepts.channels & 1u << n) channels.push_back(std::to_string(n));
  return any_of(depths) + " images with " + any_of(channels) +
         (accepts.channels == gray_only ? " channel" : " channels");
}

}  // namespace tine::image
