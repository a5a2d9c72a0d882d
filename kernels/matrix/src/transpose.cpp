#include <tine/matrix/transpose.hpp>

#include <complex>
#include <cstdint>

#include <tine/for_each_slice.hpp>

#include "shared_operands.hpp"
#include "transpose_tile.hpp"

namespace tine::matrix::detail {

namespace {

// Of elements that are copied as a U.
template <class U>
Report transpose_as(const PoolWith& on, const Operand<const std::byte>& bytes_a,
                    const Operand<std::byte>& bytes_b) {
  const auto as = []<class B>(const Operand<B>& o, auto* data) {
    return Operand<std::remove_pointer_t<decltype(data)>>{
        data, o.rows, o.columns, o.row_stride, o.column_stride, o.conjugate};
  };
  Operand<const U> a = as(bytes_a, reinterpret_cast<const U*>(bytes_a.data));
  Operand<U> b = as(bytes_b, reinterpret_cast<U*>(bytes_b.data));
  if (!b.row_major()) {
    a = a.transposed();
    b = b.transposed();
  }
  SharedOutput<U> to(on.pool, b, false);
  const SharedInput<U> from(on.pool, a);
  // Tiles that fit into L1 and L2 whatever lies a power of two apart: few rows of both.
  const Partition parts = tiles(b.rows, b.columns, 256, 256);
  const Report report = for_each_slice(
      on, parts,
      [row_major = from.get().row_major()](const Slice& s, const View<U, 2>& out,
                                           const View<const U, 2>& in) {
        if (row_major)
          return transpose_tile(&in(s.columns.begin, s.begin), in.stride(0), out.data(),
                                out.stride(0), out.extent(0), out.extent(1));
        for (std::size_t y = 0; y < out.extent(0); ++y)  // `in` is b already
          std::copy_n(&in(s.begin + y, s.columns.begin), out.extent(1), &out(y, 0));
      },
      tine::out(to.view()), tine::whole(from.view()));
  to.finish();
  return report;
}

}  // namespace

Report transpose(const PoolWith& on, const Operand<const std::byte>& a, const Operand<std::byte>& b,
                 std::size_t element_bytes) {
  if (a.rows != b.columns || a.columns != b.rows)
    refuse("transpose", "the matrix is " + shape(a) + " and the result " + shape(b) +
                            ", but should be m x n and n x m");
  if (a.conjugate) refuse("transpose", "the matrix is a conjugate; conjugate it where it is used");
  check_output(b, "transpose");
  if (b.empty()) return {};
  switch (element_bytes) {
    case 1:
      return transpose_as<std::uint8_t>(on, a, b);
    case 2:
      return transpose_as<std::uint16_t>(on, a, b);
    case 4:
      return transpose_as<std::uint32_t>(on, a, b);
    case 8:
      return transpose_as<std::uint64_t>(on, a, b);
    default:
      return transpose_as<std::complex<double>>(on, a, b);
  }
}

}  // namespace tine::matrix::detail
