// What an output was made from: noted with the output itself, in an extended attribute, so that a
// later run can tell what is done, wherever the files were moved.
#pragma once

#include <string>

namespace tine::app {

/// The state of an open input, and what is made of it. Empty when it cannot be told.
std::string provenance(int input, const std::string& recipe);

/// Notes it with an open output. File systems that have no such attributes keep no note.
void note_provenance(int output, const std::string& provenance) noexcept;

enum class OutputState {
  absent,
  current,  ///< made from the input as it is now, by this recipe
  stale,    ///< made by tine from something else
  foreign,  ///< not made by tine, as far as can be seen
};

/// Where there are no extended attributes, an output that is not older than the input is current, and
/// an older one is stale.
OutputState state_of_output(const std::string& output, const std::string& input,
                            const std::string& recipe);

}  // namespace tine::app
