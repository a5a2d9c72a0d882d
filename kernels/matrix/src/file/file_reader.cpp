#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <tine/for_each_slice.hpp>

#include "number.hpp"
#include "reader_state.hpp"

namespace tine::matrix {

namespace {

// Not to wait for the writer of a pipe.
int open_by_name(const char* name, std::size_t) {
  const int file = ::open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) throw FileError(std::string("cannot be opened: ") + strerror(errno));
  return file;
}

constexpr const char* symmetries[] = {"general", "symmetric", "skew-symmetric", "hermitian"};

FileInfo info_of(const Layout& layout) {
  FileInfo info;
  info.format = layout.format;
  info.type = layout.type;
  info.stored_type = layout.stored_type;
  info.rows = layout.rows;
  info.columns = layout.columns;
  info.order = layout.coordinate ? Order::row_major : layout.order;
  info.coordinate = layout.coordinate;
  info.by_rows = !layout.coordinate && layout.symmetry == Layout::Symmetry::general;
  info.entries = layout.format == FileFormat::mtx ? layout.entries : layout.rows * layout.columns;
  info.symmetry = symmetries[static_cast<std::size_t>(layout.symmetry)];
  info.bytes = layout.format == FileFormat::hdf5 ? layout.end : std::max(layout.end, layout.begin);
  return info;
}

}  // namespace

std::string_view to_string(FileFormat format) {
  constexpr std::string_view names[] = {"npy", "csv", "mtx", "hdf5"};
  return names[static_cast<std::size_t>(format)];
}

namespace {
constexpr std::pair<std::string_view, FileFormat> extensions[] = {
    {".npy", FileFormat::npy}, {".csv", FileFormat::csv},   {".tsv", FileFormat::csv},
    {".txt", FileFormat::csv}, {".dat", FileFormat::csv},   {".mtx", FileFormat::mtx},
    {".h5", FileFormat::hdf5}, {".hdf5", FileFormat::hdf5}, {".hdf", FileFormat::hdf5}};
}

FileName split_dataset(std::string_view name) {
  for (const auto& [extension, format] : extensions) {
    if (format != FileFormat::hdf5) continue;
    const std::string mark = std::string(extension) + ":";
    if (const std::size_t at = name.rfind(mark); at != name.npos && at > 0)
      return {std::string(name.substr(0, at + mark.size() - 1)),
              std::string(name.substr(at + mark.size()))};
  }
  return {std::string(name), {}};
}

std::optional<FileFormat> format_of(std::string_view file) {
  const FileName name = split_dataset(file);
  for (const auto& [extension, format] : extensions)
    if (name.file.ends_with(extension)) return format;
  return std::nullopt;
}

std::size_t FileReader::State::grain(std::size_t lines, std::size_t line_bytes) const {
  const Layout& layout = task.layout;
  // Of text the bytes in the file count, which take the time.
  constexpr std::size_t text_bytes = 1 << 20, binary_bytes = 4 << 20;
  if (layout.text)
    return std::max<std::size_t>(
        1, lines * text_bytes / std::max<std::size_t>(1, layout.end - layout.begin));
  const std::size_t some =
      std::max<std::size_t>(1, binary_bytes / std::max<std::size_t>(1, line_bytes));
  return (some + layout.chunk_rows - 1) / layout.chunk_rows * layout.chunk_rows;
}

