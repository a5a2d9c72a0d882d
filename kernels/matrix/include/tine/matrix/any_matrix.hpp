/// @file
/// A matrix in shared memory whose type of elements is known at run time only.
#pragma once

#include <string>

#include <tine/array.hpp>
#include <tine/error.hpp>
#include <tine/matrix/element_type.hpp>
#include <tine/matrix/operand.hpp>
#include <tine/pool.hpp>
#include <tine/report.hpp>

namespace tine::matrix {

enum class Order : std::uint8_t { row_major, column_major };

/// Owns its elements, which start as zeros. Move-only.
class AnyMatrix {
 public:
  AnyMatrix() = default;
  /// Throws InvalidArgument when its size overflows, OutOfMemory.
  AnyMatrix(Pool& pool, ElementType type, std::size_t rows, std::size_t columns,
            Order order = Order::row_major);

  ElementType type() const { return type_; }
  Order order() const { return order_; }
  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }

  /// Its rows, or its columns if it is column-major: adjacent elements each.
  std::size_t lines() const { return memory_.extent(0); }
  /// The bytes of each line, for jobs.
  View<std::byte, 2> bytes() const { return memory_.peek(); }

  /// Its elements, line after line, for the calling process itself: to fill it, or to look.
  std::byte* data() { return memory_.data(); }
  const std::byte* data() const { return memory_.data(); }

  /// As what the functions of tine::matrix take, which are jobs; see data(). Throws InvalidArgument when T is another type.
  template <class T>
  Operand<T> as() const {
    if (element_type<T>() != type_)
      throw InvalidArgument("tine::matrix::AnyMatrix: its elements are of the type " +
                            std::string(to_string(type_)));
    T* data = reinterpret_cast<T*>(memory_.peek().data());
    if (order_ == Order::row_major) return {data, rows_, columns_, columns_, 1};
    return {data, rows_, columns_, 1, rows_};
  }

 private:
  ElementType type_ = ElementType::f8;
  Order order_ = Order::row_major;
  std::size_t rows_ = 0, columns_ = 0;
  Array<std::byte, 2> memory_;
};

/// The same elements in another type (see convert_elements()) or order, made in the workers; `matrix`
/// itself where nothing changes.
AnyMatrix changed(const PoolWith& on, AnyMatrix matrix, ElementType type, Order order);

}  // namespace tine::matrix
