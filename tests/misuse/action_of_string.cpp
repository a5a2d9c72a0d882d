#include <string>

#include <tine/tine.hpp>

void misuse(const std::string& text) {
  tine::Barrier barrier(2, [text] { (void)text.size(); });
}
