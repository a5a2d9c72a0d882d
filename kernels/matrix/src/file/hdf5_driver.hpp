// HDF5 on a descriptor that is open already: workers in a sandbox can open no file. A driver of HDF5's
// "virtual file layer" (its manual, H5FD).
#pragma once

#include <hdf5.h>

namespace tine::matrix {

/// An identifier of HDF5, closed when it goes out of scope.
class Hdf5Id {
 public:
  using Close = herr_t (*)(hid_t);
  Hdf5Id() = default;
  Hdf5Id(hid_t id, Close close) : id_(id), close_(close) {}
  Hdf5Id(Hdf5Id&& other) noexcept : id_(other.id_), close_(other.close_) { other.id_ = -1; }
  Hdf5Id& operator=(Hdf5Id&& other) noexcept {
    reset();
    id_ = other.id_;
    close_ = other.close_;
    other.id_ = -1;
    return *this;
  }
  ~Hdf5Id() { reset(); }
  herr_t reset() {
    const herr_t result = id_ >= 0 ? close_(id_) : 0;
    id_ = -1;
    return result;
  }
  operator hid_t() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }

 private:
  hid_t id_ = -1;
  Close close_ = nullptr;
};

/// No messages of HDF5's on stderr, and no plugins.
void prepare_hdf5();
/// The file behind a descriptor, which stays open; not valid when it is no HDF5 file.
Hdf5Id open_hdf5(int descriptor);
/// A new file; the descriptor is open for reading and writing.
Hdf5Id create_hdf5(int descriptor);

}  // namespace tine::matrix
