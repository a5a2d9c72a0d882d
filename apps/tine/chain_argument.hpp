// The chain of a command line, and the help on its operations.
#pragma once

#include <string>

#include <tine/image/chain.hpp>

namespace tine::app {

/// From the text of a chain, or from a JSON file when it is "@" and the file's name:
///
///     [{"gaussian": {"sigma": 2, "border": "replicate"}}, "sobel", "threshold otsu"]
///
/// Throws UsageError.
image::Chain chain_argument(const std::string& text);

/// A line for each operation.
std::string list_of_operations();

/// All there is to know of the operation of that name: parameters, ranges, defaults, an example. Empty
/// when there is none.
std::string help_on_operation(const std::string& name);

}  // namespace tine::app
