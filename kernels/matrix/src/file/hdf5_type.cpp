#include "hdf5_type.hpp"

#include <string_view>

namespace tine::matrix {

Hdf5Id native_type(ElementType type) {
  const auto real = [type] {
    switch (type) {
      case ElementType::u1:
        return H5T_NATIVE_UINT8;
      case ElementType::u2:
        return H5T_NATIVE_UINT16;
      case ElementType::u4:
        return H5T_NATIVE_UINT32;
      case ElementType::u8:
        return H5T_NATIVE_UINT64;
      case ElementType::i1:
        return H5T_NATIVE_INT8;
      case ElementType::i2:
        return H5T_NATIVE_INT16;
      case ElementType::i4:
        return H5T_NATIVE_INT32;
      case ElementType::i8:
        return H5T_NATIVE_INT64;
      case ElementType::f4:
      case ElementType::c8:
        return H5T_NATIVE_FLOAT;
      case ElementType::f8:
      case ElementType::c16:
        break;
    }
    return H5T_NATIVE_DOUBLE;
  }();
  if (!is_complex(type)) return {H5Tcopy(real), H5Tclose};
  const std::size_t bytes = size_of(type);
  Hdf5Id pair(H5Tcreate(H5T_COMPOUND, bytes), H5Tclose);
  H5Tinsert(pair, "r", 0, real);
  H5Tinsert(pair, "i", bytes / 2, real);
  return pair;
}

std::optional<ElementType> element_type_of(hid_t type) {
  const std::size_t bytes = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_FLOAT:
      return bytes <= 4 ? ElementType::f4 : ElementType::f8;
    case H5T_INTEGER: {
      const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
      if (bytes > 8) return std::nullopt;
      const int log = bytes == 1 ? 0 : bytes == 2 ? 1 : bytes <= 4 ? 2 : 3;
      return static_cast<ElementType>((is_signed ? 4 : 0) + log);
    }
    case H5T_COMPOUND: {
      if (H5Tget_nmembers(type) != 2) return std::nullopt;
      for (const unsigned member : {0u, 1u}) {
        char* const name = H5Tget_member_name(type, member);
        const bool expected =
            name != nullptr && std::string_view(name) == (member == 0 ? "r" : "i");
        H5free_memory(name);
        if (!expected || H5Tget_member_class(type, member) != H5T_FLOAT) return std::nullopt;
      }
      return bytes <= 8 ? ElementType::c8 : ElementType::c16;
    }
    default:
      return std::nullopt;
  }
}

}  // namespace tine::matrix
