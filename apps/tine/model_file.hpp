// Models in files.
#pragma once

#include <string>

namespace tine::app {

/// The text of a file, which may be a model; "-" is standard input. Throws Failure.
std::string read_model_file(const std::string& name);

}  // namespace tine::app
