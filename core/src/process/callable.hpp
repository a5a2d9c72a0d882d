// Whether a callable that was made in the master means the same in a worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tine::detail {

/// The code that was loaded when the workers were forked.
class LoadedCode {
 public:
  /// Takes stock of the present state.
  static LoadedCode now();

  /// Throws BadCallable unless the function at `address` was there already, at the same place.
  void check_function(const void* address) const;

  /// Throws BadCallable when a word of [bytes, bytes + size) points into memory of this process
  /// that workers do not share. Padding must be cleared. The arena is [begin, end); without one,
  /// that of any pool will do. `what` begins the message.
  void check_captures(const void* bytes, std::size_t size, const void* begin, const void* end,
                      const char* what = "the callable captures") const;

 private:
  struct Object {
    std::uintptr_t base;
    std::uintptr_t begin;
    std::uintptr_t end;
    std::uint64_t identity;  // of its build-id
  };
  struct Range {
    std::uintptr_t begin;
    std::uintptr_t end;
  };
  struct Stock {
    std::vector<Object> objects;
    std::vector<Range> constant;  // code and read-only data
    unsigned long long loads = 0;
    unsigned long long unloads = 0;
  };
  static Stock take_stock();

  Stock stock_;
};

}  // namespace tine::detail
