// What somebody may have meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tine::mining {

/// "; did you mean X?" with the candidate that is fewest edits away, if these are few (whether letters are
/// capital or small matters least); else "; there are: " and all of them, or the first ones of many.
std::string or_nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace tine::mining
