// Bytes that travel from a worker to the master, and back as part of a description: values of plain
// types and strings, one after another, not aligned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tine::mining {

/// Writes into a region that may be too small: what does not fit is counted only, so that its writer can
/// be run again with a larger one.
class BlobWriter {
 public:
  explicit BlobWriter(std::span<std::byte> region) : region_(region) {}

  void bytes(const void* data, std::size_t size) {
    if (size != 0 && used_ <= region_.size() && size <= region_.size() - used_)
      std::memcpy(region_.data() + used_, data, size);
    used_ += size;
  }
  template <class T>
    requires std::is_trivially_copyable_v<T>
  void value(const T& v) { bytes(&v, sizeof v); }
  void text(std::string_view s) {
    value(static_cast<std::uint32_t>(s.size()));
    bytes(s.data(), s.size());
  }
  /// So far, also those that did not fit.
  std::size_t used() const { return used_; }
  bool fits() const { return used_ <= region_.size(); }

 private:
  std::span<std::byte> region_;
  std::size_t used_ = 0;
};

/// Reads what a BlobWriter wrote. What kernels write may be anything: reading beyond the end gives zeros,
/// and good() says so.
class BlobReader {
 public:
  explicit BlobReader(std::span<const std::byte> blob) : blob_(blob) {}

  std::span<const std::byte> bytes(std::size_t size) {
    if (size > blob_.size()) {
      good_ = false;
      blob_ = {};
      return {};
    }
    const auto taken = blob_.first(size);
    blob_ = blob_.subspan(size);
    return taken;
  }
  template <class T>
    requires std::is_trivially_copyable_v<T> T value() {
      T v{};
      if (const auto from = bytes(sizeof v); !from.empty()) std::memcpy(&v, from.data(), sizeof v);
      return v;
    }
  std::string_view text() {
    const auto size = value<std::uint32_t>();
    const auto from = bytes(size);
    return {reinterpret_cast<const char*>(from.data()), from.size()};
  }
  bool empty() const { return blob_.empty(); }
  std::size_t left() const { return blob_.size(); }
  bool good() const { return good_; }

 private:
  std::span<const std::byte> blob_;
  bool good_ = true;
};

/// All that `write(BlobWriter&)` writes.
template <class Write>
std::vector<std::byte> to_blob(Write write) {
  BlobWriter size({});
  write(size);
  std::vector<std::byte> bytes(size.used());
  BlobWriter to(bytes);
  write(to);
  return bytes;
}

}  // namespace tine::mining
