// Colours that are told apart by those who see fewer of them, too.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include <fmt/format.h>

namespace tine::app {

/// Of classes: the palette of Okabe and Ito, Color Universal Design, 2008, without the yellow that is hard to
/// see on white.
inline constexpr std::array class_colours{"#0072b2", "#e69f00", "#009e73", "#d55e00",
                                          "#cc79a7", "#56b4e9", "#000000"};
inline constexpr const char* no_class_colour = "#9a9a9a";

inline constexpr int shades = 33;
/// From light to dark.
inline std::string shade(int number) {
  constexpr double stops[][3] = {{250, 252, 255}, {120, 178, 216}, {8, 48, 107}};
  const double at = 2.0 * std::clamp(number, 0, shades - 1) / (shades - 1);
  const std::size_t below = at < 1 ? 0 : 1;
  const double part = at - static_cast<double>(below);
  const auto mix = [&](std::size_t channel) {
    return static_cast<int>(stops[below][channel] * (1 - part) + stops[below + 1][channel] * part +
                            0.5);
  };
  return fmt::format("#{:02x}{:02x}{:02x}", mix(0), mix(1), mix(2));
}

}  // namespace tine::app
