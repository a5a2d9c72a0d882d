#include <tine/matrix/coordinates.hpp>

#include <algorithm>

#include "number.hpp"
#include "reader_state.hpp"

namespace tine::matrix {

Coordinates read_coordinates(const PoolWith& on, const FileReader& reader) {
  const FileReader::State& s = *reader.state_;
  const Layout& layout = s.task.layout;
  if (!layout.coordinate) throw file_error(s.name, "is no .mtx file in coordinate format");
  Coordinates result{.rows = layout.rows,
                     .columns = layout.columns,
                     .symmetry = layout.symmetry,
                     .row = on.pool.array<std::uint64_t>(layout.entries),
                     .column = on.pool.array<std::uint64_t>(layout.entries),
                     .values = AnyMatrix(on.pool, layout.type, layout.entries, 1)};
  if (layout.entries == 0) return result;
  const auto task = s.share(on.pool, {});
  const std::size_t grain = s.grain(layout.entries, 0);
  run_file_job(s.name, layout.entries, grain, [&](std::size_t n) {
    for_each_slice(
        on, {.n = n, .grain = grain},
        [](const Slice& slice, std::span<std::uint64_t> rows, std::span<std::uint64_t> columns,
           const View<std::byte, 2>& values, FileTasks tasks, LineIndex index) {
          const InputFile file(open_input(tasks[0]));
          read_mtx_entries(file, tasks[0].layout, index, {slice.begin, slice.end}, rows.data(),
                           columns.data(), values.data());
        },
        out(result.row.peek().part(0, 0, n)), out(result.column.peek().part(0, 0, n)),
        out(result.values.bytes().part(0, 0, n)), whole(task), whole(s.index));
  });
  return result;
}

AnyMatrix dense(const PoolWith& on, const Coordinates& entries) {
  AnyMatrix result(on.pool, entries.values.type(), entries.rows, entries.columns);
  if (result.bytes().empty()) return result;
  struct Task {
    ElementType type;
    Coordinates::Symmetry symmetry;
  };
  const Task one{result.type(), entries.symmetry};
  const auto task = on.pool.array_from(std::span<const Task>(&one, 1));
  // Each slice looks at all entries, so there are few.
  const std::size_t grain = std::max<std::size_t>(1, (entries.rows + 15) / 16);
  for_each_slice(
      on, {.n = entries.rows, .grain = grain},
      [](const Slice& s, const View<std::byte, 2>& to, std::span<const Task> tasks,
         std::span<const std::uint64_t> rows, std::span<const std::uint64_t> columns,
         const View<const std::byte, 2>& bytes) {
        with_element(tasks[0].type, [&]<class T>(std::type_identity<T>) {
          const T* values = reinterpret_cast<const T*>(bytes.data());
          T* const matrix = reinterpret_cast<T*>(to.data());
          const std::size_t width = to.extent(1) / sizeof(T);
          const auto add = [&](std::size_t row, std::size_t column, T value) {
            T& element = matrix[(row - s.begin) * width + column];
            element = sum(element, value);
          };
          for (std::size_t i = 0; i < rows.size(); ++i) {
            const std::size_t r = rows[i], c = columns[i];
            if (r >= s.begin && r < s.end) add(r, c, values[i]);
            if (tasks[0].symmetry == Coordinates::Symmetry::general || r == c || c < s.begin ||
                c >= s.end)
              continue;
            if (tasks[0].symmetry == Coordinates::Symmetry::skew)
              add(c, r, negative(values[i]));
            else if constexpr (!std::is_arithmetic_v<T>)
              add(c, r,
                  tasks[0].symmetry == Coordinates::Symmetry::hermitian ? std::conj(values[i])
                                                                        : values[i]);
            else
              add(c, r, values[i]);
          }
        });
      },
      out(result.bytes()), whole(task), whole(entries.row), whole(entries.column),
      whole(entries.values.bytes()));
  return result;
}

}  // namespace tine::matrix
