#include <algorithm>
#include <cstring>
#include <vector>

#include "hdf5_type.hpp"
#include "layout.hpp"
#include "number.hpp"

namespace tine::matrix {

namespace {

// Numeric datasets of one or two dimensions, by their paths.
std::vector<std::string> datasets_in(hid_t file) {
  std::vector<std::string> found;
  H5Ovisit2(
      file, H5_INDEX_NAME, H5_ITER_INC,
      [](hid_t object, const char* name, const H5O_info_t* info, void* to) -> herr_t {
        auto& all = *static_cast<std::vector<std::string>*>(to);
        if (info->type != H5O_TYPE_DATASET) return 0;
        const Hdf5Id dataset(H5Dopen2(object, name, H5P_DEFAULT), H5Dclose);
        const Hdf5Id type(H5Dget_type(dataset), H5Tclose), space(H5Dget_space(dataset), H5Sclose);
        const int dimensions = H5Sget_simple_extent_ndims(space);
        if (element_type_of(type) && (dimensions == 1 || dimensions == 2))
          all.push_back("/" + std::string(name));
        return all.size() > 16;
      },
      &found, H5O_INFO_BASIC);
  return found;
}

struct Dataset {
  Hdf5Id file, data;
};

Dataset open_dataset(const InputFile& input, const Layout& layout) {
  Dataset opened;
  opened.file = open_hdf5(input.descriptor());
  if (!opened.file) throw FileError("is no HDF5 file, or a damaged one");
  // Data that lie in other files are not for us.
  const Hdf5Id access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
  opened.data = Hdf5Id(H5Dopen2(opened.file, layout.dataset, access), H5Dclose);
  if (!opened.data) throw FileError("has no dataset " + quoted(layout.dataset));
  return opened;
}

}  // namespace

void probe_hdf5(const InputFile& input, Layout& layout) {
  if (layout.dataset[0] == '\0') {
    const Hdf5Id file = open_hdf5(input.descriptor());
    if (!file) throw FileError("is no HDF5 file, or a damaged one");
    const auto all = datasets_in(file);
    if (all.empty()) throw FileError("has no dataset that is a matrix or a vector");
    if (all.size() > 1) {
      std::string names = all[0];
      for (std::size_t i = 1; i < all.size(); ++i) names += ", " + all[i];
      throw FileError("has several datasets, of which one must be named, as in file.h5:" + all[0] +
                      "; there are " + names.substr(0, 300));
    }
    if (all[0].size() >= sizeof layout.dataset)
      throw FileError("has a dataset whose name is too long");
    std::strcpy(layout.dataset, all[0].c_str());
  }
  const Dataset opened = open_dataset(input, layout);
  const Hdf5Id type(H5Dget_type(opened.data), H5Tclose), space(H5Dget_space(opened.data), H5Sclose);
  const auto element = element_type_of(type);
  if (!element) throw FileError("the dataset " + quoted(layout.dataset) + " holds no numbers");
  layout.stored_type = *element;
  const int dimensions = H5Sget_simple_extent_ndims(space);
  if (dimensions != 1 && dimensions != 2)
    throw FileError("the dataset " + quoted(layout.dataset) + " has " + std::to_string(dimensions) +
                    " dimensions; one or two can be read");
  hsize_t extents[2] = {0, 1};
  H5Sget_simple_extent_dims(space, extents, nullptr);
  layout.one_dimensional = dimensions == 1;
  layout.rows = extents[0];
  layout.columns = extents[1];
  const Hdf5Id created(H5Dget_create_plist(opened.data), H5Pclose);
  hsize_t chunk[2] = {1, 1};
  if (H5Pget_external_count(created) > 0 || H5Pget_layout(created) == H5D_VIRTUAL)
    throw FileError("the dataset " + quoted(layout.dataset) + " lies in other files");
  if (H5Pget_layout(created) == H5D_CHUNKED && H5Pget_chunk(created, dimensions, chunk) > 0)
    layout.chunk_rows = std::max<hsize_t>(1, chunk[0]);
  layout.end = input.size();
}

void read_hdf5(const InputFile& input, const Layout& layout, const FilePart& part, std::byte* to) {
  const Dataset opened = open_dataset(input, layout);
  const Hdf5Id space(H5Dget_space(opened.data), H5Sclose);
  hsize_t extents[2] = {0, 1};
  if (H5Sget_simple_extent_ndims(space) != (layout.one_dimensional ? 1 : 2) ||
      H5Sget_simple_extent_dims(space, extents, nullptr) < 0 || extents[0] != layout.rows ||
      extents[1] != layout.columns)
    throw FileError("was changed meanwhile: the dataset has another shape");
  const hsize_t start[2] = {part.lines.begin, 0}, count[2] = {part.lines.size(), layout.columns};
  const std::size_t n = part.lines.size() * layout.columns;
  if (n == 0) return;
  const Hdf5Id memory(H5Screate_simple(layout.one_dimensional ? 1 : 2, count, nullptr), H5Sclose);
  const Hdf5Id type = native_type(layout.stored_type);
  std::vector<std::byte> buffer;
  const bool as_is = layout.type == layout.stored_type;
  if (!as_is) buffer.resize(n * size_of(layout.stored_type));
  std::byte* const values = as_is ? to : buffer.data();
  if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, count, nullptr) < 0 ||
      H5Dread(opened.data, type, memory, space, H5P_DEFAULT, values) < 0)
    throw FileError("the dataset " + quoted(layout.dataset) +
                    " is damaged, or has a filter that is not there");
  if (!as_is) convert_elements(layout.stored_type, values, layout.type, to, n);
}

}  // namespace tine::matrix
