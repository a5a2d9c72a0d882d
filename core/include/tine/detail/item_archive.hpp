/// @file
/// How values become the bytes of an item: as they are when they are trivially copyable, by cereal
/// otherwise. Includes cereal's support for the standard types.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include <cereal/archives/binary.hpp>
#include <cereal/cereal.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/chrono.hpp>
#include <cereal/types/common.hpp>
#include <cereal/types/complex.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/forward_list.hpp>
#include <cereal/types/list.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/queue.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/stack.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/tuple.hpp>
#include <cereal/types/unordered_map.hpp>
#include <cereal/types/unordered_set.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/variant.hpp>
#include <cereal/types/vector.hpp>

#include <tine/detail/queue_core.hpp>

namespace tine::detail {

/// cereal's archives over a stream cost more than a small item; these write to the chunks at once.
class ItemWriter : public cereal::OutputArchive<ItemWriter, cereal::AllowEmptyClassElision> {
 public:
  explicit ItemWriter(Parcel& parcel) : OutputArchive(this), parcel_(parcel) {}
  void save_bytes(const void* bytes, std::size_t size) {
    if (size != 0) parcel_.write(bytes, size);
  }

 private:
  Parcel& parcel_;
};

class ItemReader : public cereal::InputArchive<ItemReader, cereal::AllowEmptyClassElision> {
 public:
  explicit ItemReader(ItemBytes& item) : InputArchive(this), item_(item) {}
  void load_bytes(void* bytes, std::size_t size) { item_.read(bytes, size); }

 private:
  ItemBytes& item_;
};

}  // namespace tine::detail

// Says that one reads what the other writes. Polymorphic types are not registered with them.
CEREAL_SETUP_ARCHIVE_TRAITS(tine::detail::ItemReader, tine::detail::ItemWriter)

namespace tine::detail {

/// Trivially copyable classes for which nobody has written a serialisation: so that a vector of
/// them can travel, too.
template <class T>
concept PlainClass = std::is_class_v<T> && std::is_trivially_copyable_v<T> &&
    !cereal::traits::is_output_serializable<T, cereal::BinaryOutputArchive>::value &&
    !cereal::traits::is_input_serializable<T, cereal::BinaryInputArchive>::value;

template <class T>
concept PlainBytes = std::is_arithmetic_v<T> || PlainClass<T>;

template <PlainBytes T>
void CEREAL_SAVE_FUNCTION_NAME(ItemWriter& archive, const T& value) {
  archive.save_bytes(&value, sizeof value);
}
template <PlainBytes T>
void CEREAL_LOAD_FUNCTION_NAME(ItemReader& archive, T& value) {
  archive.load_bytes(&value, sizeof value);
}
template <class T>
void CEREAL_SERIALIZE_FUNCTION_NAME(ItemWriter& archive, cereal::NameValuePair<T>& pair) {
  archive(pair.value);
}
template <class T>
void CEREAL_SERIALIZE_FUNCTION_NAME(ItemReader& archive, cereal::NameValuePair<T>& pair) {
  archive(pair.value);
}
template <class T>
void CEREAL_SERIALIZE_FUNCTION_NAME(ItemWriter& archive, cereal::SizeTag<T>& tag) {
  archive(tag.size);
}
template <class T>
void CEREAL_SERIALIZE_FUNCTION_NAME(ItemReader& archive, cereal::SizeTag<T>& tag) {
  archive(tag.size);
}
template <class T>
void CEREAL_SAVE_FUNCTION_NAME(ItemWriter& archive, const cereal::BinaryData<T>& data) {
  archive.save_bytes(data.data, static_cast<std::size_t>(data.size));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(ItemReader& archive, cereal::BinaryData<T>& data) {
  archive.load_bytes(data.data, static_cast<std::size_t>(data.size));
}

template <class T>
inline constexpr bool is_string_view = false;
template <class C, class Traits>
inline constexpr bool is_string_view<std::basic_string_view<C, Traits>> = true;

template <class T>
inline constexpr bool travels_by_cereal =
    cereal::traits::is_output_serializable<T, ItemWriter>::value&&
        cereal::traits::is_input_serializable<T, ItemReader>::value;

/// Fails to compile, with the reason, when values of this type cannot travel.
template <class T>
constexpr void check_item() {
  static_assert(std::is_object_v<T> && std::is_same_v<T, std::remove_cv_t<T>>,
                "a queue holds values: tine::Queue<int>, not of references or const types");
  static_assert(
      !std::is_pointer_v<T> && !is_string_view<T>,
      "an item of a queue must not be a pointer or a string_view: it would lead to memory "
      "that other processes do not have; use a std::string or a std::vector, or the view "
      "of a tine::Array");
  if constexpr (!std::is_trivially_copyable_v<T>) {
    static_assert(travels_by_cereal<T>,
                  "an item of a queue must be trivially copyable, or have a serialisation: write "
                  "template <class Archive> void serialize(Archive& archive) { archive(a, b); } as "
                  "a public member, naming what it consists of");
    static_assert(std::is_default_constructible_v<T>,
                  "an item of a queue that is serialised must have a default constructor: it is "
                  "made first and filled then");
  }
}

template <class T>
void encode(Parcel& parcel, const T& value) {
  if constexpr (std::is_trivially_copyable_v<T>) {
    parcel.write(&value, sizeof value);
  } else {
    ItemWriter archive(parcel);
    archive(value);
  }
}

template <class T>
T decode(ItemBytes& item) {
  if constexpr (std::is_trivially_copyable_v<T>) {
    std::array<std::byte, sizeof(T)> bytes;
    item.read(bytes.data(), bytes.size());
    return std::bit_cast<T>(bytes);
  } else {
    T value;
    ItemReader archive(item);
    archive(value);
    return value;
  }
}

}  // namespace tine::detail
