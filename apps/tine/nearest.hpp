// What somebody may have meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tine::app {

/// "; did you mean X?" with the candidate that is fewest edits away, if these are few; else `otherwise`
/// and all of them.
std::string or_nearest(std::string_view word, std::span<const std::string_view> candidates,
                       std::string_view otherwise = "; there are: ");

}  // namespace tine::app
