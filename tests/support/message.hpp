// What an error says.
#pragma once

#include <exception>
#include <string>

namespace tine_test {

/// What f() throws, of the kind E, as text.
template <class E = std::exception, class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace tine_test
