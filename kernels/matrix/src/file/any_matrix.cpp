#include <tine/matrix/any_matrix.hpp>

#include <limits>

#include <tine/for_each_slice.hpp>
#include <tine/matrix/transpose.hpp>

namespace tine::matrix {

AnyMatrix::AnyMatrix(Pool& pool, ElementType type, std::size_t rows, std::size_t columns,
                     Order order)
    : type_(type), order_(order), rows_(rows), columns_(columns) {
  const std::size_t lines = order == Order::row_major ? rows : columns;
  const std::size_t length = order == Order::row_major ? columns : rows;
  if (length > std::numeric_limits<std::ptrdiff_t>::max() / size_of(type))
    throw InvalidArgument("tine::matrix::AnyMatrix: the product of its extents overflows");
  memory_ = pool.array<std::byte>(lines, length * size_of(type));
}

AnyMatrix changed(const PoolWith& on, AnyMatrix matrix, ElementType type, Order order) {
  if (matrix.type() != type) {
    if (is_complex(matrix.type()) && !is_complex(type))
      convert_elements(matrix.type(), nullptr, type, nullptr, 0);  // says why not
    AnyMatrix result(on.pool, type, matrix.rows(), matrix.columns(), matrix.order());
    if (!result.bytes().empty())
      for_each_slice(
          on, rows(result.bytes()),
          [from = matrix.type(), type](const Slice&, const View<std::byte, 2>& to,
                                       const View<const std::byte, 2>& source) {
            convert_elements(from, source.data(), type, to.data(), to.size() / size_of(type));
          },
          out(result.bytes()), in(matrix.bytes()));
    matrix = std::move(result);
  }
  if (matrix.order() != order) {
    AnyMatrix result(on.pool, type, matrix.rows(), matrix.columns(), order);
    with_element(type, [&]<class T>(std::type_identity<T>) {
      transpose(on, std::as_const(matrix).as<T>(), result.as<T>().transposed());
    });
    matrix = std::move(result);
  }
  return matrix;
}

}  // namespace tine::matrix