FileReader::FileReader(const PoolWith& on, FileSource source, const ReadOptions& options)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.name = source.name;
  const FileName name = split_dataset(source.name);
  s.task.open = source.open != nullptr ? source.open : open_by_name;
  s.task.number = source.number;
  if (name.file.size() >= sizeof s.task.name) throw file_error(s.name, "its name is too long");
  std::strcpy(s.task.name, name.file.c_str());
  Layout& layout = s.task.layout;
  if (name.dataset.size() >= sizeof layout.dataset)
    throw file_error(s.name, "the name of its dataset is too long");
  std::strcpy(layout.dataset, name.dataset.c_str());
  layout.format_known = options.format.has_value();
  layout.format = options.format.value_or(format_of(source.name).value_or(FileFormat::csv));
  layout.type_known = options.type.has_value();
  layout.type = options.type.value_or(ElementType::f8);
  layout.header = options.header;
  layout.delimiter = options.delimiter;

  {
    const auto task = s.share(on.pool, {});
    auto found = on.pool.array<Layout>(1);
    run_file_job(s.name, 1, 1, [&](std::size_t n) {
      for_each_slice(
          on, {.n = n},
          [](const Slice&, std::span<Layout> to, FileTasks tasks) {
            const InputFile file(open_input(tasks[0]));
            to[0] = tasks[0].layout;
            probe(file, to[0]);
          },
          out(found), whole(task));
    });
    layout = found[0];
    try {
      check(layout);
    } catch (const FileError& error) {
      throw file_error(s.name, error.what());
    }
  }

  const std::uint64_t text = layout.text ? layout.end - layout.begin : 0;
  const std::size_t chunks = (text + index_chunk - 1) / index_chunk;
  s.index = on.pool.array<std::uint64_t>(std::max<std::size_t>(1, chunks));
  if (chunks > 0) {
    const auto task = s.share(on.pool, {});
    constexpr std::size_t grain = 8;
    run_file_job(s.name, chunks, grain, [&](std::size_t n) {
      for_each_slice(
          on, {.n = n, .grain = grain},
          [](const Slice& slice, std::span<std::uint64_t> counts, FileTasks tasks) {
            const InputFile file(open_input(tasks[0]));
            for (std::size_t i = 0; i < counts.size(); ++i)
              counts[i] = count_lines(file, tasks[0].layout, slice.begin + i);
          },
          out(s.index.peek().part(0, 0, n)), whole(task));
    });
  }
  if (layout.text) {
    std::uint64_t lines = 0;
    for (std::uint64_t& count : s.index) count = lines += std::min(count, index_chunk);
    if (layout.format == FileFormat::csv) {
      layout.rows = layout.entries = lines;
    } else if (lines != layout.entries) {
      throw file_error(s.name, (lines < layout.entries ? "truncated: " : "") +
                                   std::string("its size line says ") +
                                   std::to_string(layout.entries) + " values, and it has " +
                                   std::to_string(lines));
    }
    try {
      check(layout);
    } catch (const FileError& error) {
      throw file_error(s.name, error.what());
    }
  }
  s.info = info_of(layout);
  if (layout.format == FileFormat::hdf5) s.info.dataset = layout.dataset;

  if (layout.header_bytes > 0) {
    const auto task = s.share(on.pool, {});
    const std::uint64_t bytes = std::min<std::uint64_t>(layout.header_bytes, longest_line);
    auto header = on.pool.array<char>(bytes);
    run_file_job(s.name, 1, 1, [&](std::size_t) {
      for_each_slice(
          on, {.n = bytes, .grain = bytes},
          [](const Slice&, std::span<char> to, FileTasks tasks) {
            const InputFile file(open_input(tasks[0]));
            file.read(tasks[0].layout.header_begin, to.data(), to.size());
          },
          out(header), whole(task));
    });
    s.info.names = split_header(std::string_view(header.data(), header.size()), layout.delimiter);
    // A comment need not be a list of names.
    if (s.info.names.size() != layout.columns && layout.rows > 0) s.info.names.clear();
    for (std::string& name_of_column : s.info.names)
      std::ranges::replace_if(
          name_of_column, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; },
          '?');
  }
}

FileReader::~FileReader() = default;
FileReader::FileReader(FileReader&&) noexcept = default;
FileReader& FileReader::operator=(FileReader&&) noexcept = default;

const FileInfo& FileReader::info() const {
  return state_->info;
}

void FileReader::read_as(ElementType type) {
  if (is_complex(state_->info.stored_type) && !is_complex(type))
    throw file_error(state_->name,
                     "holds complex numbers, which do not become " + std::string(to_string(type)));
  state_->task.layout.type = state_->info.type = type;
}

AnyMatrix FileReader::read(const PoolWith& on) const {
  return read(on, {0, state_->info.rows});
}

