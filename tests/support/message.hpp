// What an error says.
#pragma once

#include <exception>
#include <string>

namespace tine_test {

template <class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace tine_test
