// What a command has to tell, as text for people.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace tine::app {

/// A line for each fact, with the values below each other. Lists of objects become tables. Numbers have seven
/// digits.
std::string fact_text(const nlohmann::ordered_json& facts);

}  // namespace tine::app
