#include <tine/matrix/sparse.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "shared_operands.hpp"

namespace tine::matrix {

namespace {

constexpr std::size_t slice_nonzeros = 32768;  // some 400 KiB, and 30 us

std::string place(std::size_t row, std::size_t column) {
  return "(" + std::to_string(row) + ", " + std::to_string(column) + ")";
}

}  // namespace

template <class T>
void Csr<T>::allocate(Pool& pool, std::size_t rows, std::size_t columns, std::size_t nonzeros) {
  if (columns > most_columns)
    refuse("Csr", std::to_string(columns) + " columns; there can be at most " +
                      std::to_string(most_columns));
  columns_ = columns;
  offsets_ = pool.array<std::uint64_t>(rows + 1);
  indices_ = pool.array<Index>(nonzeros);
  values_ = pool.array<T>(nonzeros);
  offsets_[0] = 0;
}

template <class T>
Csr<T>::Csr(Pool& pool, std::size_t rows, std::size_t columns,
            std::span<const Triplet<T>> triplets) {
  for (std::size_t i = 0; i < triplets.size(); ++i)
    if (triplets[i].row >= rows || triplets[i].column >= columns)
      refuse("Csr", "triplet " + std::to_string(i) + " is at " +
                        place(triplets[i].row, triplets[i].column) + ", outside a matrix of " +
                        std::to_string(rows) + " x " + std::to_string(columns));
  if (columns > most_columns) allocate(pool, 0, columns, 0);  // says what is wrong

  struct Element {
    Index column;
    T value;
  };
  std::vector<std::size_t> ends(rows + 1, 0);
  for (const Triplet<T>& t : triplets) ++ends[t.row + 1];
  for (std::size_t r = 0; r < rows; ++r) ends[r + 1] += ends[r];
  std::vector<Element> elements(triplets.size());
  {
    std::vector<std::size_t> next(ends.begin(), ends.end() - 1);
    for (const Triplet<T>& t : triplets)
      elements[next[t.row]++] = {static_cast<Index>(t.column), t.value};
  }
  // In each row by column, and those of the same column added up in the order in which they came.
  const auto before = [](const Element& a, const Element& b) { return a.column < b.column; };
  std::size_t kept = 0;
  for (std::size_t r = 0, begin = 0; r < rows; ++r) {
    const std::size_t end = ends[r + 1], first = kept;
    const auto row = elements.begin();
    if (!std::is_sorted(row + static_cast<std::ptrdiff_t>(begin),
                        row + static_cast<std::ptrdiff_t>(end), before))
      std::stable_sort(row + static_cast<std::ptrdiff_t>(begin),
                       row + static_cast<std::ptrdiff_t>(end), before);
    for (std::size_t k = begin; k < end; ++k) {
      const Element element = elements[k];
      if (kept > first && elements[kept - 1].column == element.column)
        elements[kept - 1].value += element.value;
      else
        elements[kept++] = element;
    }
    begin = end;
    ends[r + 1] = kept;
  }
  allocate(pool, rows, columns, kept);
  std::copy(ends.begin(), ends.end(), offsets_.data());
  for (std::size_t k = 0; k < kept; ++k) {
    indices_.data()[k] = elements[k].column;
    values_.data()[k] = elements[k].value;
  }
  make_cut(pool);
}

template <class T>
Csr<T>::Csr(Pool& pool, std::size_t rows, std::size_t columns,
            std::span<const std::uint64_t> row_offsets, std::span<const Index> column_indices,
            std::span<const T> values) {
  if (row_offsets.size() != rows + 1 || column_indices.size() != values.size())
    refuse("Csr", std::to_string(row_offsets.size()) + " row offsets, " +
                      std::to_string(column_indices.size()) + " columns and " +
                      std::to_string(values.size()) + " values; there should be " +
                      std::to_string(rows) + " + 1 offsets, and as many columns as values");
  allocate(pool, rows, columns, values.size());
  std::ranges::copy(row_offsets, offsets_.data());
  std::ranges::copy(column_indices, indices_.data());
  std::ranges::copy(values, values_.data());
  validate();
  make_cut(pool);
}

template <class T>
void Csr<T>::validate() const {
  const auto offsets = offsets_.span();
  const auto indices = indices_.span();
  // All of them, before one is used as an index.
  if (offsets.front() != 0 || offsets.back() != indices.size() || !std::ranges::is_sorted(offsets))
    refuse("Csr", "row offsets should ascend from 0 to the number of non-zeros, " +
                      std::to_string(indices.size()));
  for (std::size_t r = 0; r < rows(); ++r)
    for (std::size_t k = offsets[r]; k < offsets[r + 1]; ++k) {
      if (indices[k] < 0 || static_cast<std::size_t>(indices[k]) >= columns_)
        refuse("Csr", "row " + std::to_string(r) + " has an element in column " +
                          std::to_string(indices[k]) + ", but there are " +
                          std::to_string(columns_) + " columns");
      if (k > offsets[r] && indices[k] <= indices[k - 1])
        refuse("Csr", "in row " + std::to_string(r) + " column " + std::to_string(indices[k]) +
                          " comes after column " + std::to_string(indices[k - 1]) +
                          "; columns of a row should ascend");
    }
}

template <class T>
void Csr<T>::make_cut(Pool& pool) {
  // An empty row is work, too: that of a non-zero.
  std::vector<std::size_t> bounds{0}, first_part{0};
  std::vector<Range> parts;
  const auto offsets = row_offsets();
  const auto end_slice = [&](std::size_t row) {
    if (bounds.back() == row) return;
    bounds.push_back(row);
    first_part.push_back(parts.size());
  };
  for (std::size_t r = 0; r < rows(); ++r) {
    const std::size_t length = offsets[r + 1] - offsets[r], begun = bounds.back();
    if (offsets[r + 1] - offsets[begun] + (r + 1 - begun) > slice_nonzeros) end_slice(r);
    if (length <= slice_nonzeros) continue;
    const std::size_t count = (length - 1) / slice_nonzeros + 1;
    for (std::size_t p = 0; p < count; ++p)
      parts.push_back({offsets[r] + length * p / count, offsets[r] + length * (p + 1) / count});
    end_slice(r + 1);
  }
  end_slice(rows());
  cut_ = {pool.array_from(bounds), pool.array_from(parts), pool.array_from(first_part)};
}

template <class T>
Csr<T> Csr<T>::from_operand(Pool& pool, const Operand<const T>& m) {
  const auto at = [&](std::size_t y, std::size_t x) {
    return m.data[y * m.row_stride + x * m.column_stride];
  };
  std::size_t nonzeros = 0;
  for (std::size_t y = 0; y < m.rows; ++y)
    for (std::size_t x = 0; x < m.columns; ++x) nonzeros += at(y, x) != T(0);
  Csr result;
  result.allocate(pool, m.rows, m.columns, nonzeros);
  std::size_t next = 0;
  for (std::size_t y = 0; y < m.rows; ++y) {
    for (std::size_t x = 0; x < m.columns; ++x) {
      if (at(y, x) == T(0)) continue;
      result.indices_.data()[next] = static_cast<Index>(x);
      result.values_.data()[next++] = at(y, x);
    }
    result.offsets_.data()[y + 1] = next;
  }
  result.make_cut(pool);
  return result;
}

template <class T>
Array<T, 2> Csr<T>::to_dense(Pool& pool) const {
  auto dense = pool.array<T>(rows(), columns());
  const View<T, 2> to = dense.view();
  for (std::size_t r = 0; r < rows(); ++r)
    for (std::size_t k = row_offsets()[r]; k < row_offsets()[r + 1]; ++k)
      to(r, static_cast<std::size_t>(column_indices()[k])) = values()[k];
  return dense;
}

template <class T>
Csr<T> Csr<T>::transposed(Pool& pool) const {
  Csr result;
  result.allocate(pool, columns(), rows(), nonzeros());
  const auto offsets = row_offsets();
  const auto indices = column_indices();
  std::uint64_t* const next = result.offsets_.data() + 1;
  // After this, next[c] is where column c begins; filling moves it on to where it ends.
  for (const Index c : indices)
    if (static_cast<std::size_t>(c) + 1 < columns()) ++next[c + 1];
  for (std::size_t c = 1; c < columns(); ++c) next[c] += next[c - 1];
  for (std::size_t r = 0; r < rows(); ++r)
    for (std::size_t k = offsets[r]; k < offsets[r + 1]; ++k) {
      const std::uint64_t to = next[indices[k]]++;
      result.indices_.data()[to] = static_cast<Index>(r);
      result.values_.data()[to] = values()[k];
    }
  result.make_cut(pool);
  return result;
}

template class Csr<float>;
template class Csr<double>;

}  // namespace tine::matrix
