#include <string>

#include <tine/tine.hpp>

void misuse() {
  tine::Value<std::string> text("other processes cannot see it");
}