namespace {

void read_part(const FileTask& task, LineIndex index, const Slice& slice, std::byte* to) {
  const InputFile file(open_input(task));
  const std::size_t first = task.part.lines.begin;
  const FilePart part{{first + slice.begin, first + slice.end}, task.part.within};
  const Layout& layout = task.layout;
  switch (layout.format) {
    case FileFormat::npy:
      return read_npy(file, layout, part, to);
    case FileFormat::csv:
      return read_csv(file, layout, index, part, to);
    case FileFormat::hdf5:
      return read_hdf5(file, layout, part, to);
    case FileFormat::mtx: {
      // A column after the other, each from its first line.
      const std::size_t length = part.within.size(), bytes = length * size_of(layout.type);
      if (length == layout.rows)
        return read_mtx_values(file, layout, index,
                               {part.lines.begin * length, part.lines.end * length}, to);
      for (std::size_t c = part.lines.begin; c < part.lines.end; ++c, to += bytes) {
        const std::size_t line = c * layout.rows + part.within.begin;
        read_mtx_values(file, layout, index, {line, line + length}, to);
      }
    }
  }
}

// Values of a triangle, column after column, become a square matrix, which is column-major in `to`.
template <class T>
void unpack(Layout::Symmetry symmetry, std::size_t n, const T* packed, const Slice& s, T* to) {
  const bool skew = symmetry == Layout::Symmetry::skew;
  // Where the column would begin if it had all of its rows.
  const auto at = [=](std::size_t row, std::size_t column) {
    return skew ? column * (n - 1) - column * (column - 1) / 2 + row - column - 1
                : column * n - column * (column - 1) / 2 + row - column;
  };
  for (std::size_t c = s.begin; c < s.end; ++c, to += n)
    for (std::size_t r = 0; r < n; ++r) {
      if (skew && r == c)
        to[r] = T(0);
      else if (r >= c)
        to[r] = packed[at(r, c)];
      else if (skew)
        to[r] = negative(packed[at(c, r)]);
      else if constexpr (!std::is_arithmetic_v<T>)
        to[r] = symmetry == Layout::Symmetry::hermitian ? std::conj(packed[at(c, r)])
                                                        : packed[at(c, r)];
      else
        to[r] = packed[at(c, r)];
    }
}

}  // namespace

AnyMatrix FileReader::read(const PoolWith& on, Range rows) const {
  const State& s = *state_;
  const Layout& layout = s.task.layout;
  const bool all = rows.begin == 0 && rows.end == layout.rows;
  if (rows.begin > rows.end || rows.end > layout.rows || (!all && !s.info.by_rows))
    throw InvalidArgument("tine::matrix::FileReader: " + s.name + " has no rows " +
                          std::to_string(rows.begin) + " to " + std::to_string(rows.end) +
                          " that could be read by themselves");
  if (layout.coordinate) return dense(on, read_coordinates(on, *this));
  const bool by_columns = layout.order == Order::column_major;
  AnyMatrix result(on.pool, layout.type, rows.size(), layout.columns, layout.order);
  const View<std::byte, 2> bytes = result.bytes();
  if (bytes.empty()) return result;

  if (layout.symmetry != Layout::Symmetry::general) {
    auto packed = on.pool.array<std::byte>(layout.entries, size_of(layout.type));
    const auto task = s.share(on.pool, {});
    const std::size_t grain = s.grain(layout.entries, 0);
    if (layout.entries > 0)
      run_file_job(s.name, layout.entries, grain, [&](std::size_t n) {
        for_each_slice(
            on, {.n = n, .grain = grain},
            [](const Slice& slice, const View<std::byte, 2>& to, FileTasks tasks, LineIndex index) {
              const InputFile file(open_input(tasks[0]));
              read_mtx_values(file, tasks[0].layout, index, {slice.begin, slice.end}, to.data());
            },
            out(packed.peek().part(0, 0, n)), whole(task), whole(s.index));
      });
    for_each_slice(
        on, tine::rows(bytes),
        [](const Slice& slice, const View<std::byte, 2>& to, FileTasks tasks,
           const View<const std::byte, 2>& from) {
          const Layout& l = tasks[0].layout;
          with_element(l.type, [&]<class T>(std::type_identity<T>) {
            unpack(l.symmetry, l.rows, reinterpret_cast<const T*>(from.data()), slice,
                   reinterpret_cast<T*>(to.data()));
          });
        },
        out(bytes), whole(task), whole(packed));
    return result;
  }

  const FilePart part =
      by_columns ? FilePart{{0, layout.columns}, rows} : FilePart{rows, {0, layout.columns}};
  const auto task = s.share(on.pool, part);
  const std::size_t lines = bytes.extent(0);
  const std::size_t grain = s.grain(by_columns ? layout.columns : layout.rows, bytes.extent(1));
  run_file_job(s.name, lines, grain, [&](std::size_t n) {
    for_each_slice(
        on, {.n = n, .grain = grain},
        [](const Slice& slice, const View<std::byte, 2>& to, FileTasks tasks, LineIndex index) {
          read_part(tasks[0], index, slice, to.data());
        },
        out(bytes.part(0, 0, n)), whole(task), whole(s.index));
  });
  return result;
}

AnyMatrix read_file(const PoolWith& on, const std::string& name, const ReadOptions& options) {
  return FileReader(on, {.name = name}, options).read(on);
}

}  // namespace tine::matrix
