// Memory that all children of a test share, whatever pool they belong to.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <tine/view.hpp>

namespace tine_test {

class SharedWords {
 public:
  explicit SharedWords(std::size_t count)
      : words_(static_cast<std::uint64_t*>(mmap(nullptr, count * 8, PROT_READ | PROT_WRITE,
                                                MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
               {count}) {}
  ~SharedWords() { munmap(words_.data(), words_.size() * 8); }
  SharedWords(const SharedWords&) = delete;

  /// What kernels capture.
  tine::View<std::uint64_t> view() const { return words_; }
  std::atomic_ref<std::uint64_t> operator[](std::size_t i) const {
    return std::atomic_ref(words_[i]);
  }

 private:
  tine::View<std::uint64_t> words_;
};

}  // namespace tine_test
