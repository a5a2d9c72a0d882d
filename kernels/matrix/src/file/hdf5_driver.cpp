#include "hdf5_driver.hpp"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace tine::matrix {

namespace {

// HDF5 casts between this and its base.
struct DescriptorFile {
  H5FD_t base;
  int descriptor;
  haddr_t allocated, end;  // eoa and eof of HDF5
};

DescriptorFile& self(H5FD_t* file) {
  return *reinterpret_cast<DescriptorFile*>(file);
}
const DescriptorFile& self(const H5FD_t* file) {
  return *reinterpret_cast<const DescriptorFile*>(file);
}

H5FD_t* open_file(const char*, unsigned, hid_t access, haddr_t) {
  const auto* descriptor = static_cast<const int*>(H5Pget_driver_info(access));
  struct stat about;
  if (descriptor == nullptr || fstat(*descriptor, &about) != 0) return nullptr;
  auto* file = new DescriptorFile{};
  file->descriptor = *descriptor;
  file->end = static_cast<haddr_t>(about.st_size);
  return &file->base;
}

herr_t close_file(H5FD_t* file) {
  delete &self(file);
  return 0;
}

herr_t query(const H5FD_t*, unsigned long* flags) {
  if (flags != nullptr) *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_DATA_SIEVE;
  return 0;
}

haddr_t get_allocated(const H5FD_t* file, H5FD_mem_t) {
  return self(file).allocated;
}
herr_t set_allocated(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  self(file).allocated = address;
  return 0;
}
haddr_t get_end(const H5FD_t* file, H5FD_mem_t) {
  return self(file).end;
}

herr_t read_file(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, std::size_t bytes, void* to) {
  for (std::size_t have = 0; have < bytes;) {
    const ssize_t got = pread(self(file).descriptor, static_cast<char*>(to) + have, bytes - have,
                              static_cast<off_t>(address + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    // Beyond the end there are zeros, as HDF5's own drivers have it.
    if (got == 0) std::memset(static_cast<char*>(to) + have, 0, bytes - have);
    have = got == 0 ? bytes : have + static_cast<std::size_t>(got);
  }
  return 0;
}

herr_t write_file(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, std::size_t bytes,
                  const void* from) {
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t put = pwrite(self(file).descriptor, static_cast<const char*>(from) + done,
                               bytes - done, static_cast<off_t>(address + done));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return -1;
    done += static_cast<std::size_t>(put);
  }
  self(file).end = std::max<haddr_t>(self(file).end, address + bytes);
  return 0;
}

herr_t truncate_file(H5FD_t* file, hid_t, hbool_t) {
  DescriptorFile& f = self(file);
  if (f.end == f.allocated || (f.base.access_flags & H5F_ACC_RDWR) == 0) return 0;
  if (ftruncate(f.descriptor, static_cast<off_t>(f.allocated)) != 0) return -1;
  f.end = f.allocated;
  return 0;
}

hid_t driver() {
  static const hid_t registered = [] {
    H5FD_class_t c{};
    c.name = "tine_descriptor";
    c.maxaddr = static_cast<haddr_t>(INT64_MAX);
    c.fc_degree = H5F_CLOSE_STRONG;
    c.fapl_size = sizeof(int);
    c.open = open_file;
    c.close = close_file;
    c.query = query;
    c.get_eoa = get_allocated;
    c.set_eoa = set_allocated;
    c.get_eof = get_end;
    c.read = read_file;
    c.write = write_file;
    c.truncate = truncate_file;
    const H5FD_mem_t map[] = H5FD_FLMAP_DICHOTOMY;
    std::copy(std::begin(map), std::end(map), c.fl_map);
    return H5FDregister(&c);
  }();
  return registered;
}

Hdf5Id access(int descriptor) {
  Hdf5Id list(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_driver(list, driver(), &descriptor);
  return list;
}

}  // namespace

void prepare_hdf5() {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLset_loading_state(0);
}

Hdf5Id open_hdf5(int descriptor) {
  prepare_hdf5();
  // Of its name HDF5 makes nothing here.
  return {H5Fopen("matrix", H5F_ACC_RDONLY, access(descriptor)), H5Fclose};
}

Hdf5Id create_hdf5(int descriptor) {
  prepare_hdf5();
  return {H5Fcreate("matrix", H5F_ACC_TRUNC, H5P_DEFAULT, access(descriptor)), H5Fclose};
}

}  // namespace tine::matrix
