// Types of elements as HDF5 names them. Complex numbers are pairs of r and i, as h5py writes them.
#pragma once

#include <optional>

#include <tine/matrix/element_type.hpp>

#include "hdf5_driver.hpp"

namespace tine::matrix {

/// In memory.
Hdf5Id native_type(ElementType type);
/// The one that holds what is in the file; none for text and the like.
std::optional<ElementType> element_type_of(hid_t type);

}  // namespace tine::matrix
